"""Step-up: password and second factor again before a change ("Confirm it's you"). Nested in each side's blueprint.

For an act that needs a proof of its own, the address names it, and the page says what is about to happen.
"""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, request

from portal.answers import BACKUP_CODE
from portal.blueprints.account.acts import describe_act, requested_act
from portal.blueprints.shared.guards import refuse_text_if_not_offered
from portal.blueprints.shared.pauses import pause_context, refuse_answer
from portal.blueprints.shared.questions import CODE, blank_form, question_context, submitted_form
from portal.blueprints.shared.sides import current_side
from portal.flows.base import act_proofs, throttle
from portal.flows.base.context import RequestContext
from portal.flows.factors import reauthenticate as flow
from portal.flows.factors.challenges import ChallengeOption, challenge_options, explain_switched_off
from portal.flows.factors.prompt import prompt_sign_in
from portal.flows.sign_in import sign_in
from portal.forms.codes import AnswerForm, ReauthenticationForm
from portal.forms.sign_in import PasswordForm
from portal.web.browser_session import request_context, safe_path
from portal.web.rendering import redirect_to_path, refusal_sentence, render_page, renew_session
from portal.web.rendering import translate as _
from portal.words.refusals import Refused

blueprint = Blueprint("confirm", __name__)


def act_context() -> RequestContext:
    """This request, with the act that the address names, if any."""
    return replace(request_context(), act=requested_act())


def redirect_unless_due(context: RequestContext) -> Response | None:
    """None if there is something to confirm: an act that is the visitor's to do."""
    if context.act and (act_proofs.has_proof(context, context.act) or describe_act(context, context.act) is None):
        return redirect_to_path(return_path())
    return None


@blueprint.get("")
def ask() -> Response:
    context = act_context()
    if not context.act and context.user.is_fresh(context.now):
        return redirect_to_path(return_path())
    elsewhere = redirect_unless_due(context)
    if elsewhere:
        return elsewhere
    shown = page_context(context)
    return render_page("account/confirm.html", form=blank_form(shown["asked"], form_type(), PasswordForm), **shown)


@blueprint.post("")
def submit() -> Response:
    context = act_context()
    elsewhere = redirect_unless_due(context)
    if elsewhere:
        return elsewhere
    form = submitted_form(form_type(), PasswordForm)
    if not form.validate():
        return refuse_answer("account/confirm.html", form, None, "", focus="password", **page_context(context))
    answer = form.answer if isinstance(form, AnswerForm) else None
    try:
        token = flow.submit_reauthentication(context, form.password.data, answer)
    except Refused as refused:
        field = "password" if refused.reason == flow.WRONG_PASSWORD or answer is None else form.question
        pauses = answer is None or answer.kind != BACKUP_CODE  # which wait apart from the others
        shown = page_context(context)
        return refuse_answer("account/confirm.html", form, refused, field, pauses=pauses, focus="password", **shown)
    renew_session(token)
    return redirect_to_path(return_path())


def form_type() -> type[PasswordForm]:
    return ReauthenticationForm if request_context().user.is_on else PasswordForm


def return_path() -> str:
    return safe_path(request.args.get("next")) or current_side().url("security")


def own_url(page: str, context: RequestContext, **values: str | None) -> str:
    """The address of this page, or of another of this blueprint's, for the same act and the same way back."""
    act = {"act": context.act.name, "target": context.act.target} if context.act else {}
    return current_side().url(f"confirm.{page}", **act, next=safe_path(request.args.get("next")), **values)


def explain(context: RequestContext, asked: list[ChallengeOption]) -> str:
    """Why the page asks."""
    if not context.user.is_trusted:
        return _("You're about to change something important, so we need to make sure it's you.")
    if not current_side().policy.may_trust_browsers:
        return _("Every sign-in here needs a code, on any browser.")
    if any(option.form for option in asked):
        return _("You trust this browser, so your password was enough. To see your security settings, confirm that it's you.")
    return _(
        "You trust this browser, so we didn't ask for a code when you signed in. To see your security settings, you need one."
    )


def page_context(context: RequestContext) -> dict[str, Any]:
    user, policy = context.user, current_side().policy
    asked = challenge_options(context) if user.is_on else []
    missing = explain_switched_off(context, bool(asked)) if user.is_on else None
    here = own_url("ask", context, authenticator=CODE if request.args.get("authenticator") == CODE else None)
    return {
        "action": here,
        **question_context(asked),
        **pause_context(throttle.pause_left(context), here),
        "question_url": lambda authenticator: own_url("ask", context, authenticator=authenticator),
        "send_url": own_url("send", context),
        "why": explain(context, asked),
        "act": describe_act(context, context.act) if context.act and not user.is_trusted else None,
        "cancel_url": current_side().url("account" if user.is_trusted and policy.may_trust_browsers else "security"),
        "switched_off": refusal_sentence(missing) if missing else None,
        "hint": code_hint(asked),
    }


def code_hint(asked: list[ChallengeOption]) -> str:
    if asked and all(option.form for option in asked):
        return _("Use one of your backup codes.")
    if any(option.sends for option in asked) or current_side().policy.accepts_restricted:
        return _("Use the code from your authenticator app or our newest text, or a backup code.")
    return _("Use the code from your authenticator app, or a backup code.")


@blueprint.post("/send")
def send() -> Response:
    """Text a code for this step-up. A script gets what it hands to the browser."""
    context = act_context()
    elsewhere = redirect_unless_due(context)
    if elsewhere:
        return elsewhere
    prompt = prompt_sign_in(context, request.form.get("authenticator", ""))
    if prompt:
        return jsonify(prompt)
    refuse_text_if_not_offered()
    try:
        sign_in.send_sign_in_code(context, request.form.get("authenticator", ""))
    except Refused as refused:
        return refuse_answer("account/confirm.html", form_type()(), refused, "", **page_context(context))
    return redirect_to_path(own_url("ask", context))
