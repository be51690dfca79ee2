"""The page of a recovery request, at `/recovery/<reference>`: one page for each state of its case.

Who has the reference number reads where the request stands. Only the browser that the mailed code was entered in may act on it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, request

from portal.flows.base import recovery_cases as states
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import lapses_at
from portal.flows.recovery import requests
from portal.flows.recovery.waiting import waits_until
from portal.forms.base import ShapedForm
from portal.forms.recovery import MailedCodeForm
from portal.models import RecoveryCase, RecoveryTicket
from portal.references import format_reference
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.headers import hide_token
from portal.web.rendering import AT_EHR, EHR_BRAND, refuse_form, render_page
from portal.words.refusals import Refused

blueprint = Blueprint("recovery", __name__)
blueprint.after_request(hide_token)
TicketView = Callable[[RecoveryTicket], Response]
StateContext = Callable[[RecoveryTicket, RecoveryCase], dict[str, Any]]

# The template of each state for the browser that may act, in templates/recovery/.
PARTS = {
    states.PROVING: "proving",
    states.WAITING: "waiting",
    states.CHECKING: "checking",
    states.ANSWERING: "checking",
    states.DECIDING: "checking",
    states.READY: "ready",
    states.SETTING_UP: "ready",
}
OVER = "over"
# Parts that show no secret and take no proof. They outlive the day that the mailed code gives a browser, as the waiting time does.
LASTING = ("waiting", "ready")
# What the template of a part needs besides `case` and `reference`; the modules of this package add theirs.
MORE_FOR: dict[str, StateContext] = {}


@blueprint.before_request
def set_brand() -> None:
    """Who comes from the EHR keeps its brand."""
    if request.args.get("at") == AT_EHR:
        g.brand = EHR_BRAND


@blueprint.url_defaults
def keep_brand(endpoint: str, values: dict[str, Any]) -> None:
    if request and request.args.get("at") == AT_EHR:
        values.setdefault("at", AT_EHR)


def with_ticket(view: TicketView) -> Callable[[str], Response]:
    """For a view of a request: finds it, or answers 404 with the way to a new one."""

    @wraps(view)
    def shown(reference: str) -> Response:
        ticket = requests.find_ticket(request_context(), reference)
        return view(ticket) if ticket else render_page("recovery/unknown.html", 404)

    return shown


def with_case(view: Callable[[RecoveryTicket, RecoveryCase], Response]) -> Callable[[str], Response]:
    """For a view that acts on a case: only in the browser that the code was entered in; elsewhere it shows the page, status 403."""

    @with_ticket
    @wraps(view)
    def shown(ticket: RecoveryTicket) -> Response:
        case = requests.find_case(ticket)
        if case is None or not acts_here(request_context(), ticket, case):
            return show_ticket(ticket, 403)
        return view(ticket, case)

    return shown


def acts_here(context: RequestContext, ticket: RecoveryTicket, case: RecoveryCase) -> bool:
    """Whether this browser may act on the case in its state; the flows ask again."""
    lasts = PARTS.get(case.state) in LASTING and requests.was_confirmed_here(context, ticket)
    return lasts or requests.is_confirmed_here(context, ticket)


def show_ticket(ticket: RecoveryTicket, status: int = 200, **context: Any) -> Response:
    """The page of a request in the state that it is in."""
    template, shown = page_of(ticket)
    return render_page(template, status, **{"form": MailedCodeForm(), **shown, **context})


def refuse_ticket(
    ticket: RecoveryTicket, form: ShapedForm, refused: Refused | None = None, field: str = "", **context: Any
) -> Response:
    """The same page, status 422, with what is wrong: see `refuse_form`."""
    template, shown = page_of(ticket)
    own = shown.pop("form", () if "part" in shown else form)
    if type(own) is type(form):
        return refuse_form(template, form, refused, field, **shown, **context)
    # It was sent from a page that was open before the case moved on: the one that replaces it has no such field.
    reason = refused or Refused(str(next(iter(form.errors.values()))[0]))
    return refuse_form(template, own, reason, **shown, **context)


def page_of(ticket: RecoveryTicket) -> tuple[str, dict[str, Any]]:
    """Template and variables of a request's page for this browser."""
    context = request_context()
    case = requests.find_case(ticket)
    is_late, has_tries = requests.is_late(context, ticket), ticket.wrong_codes < config.RECOVERY_CODE_TRIES
    shown: dict[str, Any] = {
        "reference": format_reference(ticket.id),
        "is_late": is_late,
        "takes_code": has_tries and not is_late,
    }
    if case is None:
        return "recovery/asked.html", shown
    is_open = states.is_open(context, case)
    shown |= {"case": case, "is_open": is_open, "lapses_at": lapses_at(case)}
    if is_open and case.state == states.WAITING:
        shown["waits_until"] = waits_until(context, case)
    if not acts_here(context, ticket, case):
        return "recovery/status.html", shown
    part = PARTS[case.state] if is_open else OVER
    more = MORE_FOR[part](ticket, case) if part in MORE_FOR else {}
    return "recovery/case.html", {**shown, "part": part, **more}
