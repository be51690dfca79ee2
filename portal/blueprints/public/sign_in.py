"""Sign-in: password, verification code, "Can't access your code?", sign-out."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, jsonify, request, url_for

from portal.answers import BACKUP_CODE
from portal.blueprints.public.code_page import backup_context, code_context, help_context
from portal.blueprints.public.finish import open_session, redirect_after_sign_in
from portal.blueprints.shared.guards import refuse_text_if_not_offered
from portal.blueprints.shared.pauses import refuse_answer
from portal.blueprints.shared.questions import blank_form, submitted_form
from portal.flows.factors.prompt import prompt_sign_in
from portal.flows.sessions import sessions
from portal.flows.sign_in import sign_in as flow
from portal.forms.codes import AnswerForm, BackupCodeForm, ChallengeForm
from portal.forms.sign_in import SignInForm
from portal.passwords import HashingBusy
from portal.web.browser_session import (
    ended_session,
    give_browser_token,
    request_context,
    request_time,
    safe_path,
    seconds_left,
    session_user,
)
from portal.web.errors import BUSY_SECONDS
from portal.web.rendering import (
    AT_EHR,
    AT_SUPPORT,
    EHR_BRAND,
    home_endpoint,
    redirect_to,
    refuse_form,
    render_page,
    renew_session,
    send_to_sign_in,
    signed_out,
)
from portal.web.rendering import translate as _
from portal.words.endings import NOTICES
from portal.words.refusals import Refused

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/")
def open_patient_portal() -> Response:
    """The patient portal's address."""
    return redirect_to("sign_in.ask_password")


@blueprint.get("/ehr")
def open_ehr() -> Response:
    """The EHR's address: the same sign-in page, and each account lands on its own home page."""
    return redirect_to("sign_in.ask_password", at=AT_EHR)


@blueprint.before_request
def set_brand() -> None:
    """The sign-in page shows the brand of the side that the person came from."""
    if side_mark() == AT_EHR:
        g.brand = EHR_BRAND


def side_mark() -> str | None:
    """The side that the person came from, by `at` in the address or the page to return to; None for patients."""
    if "side_mark" not in g:
        at, next_path = request.args.get("at"), safe_path(request.args.get("next")) or ""
        g.side_mark = next((mark for mark in (AT_EHR, AT_SUPPORT) if at == mark or f"{next_path}/".startswith(f"/{mark}/")), None)
    found: str | None = g.side_mark
    return found


def invitation() -> str:
    """What people sign in for, on the side that they came from."""
    if side_mark() == AT_SUPPORT:
        return _("Open the support console.")
    at_practice, patients = _("Open your practice's charts."), _("See your appointments, messages, and results.")
    return at_practice if side_mark() == AT_EHR else patients


def password_context() -> dict[str, Any]:
    at = request.args.get("at")
    action = url_for("sign_in.ask_password", next=safe_path(request.args.get("next")), at=at if at == side_mark() else None)
    return {"action": action, "invitation": invitation(), "at": side_mark()}


@blueprint.get("/sign-in")
def ask_password() -> Response:
    user = session_user()
    if user and not user.is_claimant:
        return redirect_after_sign_in(user.role, safe_path(request.args.get("next")))
    return render_page("public/sign_in/password.html", form=SignInForm(), notice=sign_in_notice(), **password_context())


def sign_in_notice() -> str | None:
    """Why the person has to sign in, if that is known."""
    ended = ended_session()
    if "changed" in request.args:
        reason = "password_is_new"
    elif "out" in request.args or ended:
        reason = "signed_out" if "out" in request.args or ended is None else ended.reason
    else:
        reason = "sign_in_first" if request.args.get("next") else ""
    return _(NOTICES[reason]) if reason else None


@blueprint.post("/sign-in")
def submit_password() -> Response:
    form = SignInForm(request.form)
    context: dict[str, Any] = {"notice": None, **password_context()}
    if not form.validate():
        return refuse_form("public/sign_in/password.html", form, **context)
    give_browser_token()
    try:
        begun = flow.submit_password(
            request_context(), form.username.data, form.password.data, safe_path(request.args.get("next"))
        )
    except HashingBusy:
        return ask_to_wait(refuse_form("public/sign_in/password.html", form, Refused("busy"), **context), 503, BUSY_SECONDS)
    except Refused as refused:
        response = refuse_form("public/sign_in/password.html", form, refused, **context)
        return ask_to_wait(response, 429, refused.facts["wait"]) if refused.reason == "throttled" else response
    renew_session(begun.token)
    if begun.asks_code:
        return redirect_to("sign_in.ask_code")
    return redirect_after_sign_in(begun.role, safe_path(request.args.get("next")))


def ask_to_wait(response: Response, status: int, seconds: int | str) -> Response:
    """Tell machines the wait, too (RFC 6585 4, RFC 9110 15.6.4)."""
    response.status_code = status
    response.headers["Retry-After"] = str(seconds)
    return response


def redirect_unless_claimant() -> Response | None:
    """None for a claimant; others are redirected to sign-in or home."""
    user = session_user()
    if user is None:
        return send_to_sign_in()
    return None if user.is_claimant else redirect_to(home_endpoint(user.role))


@blueprint.get("/sign-in/code")
def ask_code() -> Response:
    redirect = redirect_unless_claimant()
    if redirect:
        return redirect
    context = code_context()
    return render_page("public/sign_in/code.html", form=blank_form(context["asked"], ChallengeForm), **context)


@blueprint.post("/sign-in/code")
def submit_code() -> Response:
    return redirect_unless_claimant() or submit_answer("public/sign_in/code.html", submitted_form(ChallengeForm), code_context)


@blueprint.post("/sign-in/send")
def send_code() -> Response:
    """ "Send again", or the first text if another method is asked first. A script gets what it hands to the browser."""
    redirect = redirect_unless_claimant()
    if redirect:
        return redirect
    prompt = prompt_sign_in(request_context(), request.form.get("authenticator", ""))
    if prompt:
        return jsonify(prompt)
    refuse_text_if_not_offered()
    try:
        flow.send_sign_in_code(request_context(), request.form.get("authenticator", ""))
    except Refused as refused:
        return refuse_answer("public/sign_in/code.html", ChallengeForm(), refused, "", **code_context())
    return redirect_to("sign_in.ask_code")


@blueprint.get("/sign-in/backup-code")
def ask_backup_code() -> Response:
    return redirect_unless_claimant() or render_page("public/sign_in/backup_code.html", form=BackupCodeForm(), **backup_context())


@blueprint.post("/sign-in/backup-code")
def submit_backup_code() -> Response:
    return redirect_unless_claimant() or submit_answer(
        "public/sign_in/backup_code.html", BackupCodeForm(request.form), backup_context
    )


def submit_answer(template: str, form: AnswerForm, context: Callable[[], dict[str, Any]]) -> Response:
    """Check a claimant's second factor, for both pages. `context` is called only if the page is shown again."""
    if not form.validate():
        return refuse_answer(template, form, None, "", **context())
    user = request_context().user
    try:
        finished = flow.submit_sign_in_code(request_context(), form.answer, trust="trust" in request.form)
    except Refused as refused:
        shown = context()
        # Backup codes do not wait for six digits, nor these for them (RL-7).
        pauses = (form.answer.kind == BACKUP_CODE) != shown["with_codes"]
        return refuse_answer(template, form, refused, form.question, pauses=pauses, **shown)
    if finished.waits:
        renew_session(finished.token)
        return redirect_to("new_browser.wait")
    return open_session(finished, user.role)


@blueprint.get("/sign-in/no-code")
def no_code() -> Response:
    """ "Can't access your code?": the ways in that the account has. Strangers get what holds for every account (EN-4)."""
    if session_user() is None:
        return render_page("public/sign_in/no_code_here.html", at=side_mark())
    return redirect_unless_claimant() or render_page("public/sign_in/no_code.html", **help_context())


@blueprint.post("/sign-out")
def sign_out() -> Response:
    user = session_user()
    if user:
        sessions.sign_out(request_context())
    return signed_out(user)


@blueprint.post("/session/extend")
def extend() -> Response:
    """Extend the session by fifteen minutes (SE-3)."""
    user = session_user()
    if user is None or user.is_claimant:
        return jsonify(seconds=0)
    return jsonify(seconds=int((sessions.extend_session(request_context()) - request_time()).total_seconds()))


@blueprint.get("/session")
def time_left() -> Response:
    """Seconds left, for the timeout warning; this request doesn't count as activity."""
    return jsonify(seconds=max(0, seconds_left() or 0))
