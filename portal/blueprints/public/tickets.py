"""Submit a ticket, My tickets: for everybody who is signed in with their code, before set-up too, as all of Help is.

Who is signed out meanwhile, or whose form has expired, gets the form back with what was typed.
"""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_wtf.csrf import CSRFError

from portal.blueprints.public.help import may_send_tickets, offered
from portal.blueprints.shared.flash import make_mark, read_flash, read_mark
from portal.blueprints.shared.guards import redirect_home, send_to_code
from portal.flows.tickets import own as flow
from portal.flows.tickets.conversation import CLOSED
from portal.forms.tickets import MessageForm, TicketForm
from portal.help import search
from portal.help.articles import Article
from portal.models import Ticket
from portal.settings import config
from portal.web.browser_session import request_context, session_user
from portal.web.errors import form_expired, record_expired
from portal.web.language import current_language
from portal.web.rendering import redirect_to_path, refuse_form, render_page, send_to_sign_in
from portal.words.refusals import Refused

blueprint = Blueprint("tickets", __name__, url_prefix="/help/tickets")
FORM, PAGE = "public/tickets/new.html", "public/tickets/ticket.html"
FORBIDDEN = 403
SENT = "ticket_sent"


@blueprint.url_value_preprocessor
def read_long_texts(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Read more than other forms need, so that a text that is far too long comes back with a sentence, and can be cut."""
    request.max_content_length = config.BODY_MAX_BYTES


@blueprint.before_request
def guard() -> Response | None:
    """Let in whoever has shown all that is due. Emergency access has its own wall."""
    user = session_user()
    if user is None:
        return give_back() or send_to_sign_in()
    if user.is_claimant:
        return send_to_code(user)
    return None if may_send_tickets() else redirect_home()


@blueprint.errorhandler(CSRFError)
def expired(error: CSRFError) -> Response:
    """Nothing that was typed is lost to a form that stayed open too long."""
    response = give_back()
    if response is None:
        return form_expired(error)
    record_expired()
    return response


def give_back() -> Response | None:
    """What was typed, in the form that it was typed into, status 403; None if nothing was, or in a ticket that isn't the visitor's.

    Whoever sent it may see it.
    """
    if not request.form.get("message"):
        return None
    number = (request.view_args or {}).get("number")
    form: MessageForm | TicketForm = MessageForm(request.form) if number else TicketForm(request.form)
    if not may_send_tickets():
        action = request.path if request.endpoint in ("tickets.submit", "tickets.reply") else url_for(".submit")
        response = refuse_form(FORM, form, Refused("ticket_signed_out"), action=action, about=asked_about())
    elif number:
        ticket = flow.find_own(request_context(), number)
        if ticket is None:
            return None
        response = refuse_on_page(ticket, MessageForm(request.form), Refused("ticket_expired"))
    else:
        response = refuse_form(FORM, form, Refused("ticket_expired"), action=url_for(".submit"), about=asked_about())
    response.status_code = FORBIDDEN
    return response


def asked_about() -> str:
    """The number of the closed ticket that a new one goes on with, as the form or the address has it."""
    return request.values.get("about", "")


def own_ticket(number: str) -> Ticket:
    """The visitor's ticket; 404 if there is none with that number, or if it is somebody else's."""
    return flow.find_own(request_context(), number) or abort(404)


# --- new


@blueprint.get("")
def listed() -> Response:
    """My tickets, newest first."""
    return render_page("public/tickets/list.html", tickets=flow.list_tickets(request_context(), request.args.get("before", "")))


@blueprint.get("/new")
def ask() -> Response:
    """Submit a ticket."""
    about = flow.read_ticket(request_context(), own_ticket(asked_about())) if asked_about() else None
    form = TicketForm(data={"subject": about.subject if about else ""})
    return render_page(FORM, form=form, action=url_for(".submit"), about=about.number if about else "")


@blueprint.post("/new")
def submit() -> Response:
    """Send the ticket; its page then shows articles that may help meanwhile."""
    about = own_ticket(asked_about()) if asked_about() else None
    form = TicketForm(request.form)
    shown: dict[str, Any] = {"action": url_for(".submit"), "about": asked_about()}
    if not form.validate():
        return refuse_form(FORM, form, **shown)
    try:
        number = flow.open_ticket(request_context(), form.subject.data, form.message.data, about)
    except Refused as refused:
        return refuse_form(FORM, form, refused, **shown)
    return back_to(number, SENT)


# --- one


@blueprint.get("/<number>")
def show(number: str) -> Response:
    """The conversation."""
    ticket = flow.read_ticket(request_context(), own_ticket(number))
    articles = list_articles(ticket.subject or "") if read_mark()[0] == SENT else ()
    return render_page(PAGE, ticket=ticket, form=MessageForm(), articles=articles, notice=read_flash())


def list_articles(subject: str) -> tuple[Article, ...]:
    """A few articles of Help that fit a subject."""
    return search.search(subject, current_language(), offered()).articles[: config.TICKET_ARTICLES]


@blueprint.post("/<number>")
def reply(number: str) -> Response:
    """Write one more message."""
    ticket, form = own_ticket(number), MessageForm(request.form)
    if not form.validate():
        return refuse_on_page(ticket, form)
    try:
        flow.reply(request_context(), ticket.id, form.message.data)
    except Refused as refused:
        return refuse_on_page(ticket, form, refused)
    return back_to(number, "ticket_replied")


@blueprint.post("/<number>/close")
def close(number: str) -> Response:
    flow.close(request_context(), own_ticket(number).id)
    return back_to(number, "ticket_closed")


def back_to(number: str, done: str) -> Response:
    """To the ticket's page, which says what was done."""
    return redirect_to_path(url_for(".show", number=number, done=make_mark(done)))


def refuse_on_page(ticket: Ticket, form: MessageForm, refused: Refused | None = None) -> Response:
    """The ticket's page with what was typed; if the ticket is closed by now, the form of a new one that goes on with it."""
    shown = flow.read_ticket(request_context(), flow.find_own(request_context(), ticket.id) or abort(404))
    if shown.state != CLOSED:
        return refuse_form(PAGE, form, refused, ticket=shown, articles=(), notice=None)
    new = TicketForm(data={"subject": shown.subject or "", "message": form.message.data})
    new.message.errors = form.message.errors
    return refuse_form(FORM, new, refused, action=url_for(".submit"), about=shown.number)
