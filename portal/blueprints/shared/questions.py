"""The question on a page that asks for a second factor: the code field that methods share, or a method's own question."""

from typing import Any

from flask import request

from portal.blueprints.shared.pauses import SEND
from portal.flows.factors.challenges import ChallengeOption, challenge_options
from portal.forms.base import ShapedForm
from portal.forms.codes import AnswerForm
from portal.web.browser_session import request_context

CODE = "code"  # in the address: asks for the shared code field if a method's own question comes first


def requested_question() -> str:
    """The question that this form answers, or that the address asks for."""
    return request.form.get("authenticator", CODE) if request.method == "POST" else request.args.get("authenticator", "")


def asked_option(shown: list[ChallengeOption]) -> ChallengeOption | None:
    """The option whose question the page shows: the requested one, or the first."""
    others = [option for option in shown if not option.form] if requested_question() else shown
    return requested_option(shown) or next(iter(others), None)


def requested_option(shown: list[ChallengeOption]) -> ChallengeOption | None:
    """The requested option, if its method draws its own question."""
    return next((option for option in shown if option.form and option.authenticator_id == requested_question()), None)


def question_context(shown: list[ChallengeOption]) -> dict[str, Any]:
    """The template's variables for its question: the option asked, and the others it can be exchanged for."""
    asked = asked_option(shown)
    own = asked is not None and asked.form is not None
    others = [option for option in shown if option.form and option is not asked]
    senders = [option for option in shown if option.sends]
    can_enter = not shown or any(option.takes_code for option in shown if not option.form)
    return {
        "options": shown,
        "asked": asked,
        "is_own": own,
        "others": others,
        "has_codes": any(not option.form for option in shown),
        "has_field": own or can_enter or request.args.get("authenticator") == CODE,
        "waits": asked is None or not own or asked.can_be_guessed,  # whether a pause applies to the question
        "send_id": f"{SEND}-{senders[0].authenticator_id}" if senders else SEND,
    }


def form_type(own: type[AnswerForm] | None, shared: type[ShapedForm], *extra: type[ShapedForm]) -> type[ShapedForm]:
    """The form class of a question; `extra`: what the page asks in addition to a method's own question."""
    return shared if own is None else type("Question", (*extra, own), {})


def blank_form(asked: ChallengeOption | None, shared: type[ShapedForm], *extra: type[ShapedForm]) -> ShapedForm:
    """An empty form for the question that the page asks."""
    return form_type(asked.form if asked else None, shared, *extra)()


def submitted_form(shared: type[ShapedForm], *extra: type[ShapedForm]) -> ShapedForm:
    """The submitted form."""
    own = requested_option(challenge_options(request_context())) if "authenticator" in request.form else None
    return form_type(own.form if own else None, shared, *extra)(request.form)
