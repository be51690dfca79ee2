"""A person asks support to check who they are, waits with the call-back words, and answers what support asks for."""

from typing import Any

from flask import Response, request

from portal.blueprints.recovery.ask import of
from portal.blueprints.recovery.frame import MORE_FOR, blueprint, refuse_ticket, with_case
from portal.blueprints.shared.unproven import validate_unproven
from portal.flows.recovery import identity
from portal.flows.recovery import support as flow
from portal.flows.recovery.notes import ANSWER, QUESTION, list_notes
from portal.forms.recovery import MailedCodeForm
from portal.forms.support import AnswerForm
from portal.models import RecoveryCase, RecoveryTicket
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to
from portal.words.refusals import Refused


@blueprint.post("/recovery/<reference>/support")
@with_case
def ask_support(ticket: RecoveryTicket, _case: RecoveryCase) -> Response:
    """ "Have support check who I am"."""
    try:
        flow.ask_support(request_context(), ticket)
    except Refused as refused:
        return refuse_ticket(ticket, MailedCodeForm(), refused)
    return redirect_to("recovery.show", **of(ticket))


@blueprint.post("/recovery/<reference>/answer")
@with_case
def answer(ticket: RecoveryTicket, case: RecoveryCase) -> Response:
    """Answer what support asked for."""
    form = AnswerForm(request.form)
    if not validate_unproven(form, "answer", "answer_text_secret", case.user_id):
        return refuse_ticket(ticket, form)
    try:
        flow.answer(request_context(), ticket, form.answer.data)
    except Refused as refused:
        return refuse_ticket(ticket, form, refused)
    return redirect_to("recovery.show", **of(ticket))


def checking_context(_ticket: RecoveryTicket, case: RecoveryCase) -> dict[str, Any]:
    """What the page shows while support has the case."""
    context = request_context()
    said, has_number = list_notes(context, case, QUESTION, ANSWER), identity.has_number(context, case.user_id)
    return {"words": flow.open_words(context, case), "said": said, "has_number": has_number, "form": AnswerForm()}


MORE_FOR["checking"] = checking_context
