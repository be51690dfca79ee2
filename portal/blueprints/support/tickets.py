"""Tickets: the queue, the page of one, and what an agent does there. Nested in the support console."""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from portal.blueprints.shared.flash import make_mark, read_flash
from portal.blueprints.support.words import ROLES, TICKET_STATES
from portal.flows.tickets import desk as flow
from portal.forms.tickets import TicketAnswerForm, TicketNumberForm
from portal.models import Ticket
from portal.settings import config
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page
from portal.words.refusals import Refused

blueprint = Blueprint("tickets", __name__)


@blueprint.get("")
def queue() -> Response:
    """The tickets that wait for an answer, or the one with the number that somebody read out."""
    form, context = TicketNumberForm(request.args), request_context()
    shown: dict[str, Any] = {
        "queue": flow.list_queue(context, request.args.get("after", "")),
        "roles": ROLES,
        "notice": read_flash(),
    }
    typed = (form.number.data or "").strip()
    if not typed:
        return render_page("support/tickets.html", form=form, **shown)
    found = flow.find_ticket(context, typed)
    if found is None:
        return refuse_form("support/tickets.html", form, Refused("ticket_unknown"), "number", **shown)
    return redirect_to_path(url_for(".show", number=found.id))


def ticket_at(number: str) -> Ticket:
    """The ticket; 404 if there is none, or if it is the agent's own."""
    return flow.find_ticket(request_context(), number) or abort(404)


@blueprint.get("/<number>")
def show(number: str) -> Response:
    ticket = flow.describe_ticket(request_context(), ticket_at(number))
    return render_page("support/ticket.html", ticket=ticket, form=TicketAnswerForm(), notice=read_flash(), **words())


def words() -> dict[str, Any]:
    return {"roles": ROLES, "states": TICKET_STATES}


@blueprint.post("/<number>")
def answer(number: str) -> Response:
    """Answer, as plain text."""
    ticket, form = ticket_at(number), TicketAnswerForm(request.form)
    if not form.validate():
        return refuse_on_page(number, form)
    try:
        flow.answer(request_context(), ticket.id, ticket.user_id, form.answer.data, sent_number("read"))
    except Refused as refused:
        return refuse_on_page(number, form, refused)
    return back_to(number, "ticket_answered")


@blueprint.post("/<number>/take")
def take(number: str) -> Response:
    """Take the ticket, or take it over from the agent whom the page showed."""
    try:
        flow.take(request_context(), ticket_at(number).id, sent_number("seen"))
    except Refused as refused:
        return refuse_on_page(number, TicketAnswerForm(), refused)
    return back_to(number, "ticket_taken")


@blueprint.post("/<number>/close")
def close(number: str) -> Response:
    try:
        flow.close(request_context(), ticket_at(number).id, sent_number("read"))
    except Refused as refused:
        return refuse_on_page(number, TicketAnswerForm(), refused)
    return back_to(number, "ticket_over")


def sent_number(field: str) -> int:
    """What the page had in a hidden field: `seen`, an agent's id; `read`, the number of the last message. 0 (NOBODY) for anything else."""
    sent = request.form.get(field, 0, type=int)
    return sent if 0 <= sent <= config.ROW_ID_MAX else 0


def back_to(number: str, done: str) -> Response:
    """To the ticket's page, which says what was done."""
    return redirect_to_path(url_for(".show", number=number, done=make_mark(done)))


def refuse_on_page(number: str, form: TicketAnswerForm, refused: Refused | None = None) -> Response:
    ticket = flow.describe_ticket(request_context(), ticket_at(number))
    return refuse_form("support/ticket.html", form, refused, ticket=ticket, notice=None, **words())
