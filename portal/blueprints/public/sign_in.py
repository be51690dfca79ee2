"""Sign-in: password, verification code, "Can't access your code?", sign-out."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, jsonify, redirect, request, session, url_for
from flask_babel import gettext as _

from portal.blueprints.shared.guards import forbid
from portal.blueprints.shared.questions import blank_form, question_context, submitted_form
from portal.blueprints.shared.sides import side_of
from portal.flows.account import security_page
from portal.flows.base.context import LEVEL_WAITING
from portal.flows.factors.challenges import challenge_options, explain_texts_off
from portal.flows.sessions import sessions, trusted_browsers
from portal.flows.sign_in import sign_in as flow
from portal.forms.codes import AnswerForm, BackupCodeForm, ChallengeForm
from portal.forms.sign_in import SignInForm
from portal.policy import policy_of
from portal.web.browser_session import (
    ended_session,
    give_browser_token,
    keep_trust,
    own_path,
    request_context,
    request_time,
    seconds_left,
    session_user,
)
from portal.web.rendering import (
    EHR_BRAND,
    brand_for,
    home_endpoint,
    redirect_to,
    redirect_to_path,
    refusal_sentence,
    refuse_form,
    render_page,
    renew_session,
    send_to_sign_in,
)
from portal.words.refusals import NOTICES, Refused

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/")
def front_door() -> Response:
    """The patient portal's address."""
    return redirect_to("sign_in.ask_password")


@blueprint.get("/ehr")
def ehr_door() -> Response:
    """The EHR's address: the same sign-in page, and each account lands on its own home page."""
    return redirect_to("sign_in.ask_password", at=EHR_BRAND["key"])


@blueprint.before_request
def set_brand() -> None:
    """The sign-in page shows the brand of the side that the person came from."""
    if ehr_mark() or (own_path(request.args.get("next")) or "").startswith("/ehr/"):
        g.brand = EHR_BRAND


def ehr_mark() -> str | None:
    """The value of `at` in the address of an EHR sign-in, or None."""
    return EHR_BRAND["key"] if request.args.get("at") == EHR_BRAND["key"] else None


def redirect_after_sign_in(role: str, next_path: str | None) -> Response:
    """After a complete sign-in: to the requested page, or home."""
    return redirect_to_path(next_path or url_for(home_endpoint(role)))


@blueprint.get("/sign-in")
def ask_password() -> Response:
    who = session_user()
    if who and not who.is_claimant:
        return redirect_after_sign_in(who.role, own_path(request.args.get("next")))
    return render_page("public/sign_in/password.html", form=SignInForm(), notice=notice(), action=password_url())


def password_url() -> str:
    return url_for("sign_in.ask_password", next=own_path(request.args.get("next")), at=ehr_mark())


def notice() -> str | None:
    """Why the person has to sign in, if that is known."""
    over = ended_session()
    if "changed" in request.args:
        return str(_(NOTICES["password_is_new"]))
    if "out" in request.args or over:
        return str(_(NOTICES["signed_out" if "out" in request.args or over is None else over.reason]))
    return _(NOTICES["sign_in_first"]) if request.args.get("next") else None


@blueprint.post("/sign-in")
def submit_password() -> Response:
    form = SignInForm(request.form)
    context: dict[str, Any] = {"notice": None, "action": password_url()}
    if not form.validate():
        return refuse_form("public/sign_in/password.html", form, **context)
    give_browser_token()
    try:
        begun = flow.submit_password(
            request_context(), form.username.data, form.password.data, own_path(request.args.get("next"))
        )
    except Refused as refused:
        return refuse_form("public/sign_in/password.html", form, refused, **context)
    renew_session(begun.token)
    if begun.asks_code:
        return redirect_to("sign_in.ask_code")
    return redirect_after_sign_in(begun.role, own_path(request.args.get("next")))


def redirect_unless_claimant() -> Response | None:
    """None for a claimant; others are redirected to sign-in or home."""
    who = session_user()
    if who is None:
        return send_to_sign_in()
    return None if who.is_claimant else redirect_to(home_endpoint(who.role))


def issuer() -> str:
    """The issuer that the person's authenticator app shows."""
    return policy_of(request_context().who.role).issuer


def code_context() -> dict[str, Any]:
    who = session_user()
    shown = challenge_options(request_context()) if who else []
    missing = explain_texts_off(request_context()) if who else None
    limit = flow.limit_reached(shown)
    return {
        "username": who.username if who else "",
        "issuer": issuer(),
        **question_context(shown),
        "texts_off": refusal_sentence(missing) if missing else None,
        "limit": refusal_sentence(limit) if limit else None,
        "send_url": url_for("sign_in.send_code"),
        "is_waiting": bool(who and who.level == LEVEL_WAITING),
        "here": url_for("sign_in.ask_code"),
        **trust_context(),
    }


def trust_context() -> dict[str, Any]:
    """The checkbox to trust this browser: for how many days (0: no checkbox), and whether it was checked."""
    who = session_user()
    return {
        "trust_days": trusted_browsers.trust_days(request_context(), who.role) if who else 0,
        "trust_ticked": "trust" in request.form,
    }


@blueprint.get("/sign-in/code")
def ask_code() -> Response:
    elsewhere = redirect_unless_claimant()
    if elsewhere:
        return elsewhere
    context = code_context()
    return render_page("public/sign_in/code.html", form=blank_form(context["asked"], ChallengeForm), **context)


@blueprint.post("/sign-in/code")
def submit_code() -> Response:
    return redirect_unless_claimant() or submit_answer("public/sign_in/code.html", submitted_form(ChallengeForm), code_context)


@blueprint.post("/sign-in/send")
def send_code() -> Response:
    """ "Send again", or the first text if another method is asked first."""
    elsewhere = redirect_unless_claimant()
    if elsewhere:
        return elsewhere
    if not policy_of(request_context().who.role).accepts_restricted and not any(
        way.sends for way in challenge_options(request_context())
    ):
        forbid("restricted_method", 404)
    try:
        flow.send_sign_in_code(request_context(), request.form.get("way", ""))
    except Refused as refused:
        return refuse_form("public/sign_in/code.html", ChallengeForm(), refused, "code", **code_context())
    return redirect_to("sign_in.ask_code")


@blueprint.get("/sign-in/backup-code")
def ask_backup_code() -> Response:
    return redirect_unless_claimant() or render_page("public/sign_in/backup_code.html", form=BackupCodeForm(), **trust_context())


@blueprint.post("/sign-in/backup-code")
def submit_backup_code() -> Response:
    return redirect_unless_claimant() or submit_answer(
        "public/sign_in/backup_code.html", BackupCodeForm(request.form), trust_context
    )


def submit_answer(template: str, form: AnswerForm, context: Callable[[], dict[str, Any]]) -> Response:
    """Check a claimant's second factor, for both pages. `context` is called only if the page is shown again."""
    if not form.validate():
        return refuse_form(template, form, **context())
    who = request_context().who
    try:
        finished = flow.submit_sign_in_code(request_context(), form.answer, trust="trust" in request.form)
    except Refused as refused:
        return refuse_form(template, form, refused, form.question, **context())
    renew_session(finished.token)
    keep_trust(finished.trusted)
    side = side_of(who.role)
    if finished.backup_left == 0 and side:
        return redirect_to_path(side.url("codes.regenerate"))
    return redirect_after_sign_in(who.role, finished.next_path)


@blueprint.get("/sign-in/no-code")
def no_code() -> Response:
    """ "Can't access your code?": what to try, in the help article's order."""
    return redirect_unless_claimant() or render_page("public/sign_in/no_code.html", issuer=issuer(), **help_context())


def help_context() -> dict[str, Any]:
    """Who can help: for providers their practice administrators first, by name if there are any."""
    policy = policy_of(request_context().who.role)
    asks_first = security_page.administrator_names(request_context()) if policy.hands_over_copy else []
    texts = request_context().texts and policy.accepts_restricted
    return {"texts": texts, "is_provider": policy.hands_over_copy, "administrators": asks_first}


@blueprint.post("/sign-out")
def sign_out() -> Response:
    who = session_user()
    if who:
        sessions.sign_out(request_context())
    session.drop = True  # type: ignore[attr-defined]
    at = EHR_BRAND["key"] if brand_for(who) is EHR_BRAND else None
    response = redirect(url_for("sign_in.ask_password", out=1, at=at), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response  # type: ignore[return-value]


@blueprint.post("/session/extend")
def extend() -> Response:
    """Extend the session by fifteen minutes (SE-3)."""
    who = session_user()
    if who is None or who.is_claimant:
        return jsonify(seconds=0)
    return jsonify(seconds=int((sessions.extend_session(request_context()) - request_time()).total_seconds()))


@blueprint.get("/session")
def time_left() -> Response:
    """Seconds left, for the timeout warning; this request doesn't count as activity."""
    return jsonify(seconds=max(0, seconds_left() or 0))
