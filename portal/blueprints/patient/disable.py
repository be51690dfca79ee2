"""Disable: the patient portal's pages that turn two-factor authentication off. No other side has a route to them."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, request

from portal.answers import BACKUP_CODE
from portal.blueprints.account.confirm import code_hint
from portal.blueprints.shared.flash import redirect_and_say
from portal.blueprints.shared.guards import require_fresh_proof
from portal.blueprints.shared.pauses import pause_context, refuse_answer
from portal.blueprints.shared.questions import CODE, blank_form, question_context, submitted_form
from portal.blueprints.shared.sides import current_side
from portal.flows.base import throttle
from portal.flows.factors import holdings, reauthenticate, setup, turn_off
from portal.flows.factors.challenges import challenge_options
from portal.flows.factors.prompt import prompt_sign_in
from portal.flows.sign_in import sign_in
from portal.forms.codes import AnswerForm, ReauthenticationForm
from portal.forms.sign_in import NewPasswordForm, PasswordForm
from portal.web.browser_session import request_context
from portal.web.rendering import redirect_to_path, refuse_form, render_page
from portal.words.refusals import Refused

PAGE = "/account/security/disable"


def add_pages(blueprint: Blueprint) -> None:
    """Route the pages in the patient portal's blueprint, whose guard then covers them."""
    blueprint.add_url_rule(PAGE, "disable", show_disable)
    blueprint.add_url_rule(PAGE, "submit_disable", submit_disable, methods=["POST"])
    blueprint.add_url_rule(f"{PAGE}/send", "send_to_disable", send_to_disable, methods=["POST"])
    blueprint.add_url_rule(f"{PAGE}/keep", "keep_on", keep_on, methods=["POST"])
    blueprint.add_url_rule(f"{PAGE}/password", "replace_password", replace_password)
    blueprint.add_url_rule(f"{PAGE}/password", "submit_replace_password", submit_replace_password, methods=["POST"])


def redirect_unless_disable_allowed() -> Response | None:
    """None if the person may disable now. A session let in by a trusted browser needs a code first (C-7)."""
    user = request_context().user
    if not user.is_on or not current_side().policy.may_turn_off:
        return redirect_to_path(current_side().url("security"))
    return require_fresh_proof() if user.second_factor_at is None else None


def disable_context() -> dict[str, Any]:
    """What the form carries: a change of the factors, or "Keep it on", since it was opened ends it."""
    context = replace(request_context(), act=turn_off.ACT)
    here = current_side().url("disable", authenticator=CODE if request.args.get("authenticator") == CODE else None)
    asks_code = turn_off.asks_code(context)
    asked = challenge_options(context) if asks_code else []
    return {
        "generation": context.user.generation,
        "asked_at": context.now.timestamp(),
        "action": here,
        "asks_code": asks_code,
        "has_keys": holdings.has_keys(context.user.user_id),
        **({"focus": "password"} if asks_code else {}),  # with more to fill in, the summary alone would push it out of sight
        "has_field": True,
        **(question_context(asked) if asks_code else {}),
        "question_url": lambda authenticator: current_side().url("disable", authenticator=authenticator),
        "send_url": current_side().url("send_to_disable"),
        "hint": code_hint(asked),
        **pause_context(throttle.pause_left(context), here),
    }


def show_disable() -> Response:
    redirect = redirect_unless_disable_allowed()
    if redirect:
        return redirect
    context = disable_context()
    form = blank_form(context["asked"], ReauthenticationForm, PasswordForm) if context["asks_code"] else PasswordForm()
    return render_page("patient/disable.html", form=form, **context)


def submit_disable() -> Response:
    redirect = redirect_unless_disable_allowed()
    if redirect:
        return redirect
    context, asked_at = disable_context(), request.form.get("asked_at", 0.0, type=float)
    form = submitted_form(ReauthenticationForm, PasswordForm) if context["asks_code"] else PasswordForm(request.form)
    if not form.validate():
        return refuse_answer("patient/disable.html", form, None, "", **context)
    if request.form.get("generation", type=int) != request_context().user.generation:
        return refuse_form("patient/disable.html", form, Refused("changed_meanwhile"), **context)
    answer = form.answer if isinstance(form, AnswerForm) else None
    act_context = replace(request_context(), act=turn_off.ACT)
    try:
        is_off = turn_off.submit_turn_off(act_context, form.password.data, asked_at, answer)
    except Refused as refused:
        is_password = answer is None or refused.reason == reauthenticate.WRONG_PASSWORD
        pauses = answer is None or answer.kind != BACKUP_CODE  # which wait apart from the others
        field = "password" if is_password else form.question
        return refuse_answer("patient/disable.html", form, refused, field, pauses=pauses, **disable_context())
    except setup.StepNotDue:
        return redirect_to_path(current_side().url("disable"))
    return redirect_and_say("security", "off") if is_off else redirect_to_path(current_side().url("replace_password"))


def send_to_disable() -> Response:
    """Text a code that counts for this alone. A script gets what it hands to the browser."""
    redirect = redirect_unless_disable_allowed()
    if redirect:
        return redirect
    context = replace(request_context(), act=turn_off.ACT)
    prompt = prompt_sign_in(context, request.form.get("authenticator", ""))
    if prompt:
        return jsonify(prompt)
    try:
        sign_in.send_sign_in_code(context, request.form.get("authenticator", ""))
    except Refused as refused:
        return refuse_answer("patient/disable.html", ReauthenticationForm(), refused, "", **disable_context())
    return redirect_to_path(current_side().url("disable"))


def keep_on() -> Response:
    """ "Keep it on": leave either page and discard what was begun. Needs no proof."""
    turn_off.keep_on(request_context())
    return redirect_to_path(current_side().url("security"))


def redirect_unless_password_due() -> Response | None:
    """The same for the page that asks for a longer password: only after a correct password that is too short (PW-1)."""
    due = None if turn_off.awaits_password(request_context()) else redirect_to_path(current_side().url("disable"))
    return redirect_unless_disable_allowed() or due


def replace_password() -> Response:
    """A short password is enough with a second factor, not on its own (PW-1)."""
    return redirect_unless_password_due() or render_page("patient/replace_password.html", form=NewPasswordForm())


def submit_replace_password() -> Response:
    redirect = redirect_unless_password_due()
    if redirect:
        return redirect
    form = NewPasswordForm(request.form)
    if not form.validate():
        return refuse_form("patient/replace_password.html", form)
    try:
        turn_off.submit_longer(request_context(), form.new_password.data)
    except Refused as refused:
        return refuse_form("patient/replace_password.html", form, refused, "new_password")
    except setup.StepNotDue:
        return redirect_to_path(current_side().url("disable"))
    return redirect_and_say("security", "off")
