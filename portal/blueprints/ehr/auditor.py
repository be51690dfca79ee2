"""Team Members > For your auditor: a signed folder about the practice, to download. Nested in the practice's blueprint."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import Blueprint, Response, current_app, request

from portal.blueprints.shared.guards import require_fresh_proof
from portal.blueprints.shared.kept_input import load_input
from portal.flows.auditor import collect, scope, trail
from portal.folder.archive import ZipStore
from portal.folder.make import Order, write_folder
from portal.folder.naming import folder_name
from portal.forms.auditor import FolderForm
from portal.settings import auditing
from portal.web.browser_session import request_context
from portal.web.language import current_language
from portal.web.rendering import refuse_form, render_page
from portal.words.refusals import Refused

blueprint = Blueprint("auditor", __name__)
making = threading.BoundedSemaphore(auditing.FOLDERS_AT_ONCE)
waiting = threading.Lock()  # of whoever waits for the one that is being made: a thread for each would leave none to sign in
BLOCK = 64 * 1024


def page_context() -> dict[str, Any]:
    return {"fingerprint": request_context().keys.signing_key().fingerprint, "years": auditing.FOLDER_YEARS}


@blueprint.get("")
def show() -> Response:
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    today = request_context().now.astimezone(request_context().place).date()
    first, last = scope.default_days(today)
    kept = load_input()
    days = {"first_day": kept.get("first_day", first.isoformat()), "last_day": kept.get("last_day", last.isoformat())}
    return render_page("ehr/auditor.html", form=FolderForm(data=days), **page_context())


@blueprint.post("")
def make() -> Response:
    """The folder as a ZIP file. Nothing is swapped: the form is a plain one, and the page stays."""
    step_up = require_fresh_proof()
    if step_up:
        return step_up
    form = FolderForm(request.form)
    form.today = request_context().now.astimezone(request_context().place).date()
    form.earliest = scope.earliest_day(form.today)
    if not form.validate() or form.first is None or form.last is None:
        return refuse_form("ehr/auditor.html", form, **page_context())
    try:
        with turn():
            return make_zip(own_scope(scope.Period(form.first, form.last, request_context().place)))
    except Refused as refused:
        return refuse_form("ehr/auditor.html", form, refused, **page_context())


@contextmanager
def turn() -> Iterator[None]:
    """Wait until this process may make a folder, which one may do at a time. Raises Refused("folder_busy")."""
    if not waiting.acquire(blocking=False):
        raise Refused("folder_busy")
    try:
        collect.end_reading()
        is_mine = making.acquire(timeout=auditing.FOLDER_WAIT_SECONDS)
    finally:
        waiting.release()
    if not is_mine:
        raise Refused("folder_busy")
    try:
        yield
    finally:
        making.release()


def own_scope(period: scope.Period) -> scope.Scope:
    """The visitor's practice; nothing in a request names one."""
    context = request_context()
    practice_id = context.user.practice_id
    if practice_id is None:
        raise LookupError("an administrator has a practice")
    name, _zone = scope.find_practice(practice_id)
    return scope.Scope(practice_id, name, period, context.now, context.policy)


def make_zip(asked: scope.Scope) -> Response:
    """Record that it is made, read everything, and write it: in memory, or in a temporary file if it is large."""
    context, keys = request_context(), request_context().keys
    collect.record_folder(context, asked)
    found = collect.collect(asked, current_app.extensions["settings"], keys)
    state = trail.read_trail(keys, context.now)
    name = folder_name(asked)
    made_by = f"{context.user.full_name} ({context.user.username})"
    file = SpooledTemporaryFile(auditing.FOLDER_IN_MEMORY)  # noqa: SIM115  # closed with the response
    store = ZipStore(file, name, asked.now.astimezone(asked.zone))
    write_folder(store, found, state, keys, Order(current_language(), made_by, context.now), lambda _name: None)
    store.close()
    response = Response(blocks(file), mimetype="application/zip")
    response.content_length = file.tell()
    file.seek(0)
    response.call_on_close(file.close)
    response.headers["Content-Disposition"] = f"attachment; filename={name}.zip"
    return response


def blocks(file: "SpooledTemporaryFile[bytes]") -> Iterator[bytes]:
    """The file's bytes; then it is closed, as it is where nobody reads to the end."""
    with file:
        while block := file.read(BLOCK):
            yield block
