"""Recovery requests: the queue, the page of one case, and what an agent does there. Nested in the support console."""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from portal.blueprints.shared.flash import make_mark, read_flash
from portal.blueprints.support.words import ROLES, STATES
from portal.flows.factors.shared_secrets import refuse_secrets
from portal.flows.recovery import case as flow
from portal.flows.recovery import notes
from portal.flows.recovery.case_page import CaseView, describe_case
from portal.flows.recovery.identity import SECOND_REASONS
from portal.flows.recovery.queue import list_queue
from portal.forms.support import CaseNoteForm, ChecksForm
from portal.models import RecoveryCase
from portal.references import format_reference
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page
from portal.web.rendering import translate as _
from portal.words.refusals import Refused

blueprint = Blueprint("cases", __name__)
PAGE_MAX = 1000


@blueprint.get("")
def queue() -> Response:
    """The open recovery requests, overdue on top; they name nobody."""
    number = max(1, min(request.args.get("page", 1, type=int), PAGE_MAX))
    found = list_queue(request_context(), number)
    return render_page(
        "support/queue.html", queue=found, roles=ROLES, states=STATES, reference=format_reference, notice=read_flash()
    )


def open_case(case_id: str) -> RecoveryCase:
    """The case; 404 if there is none, or if it is the agent's own."""
    return flow.find_case(request_context(), case_id) or abort(404)


def page_context(case: RecoveryCase) -> dict[str, Any]:
    shown = describe_case(request_context(), case)
    return {
        "case": shown,
        "second": _(SECOND_REASONS[shown.second]) if shown.second else "",
        "worth_due": config.IDENTITY_WORTH,
        "roles": ROLES,
        "states": STATES,
        "reference": format_reference,
    }


def checks_form(shown: CaseView) -> ChecksForm:
    form = ChecksForm(data={"checks": shown.checks})
    form.checks.choices = [(proof.key, _(proof.label)) for proof in shown.proofs if not proof.why_not]
    return form


@blueprint.get("/recovery/<case_id>")
def show(case_id: str) -> Response:
    """One case. The look is recorded, and the account's owner can read of it (decision 10)."""
    case = open_case(case_id)
    flow.record_look(request_context(), case)
    context = page_context(case)
    forms = {"checks": checks_form(context["case"]), "form": CaseNoteForm()}
    return render_page("support/case.html", notice=read_flash(), **forms, **context)


def back_to(case_id: str, done: str) -> Response:
    """To the case's page, which says what was done."""
    return redirect_to_path(url_for("support.cases.show", case_id=case_id, done=make_mark(done)))


def refuse_on_page(case_id: str, form: CaseNoteForm, refused: Refused | None = None) -> Response:
    context = page_context(open_case(case_id))
    return refuse_form("support/case.html", form, refused, notice=None, checks=checks_form(context["case"]), **context)


@blueprint.post("/recovery/<case_id>/take")
def take(case_id: str) -> Response:
    """Take the case, or take it over from the agent whom the page showed."""
    open_case(case_id)
    seen = request.form.get("seen", flow.NOBODY, type=int)
    try:
        flow.take_case(request_context(), case_id, seen if 0 <= seen <= config.ROW_ID_MAX else flow.NOBODY)
    except Refused as refused:
        return refuse_on_page(case_id, CaseNoteForm(), refused)
    return back_to(case_id, "case_taken")


@blueprint.post("/recovery/<case_id>/checks")
def save_checks(case_id: str) -> Response:
    """Keep the checklist as it is now."""
    open_case(case_id)
    try:
        flow.save_checks(request_context(), case_id, request.form.getlist("checks"))
    except Refused as refused:
        return refuse_on_page(case_id, CaseNoteForm(), refused)
    return back_to(case_id, "case_checks")


@blueprint.post("/recovery/<case_id>/notes")
def write_note(case_id: str) -> Response:
    """Add a note, which every agent reads."""
    owner_id, form = open_case(case_id).user_id, CaseNoteForm(request.form)
    if not form.validate():
        return refuse_on_page(case_id, form)
    try:
        refuse_secrets(request_context(), {"note": form.note.data}, owner_id)
        notes.write_note(request_context(), case_id, form.note.data)
    except Refused as refused:
        return refuse_on_page(case_id, form, refused)
    return back_to(case_id, "case_noted")
