"""The question that stands on a page that asks for a second factor: the field that all codes share, or a method's own."""

from typing import Any

from flask import request

from portal.flows.factors.challenges import ChallengeOption, challenge_options
from portal.forms.base import ShapedForm
from portal.forms.codes import AnswerForm
from portal.web.browser_session import request_context

CODE = "code"  # in the address: the field that codes share, for somebody who is asked something else first


def wanted() -> str:
    """Which question this request is about: in a form the one that it answers, else the one that the address names."""
    return request.form.get("way", CODE) if request.method == "POST" else request.args.get("way", "")


def asked_of(shown: list[ChallengeOption]) -> ChallengeOption | None:
    """The way in whose question the page asks: the one wanted, or the first."""
    rest = [way for way in shown if not way.form] if wanted() else shown
    return own_question(shown) or next(iter(rest), None)


def own_question(shown: list[ChallengeOption]) -> ChallengeOption | None:
    """The way wanted, if its method draws a question of its own."""
    return next((way for way in shown if way.form and way.authenticator_id == wanted()), None)


def question_context(shown: list[ChallengeOption]) -> dict[str, Any]:
    """What a page needs for its question: the way that is asked, and whose question can be asked in its place."""
    asked = asked_of(shown)
    own = asked is not None and asked.form is not None
    others = [way for way in shown if way.form and way is not asked]
    return {"ways": shown, "asked": asked, "is_own": own, "others": others, "has_codes": any(not way.form for way in shown)}


def form_type(own: type[AnswerForm] | None, shared: type[ShapedForm], *beside: type[ShapedForm]) -> type[ShapedForm]:
    """The form of a question; `beside` is what the page asks with a method's own."""
    return shared if own is None else type("Question", (*beside, own), {})


def blank(asked: ChallengeOption | None, shared: type[ShapedForm], *beside: type[ShapedForm]) -> ShapedForm:
    """The empty form of the question that a page asks."""
    return form_type(asked.form if asked else None, shared, *beside)()


def taken(shared: type[ShapedForm], *beside: type[ShapedForm]) -> ShapedForm:
    """The form that was sent."""
    own = own_question(challenge_options(request_context())) if "way" in request.form else None
    return form_type(own.form if own else None, shared, *beside)(request.form)
