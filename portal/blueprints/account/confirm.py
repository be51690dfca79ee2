"""Step-up: password and second factor again before a change ("Confirm it's you"). Nested in each side's blueprint."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext as _

from portal.answers import BACKUP_CODE
from portal.blueprints.shared.guards import refuse_text_if_not_offered
from portal.blueprints.shared.pauses import pause_context, refuse_answer
from portal.blueprints.shared.questions import CODE, blank_form, question_context, submitted_form
from portal.blueprints.shared.sides import current_side
from portal.flows.base import throttle
from portal.flows.factors import reauthenticate as flow
from portal.flows.factors.challenges import ChallengeOption, challenge_options, explain_switched_off
from portal.flows.factors.prompt import prompt_sign_in
from portal.flows.sign_in import sign_in
from portal.forms.codes import AnswerForm, ReauthenticationForm
from portal.forms.sign_in import PasswordForm
from portal.web.browser_session import request_context, safe_path
from portal.web.rendering import redirect_to_path, refusal_sentence, render_page, renew_session
from portal.words.refusals import Refused

blueprint = Blueprint("confirm", __name__)


@blueprint.get("")
def ask() -> Response:
    if request_context().user.is_fresh(request_context().now):
        return redirect_to_path(return_path())
    shown = page_context()
    return render_page("account/confirm.html", form=blank_form(shown["asked"], form_type(), PasswordForm), **shown)


@blueprint.post("")
def submit() -> Response:
    form = submitted_form(form_type(), PasswordForm)
    if not form.validate():
        return refuse_answer("account/confirm.html", form, None, "", focus="password", **page_context())
    answer = form.answer if isinstance(form, AnswerForm) else None
    try:
        token = flow.submit_reauthentication(request_context(), form.password.data, answer)
    except Refused as refused:
        field = "password" if refused.reason == flow.WRONG_PASSWORD or answer is None else form.question
        pauses = answer is None or answer.kind != BACKUP_CODE  # which wait apart from the others
        return refuse_answer("account/confirm.html", form, refused, field, pauses=pauses, focus="password", **page_context())
    renew_session(token)
    return redirect_to_path(return_path())


def form_type() -> type[PasswordForm]:
    return ReauthenticationForm if request_context().user.is_on else PasswordForm


def return_path() -> str:
    return safe_path(request.args.get("next")) or current_side().url("security")


def page_context() -> dict[str, Any]:
    policy, is_trusted = current_side().policy, request_context().user.is_trusted
    change = _("You're about to change something important, so we need to make sure it's you.")
    trusted = _(
        "You trust this browser, so we didn't ask for a code when you signed in. To see your security settings, you need one."
    )
    always = _("Every sign-in here needs a code, on any browser.")
    asked = challenge_options(request_context()) if request_context().user.is_on else []
    if any(option.form for option in asked):
        trusted = _("You trust this browser, so your password was enough. To see your security settings, confirm that it's you.")
    missing = explain_switched_off(request_context(), bool(asked)) if request_context().user.is_on else None
    asks_codes = CODE if request.args.get("authenticator") == CODE else None
    here = current_side().url("confirm.ask", next=safe_path(request.args.get("next")), authenticator=asks_codes)
    return {
        "action": here,
        **question_context(asked),
        **pause_context(throttle.pause_left(request_context()), here),
        "question_url": lambda authenticator: current_side().url(
            "confirm.ask", next=safe_path(request.args.get("next")), authenticator=authenticator
        ),
        "send_url": current_side().url("confirm.send", next=safe_path(request.args.get("next"))),
        "why": (trusted if policy.may_trust_browsers else always) if is_trusted else change,
        "cancel_url": current_side().url("account" if is_trusted and policy.may_trust_browsers else "security"),
        "switched_off": refusal_sentence(missing) if missing else None,
        "hint": code_hint(asked),
    }


def code_hint(asked: list[ChallengeOption]) -> str:
    if asked and all(option.form for option in asked):
        return str(_("Use one of your backup codes."))
    if any(option.sends for option in asked) or current_side().policy.accepts_restricted:
        return str(_("Use the code from your authenticator app or our newest text, or a backup code."))
    return str(_("Use the code from your authenticator app, or a backup code."))


@blueprint.post("/send")
def send() -> Response:
    """Text a code for this step-up. A script gets what it hands to the browser."""
    prompt = prompt_sign_in(request_context(), request.form.get("authenticator", ""))
    if prompt:
        return jsonify(prompt)
    refuse_text_if_not_offered()
    try:
        sign_in.send_sign_in_code(request_context(), request.form.get("authenticator", ""))
    except Refused as refused:
        return refuse_answer("account/confirm.html", form_type()(), refused, "", **page_context())
    return redirect_to_path(current_side().url("confirm.ask", next=safe_path(request.args.get("next"))))
