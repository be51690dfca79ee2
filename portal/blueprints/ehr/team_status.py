"""Team Members > Security Status: each member's two-factor status as a page and as CSV, and set-up reminders."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, request, stream_with_context, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from portal import spreadsheet
from portal.blueprints.shared.flash import make_mark, read_mark
from portal.flows.practice import reminders
from portal.flows.practice import team as flow
from portal.flows.practice.member import Member
from portal.forms.practice import TeamForm
from portal.settings import config
from portal.web.browser_session import request_context, request_time
from portal.web.rendering import fill_in, redirect_to_path, refuse_form, render_page
from portal.web.rendering import translate_plural as ngettext
from portal.web.times import until_element
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


def requested_filter() -> tuple[TeamForm, flow.TeamFilter]:
    form = TeamForm(request.args)
    return form, flow.TeamFilter(**form.asked())


def filter_query(form: TeamForm) -> dict[str, Any]:
    """The filter as query parameters, for links that keep it; defaults are left out."""
    return {name: form[name].data for name in ("q", "state", "sort") if form[name].data != (form[name].default or "")}


def page_number() -> int:
    number = request.args.get("page", 1, type=int)
    return number if 1 <= number <= PAGE_MAX else 1


def page_context() -> dict[str, Any]:
    """The template's variables: counts, the requested page of members, and the filter for its links."""
    form, wanted = requested_filter()
    status, where = flow.list_team(request_context(), wanted, page_number()), filter_query(form)
    shown = {"team": status, "filters": form, "where": where, "roles": ROLES, "states": STATES}
    words = {"lock": lambda member: describe_lock(member, until_element), "without": status.total - status.counts["on"]}
    return {
        **shown,
        **words,
        "share": bar_segments(status),
        "kept": {**where, "page": status.number if status.number > 1 else None},
    }


def bar_segments(status: flow.Status) -> list[dict[str, Any]]:
    """The segments of the status bar: start and width of each, in percent."""
    parts, at = [], 0.0
    for state in flow.STATES:
        width = 100 * status.counts[state] / status.total if status.total else 0.0
        parts.append({"state": state, "at": round(at, 3), "width": round(width, 3)})
        at += width
    return parts


def describe_lock(member: Member, write_time: Callable[[datetime], str]) -> str | None:
    """Why a member can't sign in right now, everywhere or in new browsers, or None. `write_time` writes when a pause ends."""
    if member.is_stopped and member.on_hold:
        return str(_("Phone lost"))
    if member.is_stopped:
        return str(_("App blocked"))
    if member.is_blocked:
        return str(_("App blocked in new browsers"))
    if member.codes_paused_until is None or not member.is_paused:
        return None
    words, until = _("Paused until %(time)s"), write_time(member.codes_paused_until)
    return fill_in(words, {"time": until}) if isinstance(until, Markup) else words % {"time": until}


@blueprint.get("")
def show() -> Response:
    return render_page("ehr/status.html", notice=reminder_notice(), **page_context())


def reminder_notice() -> str | None:
    """The flash message after reminders were sent, from the signed mark in the address."""
    what, numbers = read_mark()
    if what != REMINDED:
        return None
    sent, left = numbers
    sent_text = ngettext("A reminder is on its way to %(num)s person.", "Reminders are on their way to %(num)s people.", sent)
    left_text = ngettext(
        "%(num)s more person still needs one. Send again to reach them.",
        "%(num)s more people still need one. Send again to reach them.",
        left,
    )
    return Markup(" ").join((sent_text, left_text)) if left else sent_text


# --- reminders


@blueprint.post("/<int:user_id>/reminder")
def remind(user_id: int) -> Response:
    try:
        if user_id > config.ROW_ID_MAX or not reminders.remind_member(request_context(), user_id):
            abort(404)
    except Refused as refused:
        return refuse_form("ehr/status.html", (), refused, **page_context())
    return redirect_to_list(1)


@blueprint.post("/reminders")
def remind_all() -> Response:
    try:
        sent, left = reminders.remind_all(request_context())
    except Refused as refused:
        return refuse_form("ehr/status.html", (), refused, **page_context())
    return redirect_to_list(sent, left)


def redirect_to_list(sent: int, left: int = 0) -> Response:
    """Redirect to the list with its filter and page; a flash message says how many were reminded."""
    number = page_number()
    where = {**filter_query(requested_filter()[0]), "page": number if number > 1 else None}
    return redirect_to_path(url_for(".show", **where, done=make_mark(REMINDED, sent, left)))


# --- the file


@blueprint.get("/export")
def export() -> Response:
    """All members that match the filter, streamed as CSV."""
    wanted = requested_filter()[1]
    practice = flow.begin_team_export(request_context(), wanted)
    rows = flow.export_team(request_context(), wanted)
    response = Response(stream_with_context(spreadsheet.lines(csv_rows(rows))), mimetype="text/csv")
    response.headers["Content-Disposition"] = file_name(practice)
    return response


def file_name(practice: str) -> str:
    """Content-Disposition with practice and date in the file name: an ASCII name, and the practice's own letters (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", practice).encode("ascii", "ignore").decode()
    words = [re.sub(r"\W+", "-", name.lower()).strip("-")[:80] for name in (plain, practice)]
    ascii_name, name = (
        "-".join(filter(None, ("security-status", each, f"{request_time():%Y-%m-%d}"))) + ".csv" for each in words
    )
    return f"attachment; filename={ascii_name}; filename*=UTF-8''{quote(name)}"


def csv_rows(rows: Iterator[Member]) -> Iterator[tuple[str | int, ...]]:
    yield tuple(_(column) for column in COLUMNS)
    yes, no, given, missing = _("Yes"), _("No"), _("Handed over"), _("Not handed over")
    states, roles = {name: _(words[0]) for name, words in STATES.items()}, {name: _(words) for name, words in ROLES.items()}
    for each in rows:
        yield (
            each.full_name,
            roles[each.role],
            states[each.two_factor],
            ", ".join(_(label) for label in each.methods),
            format_time(each.two_factor_since) if each.is_on else "",
            "" if each.codes_left is None else each.codes_left,
            "" if each.codes_left is None else given if each.sealed_copy_given_at else missing,
            format_time(each.last_sign_in_at),
            describe_lock(each, lambda at: f"{format_time(at)} UTC") or no,
            (yes if each.is_at_risk else no) if each.is_on else "",
            format_time(each.reminded_at),
        )


def format_time(at: datetime | None) -> str:
    """A time in the format that spreadsheets sort correctly."""
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
