"""Contact Support for people who cannot sign in: the request, its status, and the code that its email brought (RC-1, EN-3)."""

from typing import Any

from flask import Response, request

from portal.blueprints.recovery.frame import blueprint, refuse_ticket, show_ticket, with_ticket
from portal.flows.recovery import ask as flow
from portal.flows.recovery import confirm as confirm_flow
from portal.flows.recovery import requests
from portal.forms.recovery import MailedCodeForm, RecoveryForm, ReferenceForm
from portal.models import RecoveryTicket
from portal.references import format_reference
from portal.web.browser_session import give_browser_token, request_context, session_user
from portal.web.rendering import redirect_to, refuse_form, render_page
from portal.words.refusals import Refused

SECRET = "story_secret"  # noqa: S105 (a name in a session)
FORM, FINDER = "recovery/ask.html", "recovery/find.html"


@blueprint.get("/contact-support")
def ask() -> Response:
    """For strangers and claimants; who is signed in needs no recovery, and gets the page with support's contact."""
    user = session_user()
    if user and not user.owes_code:
        return redirect_to("help.contact")
    return render_page(FORM, form=RecoveryForm())


@blueprint.post("/contact-support")
def submit_ask() -> Response:
    """The same answer for every address."""
    form = RecoveryForm(request.form)
    if not form.validate():
        if form.errors == {"story": [SECRET]}:
            flow.spend_shown(request_context(), form.email.data, form.practice.data, form.story.data)
        return refuse_form(FORM, form)
    try:
        ticket_id = flow.ask_recovery(request_context(), form.email.data, form.practice.data, form.story.data)
    except Refused as refused:
        return refuse_form(FORM, form, refused, "story" if refused.reason == SECRET else "")
    return redirect_to("recovery.show", reference=format_reference(ticket_id))


@blueprint.get("/recovery")
def find() -> Response:
    """The way back to a request's page with the number that somebody wrote down."""
    form = ReferenceForm(request.args)
    if form.reference.data is None:
        return render_page(FINDER, form=form)
    ticket = requests.find_ticket(request_context(), form.reference.data)
    return (
        redirect_to("recovery.show", **of(ticket))
        if ticket
        else refuse_form(FINDER, form, Refused("recovery_unknown"), "reference")
    )


@blueprint.get("/recovery/<reference>")
@with_ticket
def show(ticket: RecoveryTicket) -> Response:
    return show_ticket(ticket, is_sent="sent" in request.args)


@blueprint.post("/recovery/<reference>")
@with_ticket
def confirm(ticket: RecoveryTicket) -> Response:
    """Take the code from the email."""
    form = MailedCodeForm(request.form)
    if not form.validate():
        return refuse_ticket(ticket, form)
    give_browser_token()
    try:
        confirm_flow.confirm_code(request_context(), ticket.id, form.code.data)
    except Refused as refused:
        return refuse_ticket(ticket, MailedCodeForm(), refused, "code" if refused.reason == "recovery_code_wrong" else "")
    return redirect_to("recovery.show", **of(ticket))


@blueprint.post("/recovery/<reference>/email")
@with_ticket
def mail_again(ticket: RecoveryTicket) -> Response:
    """ "Send the email again"."""
    try:
        flow.mail_code_again(request_context(), ticket.id)
    except Refused as refused:
        return refuse_ticket(ticket, MailedCodeForm(), refused)
    return redirect_to("recovery.show", sent=1, **of(ticket))


def of(ticket: RecoveryTicket) -> dict[str, Any]:
    """The part of an address that names the request."""
    return {"reference": format_reference(ticket.id)}
