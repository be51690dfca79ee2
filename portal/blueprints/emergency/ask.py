"""Emergency access, requested at the code page by an EHR user who has no code: ask, wait, open charts, end it (AD-6)."""

from typing import Any

from flask import Blueprint, Response, abort, g, request

from portal.blueprints.shared.guards import forbid
from portal.blueprints.shared.unproven import validate_unproven
from portal.flows.account import security_page
from portal.flows.emergency import ask as flow
from portal.flows.emergency import read
from portal.forms.practice import ClaimantReasonForm
from portal.policy import policy_of
from portal.settings import config
from portal.web.browser_session import ended_session, request_context, session_user
from portal.web.headers import SAFE_METHODS
from portal.web.rendering import EHR_BRAND, home_endpoint, redirect_to, refuse_form, render_page, renew_session, send_to_sign_in
from portal.words.refusals import Refused

blueprint = Blueprint("emergency", __name__, url_prefix="/sign-in/emergency")


@blueprint.before_request
def admit_ehr_claimants() -> Response | None:
    """Admit claimants of EHR accounts only; patients have no charts to open. Strangers sign in to the EHR."""
    user, is_ending = session_user(), request.endpoint == "emergency.end_now"
    if user is None:
        g.brand = EHR_BRAND
        return redirect_to_sign_in() if is_ending and ended_session() else send_to_sign_in()  # already ended in another tab
    if not user.is_claimant:
        return None if is_ending and user.is_emergency else redirect_to(home_endpoint(user.role))
    if not policy_of(user.role).hands_over_copy:
        abort(404) if request.method in SAFE_METHODS else forbid("not_ehr", 404)  # viewing a missing page is not an audit event
    return None


def page_context() -> dict[str, Any]:
    return {
        "request_state": flow.request_state(request_context()),
        "administrators": security_page.administrator_names(request_context()),
        "news_seconds": config.EMERGENCY_NEWS_SECONDS,
    }


@blueprint.get("")
def show() -> Response:
    return render_page("emergency/ask.html", form=ClaimantReasonForm(), **page_context())


@blueprint.post("")
def ask() -> Response:
    form = ClaimantReasonForm(request.form)
    if not validate_unproven(form, "reason", "reason_secret", request_context().user.user_id):
        return refuse_form("emergency/ask.html", form, **page_context())
    try:
        flow.ask_emergency_access(request_context(), form.reason.data)
    except Refused as refused:
        return refuse_form("emergency/ask.html", form, refused, **page_context())
    return redirect_to(".show")


@blueprint.post("/charts")
def open_charts() -> Response:
    try:
        token = flow.take_up_emergency_access(request_context())
    except Refused as refused:
        return refuse_form("emergency/ask.html", ClaimantReasonForm(), refused, **page_context())
    renew_session(token)
    return redirect_to("provider.charts")


@blueprint.post("/end")
def end_now() -> Response:
    """End the running access and this session."""
    if request_context().user.is_claimant:
        return redirect_to(".show")
    read.end_now(request_context())
    return redirect_to_sign_in()


def redirect_to_sign_in() -> Response:
    """Redirect to the sign-in page, which says why the session ended."""
    return redirect_to("sign_in.ask_password", at=EHR_BRAND["key"])
