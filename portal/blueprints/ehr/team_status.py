"""Team Members > Security Status: who is protected how, as a page and as a file; reminders to those without."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal import spreadsheet
from portal.blueprints.shared.flash import make_mark, read_mark
from portal.flows.practice import reminders
from portal.flows.practice import team as flow
from portal.forms.practice import TeamForm
from portal.settings import config
from portal.web.browser_session import request_context, request_time
from portal.web.rendering import redirect_to_path, refuse_form, render_page
from portal.words.refusals import N_, Refused

blueprint = Blueprint("status", __name__)

ROLES = {"provider": N_("Provider"), "administrator": N_("Practice administrator")}
STATES = {"on": (N_("On"), "good"), "off": (N_("Off"), "warn"), "reset": (N_("Reset"), "bad")}
PAGE_MAX = 10_000
REMINDED = "reminded"
COLUMNS = (
    N_("Name"), N_("Role"), N_("Two-factor authentication"), N_("Method"), N_("Since (UTC)"), N_("Backup codes left"),
    N_("Sealed copy"), N_("Last sign-in (UTC)"), N_("Lock"), N_("Locked out if phone is lost"), N_("Last reminder (UTC)"),
)  # fmt: skip


# --- the list


def asked() -> tuple[TeamForm, flow.TeamFilter]:
    form = TeamForm(request.args)
    return form, flow.TeamFilter(**form.asked())


def place(form: TeamForm) -> dict[str, Any]:
    """What the address says of the list, for links that keep it; what is not asked is left out."""
    return {name: form[name].data for name in ("q", "state", "sort") if form[name].data != (form[name].default or "")}


def page_number() -> int:
    number = request.args.get("page", 1, type=int)
    return number if 1 <= number <= PAGE_MAX else 1


def context() -> dict[str, Any]:
    """What the page shows: the counts, the people asked for, and where one can go from here."""
    form, wanted = asked()
    status, where = flow.list_team(request_context(), wanted, page_number()), place(form)
    shown = {"team": status, "filters": form, "where": where, "roles": ROLES, "states": STATES}
    words = {"lock": lock_words, "without": status.total - status.counts["on"]}
    return {**shown, **words, "share": share(status), "kept": {**where, "page": status.number if status.number > 1 else None}}


def share(status: flow.Status) -> list[dict[str, Any]]:
    """The bar's parts, each with where it begins and how wide it is, in hundredths of the whole."""
    parts, at = [], 0.0
    for state in flow.STATES:
        width = 100 * status.counts[state] / status.total if status.total else 0.0
        parts.append({"state": state, "at": round(at, 3), "width": round(width, 3)})
        at += width
    return parts


def lock_words(member: flow.Member) -> str | None:
    """Why somebody cannot sign in at the moment, or None."""
    if member.is_stopped:
        return str(_("App blocked"))
    if member.codes_paused_until is None or not member.is_paused:
        return None
    return str(_("Paused until %(time)s UTC", time=f"{member.codes_paused_until:%H:%M}"))


@blueprint.get("")
def show() -> Response:
    return render_page("ehr/status.html", notice=said(), **context())


def said() -> str | None:
    """What the press before has done, by the signed mark in the address."""
    what, numbers = read_mark()
    if what != REMINDED:
        return None
    sent, left = numbers
    told = ngettext("A reminder is on its way to %(num)s person.", "Reminders are on their way to %(num)s people.", sent)
    more = ngettext(
        "%(num)s more person still needs one. Send again to reach them.",
        "%(num)s more people still need one. Send again to reach them.",
        left,
    )
    return f"{told} {more}" if left else told


# --- reminders


@blueprint.post("/<int:user_id>/reminder")
def remind(user_id: int) -> Response:
    try:
        if user_id > config.ROW_ID_MAX or not reminders.remind_member(request_context(), user_id):
            abort(404)
    except Refused as refused:
        return refuse_form("ehr/status.html", (), refused, **context())
    return back(1)


@blueprint.post("/reminders")
def remind_all() -> Response:
    try:
        sent, left = reminders.remind_all(request_context())
    except Refused as refused:
        return refuse_form("ehr/status.html", (), refused, **context())
    return back(sent, left)


def back(sent: int, left: int = 0) -> Response:
    """To the list as it was, which says how many were reminded."""
    number = page_number()
    where = {**place(asked()[0]), "page": number if number > 1 else None}
    return redirect_to_path(url_for(".show", **where, done=make_mark(REMINDED, sent, left)))


# --- the file


@blueprint.get("/export")
def export() -> Response:
    """Everyone who is asked for, as CSV, row by row as they are read."""
    wanted = asked()[1]
    practice = flow.begin_team_export(request_context(), wanted)
    rows = flow.export_team(request_context(), wanted)
    response = Response(stream_with_context(spreadsheet.lines(table(rows))), mimetype="text/csv")
    response.headers["Content-Disposition"] = file_name(practice)
    return response


def file_name(practice: str) -> str:
    """Date and practice, without a sign that a file system could mind; in plain letters, and in its own (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", practice).encode("ascii", "ignore").decode()
    words = [re.sub(r"\W+", "-", name.lower()).strip("-")[:80] for name in (plain, practice)]
    ascii_name, name = (
        "-".join(filter(None, ("security-status", each, f"{request_time():%Y-%m-%d}"))) + ".csv" for each in words
    )
    return f"attachment; filename={ascii_name}; filename*=UTF-8''{quote(name)}"


def table(rows: Iterator[flow.Member]) -> Iterator[tuple[str | int, ...]]:
    yield tuple(_(column) for column in COLUMNS)
    yes, no, given, missing = _("Yes"), _("No"), _("Handed over"), _("Not handed over")
    states, roles = {name: _(words[0]) for name, words in STATES.items()}, {name: _(words) for name, words in ROLES.items()}
    for each in rows:
        yield (
            each.full_name,
            roles[each.role],
            states[each.two_factor],
            ", ".join(_(label) for label in each.methods),
            moment(each.two_factor_since) if each.is_on else "",
            "" if each.codes_left is None else each.codes_left,
            "" if each.codes_left is None else given if each.sealed_copy_given_at else missing,
            moment(each.last_sign_in_at),
            lock_words(each) or no,
            (yes if each.is_at_risk else no) if each.is_on else "",
            moment(each.reminded_at),
        )


def moment(at: datetime | None) -> str:
    """A moment as spreadsheets sort it."""
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
