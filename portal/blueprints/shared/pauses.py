"""What a page shows in the place of its field when no code can be entered: a pause, or the button for another text."""

from typing import Any

from flask import Response
from markupsafe import Markup, escape
from wtforms import Form

from portal import send_limits
from portal.flows.factors.wrong_answers import describe_pause
from portal.web.browser_session import request_context
from portal.web.language import current_locale
from portal.web.rendering import refusal_sentence, refuse_form
from portal.words import times
from portal.words.refusals import Refused

# The ids of what stands there. Where several numbers can be texted, the button's goes on with the authenticator's.
PAUSE, SEND = "pause", "send"


def pause_context(seconds: int | str, again: str, with_codes: bool = False) -> dict[str, Any]:
    """The template's variables for a pause of that many seconds; `pause` is None if there is none.

    `again`: the page's address. `with_codes`: whether the page takes backup codes, which do not wait for six digits (RL-7).
    """
    pause = describe_pause(request_context(), int(seconds))
    kept = {"again": again, "with_codes": with_codes}
    if pause is None:
        return {"pause": None, **kept}
    refused = Refused("throttled_code" if with_codes and pause.codes_left else "throttled", wait=pause.seconds)
    return {"pause": pause, "pause_refused": refused, "pause_sentence": emphasize_wait(refused), **kept}


def emphasize_wait(refused: Refused) -> Markup:
    """The refusal's sentence with its wait in a <b>, which JavaScript counts down."""
    wait = times.duration(int(refused.facts["wait"]), current_locale())
    return Markup("<b>{}</b>").format(wait).join(map(escape, refusal_sentence(refused).split(wait)))


def refuse_answer(
    template: str, form: Form, refused: Refused | None, field: str, pauses: bool = True, **context: Any
) -> Response:
    """`refuse_form` for a page that asks for a code: beside the field, or beside what stands in its place.

    `refused` is None if the form's own errors say what is wrong. `pauses`: whether Refused("throttled") closes the page's field.
    """
    shown = context.get("pause")
    if refused and refused.reason == "throttled" and pauses and (shown is None or shown.seconds != refused.facts["wait"]):
        context |= pause_context(refused.facts["wait"], context["again"], context["with_codes"])
    if refused and not pauses:  # of a backup code, which the field still takes
        context |= {"pause": None, "has_field": True}
    if context.get("pause"):
        return refuse_form(template, type(form)(), context["pause_refused"], beside=PAUSE, **context)
    if refused and send_limits.is_wait(refused):
        return refuse_form(template, type(form)(), refused, beside=context["send_id"], **context)
    if not context.get("has_field", True):
        reasons = [str(each.errors[0]) for each in form if each.errors]
        context["tells_end"] = refused is not None  # of the code that was texted
        return refuse_form(template, type(form)(), refused or Refused(reasons[0]), beside=context["send_id"], **context)
    return refuse_form(template, form, refused, field if refused else "", **context)
