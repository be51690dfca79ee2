"""Stopping an account recovery, by the link in each email or from the banner. Email scanners open links, so GET only asks (CF-2)."""

from flask import Blueprint, Response, g, url_for

from portal.flows.recovery import stop as flow
from portal.web.browser_session import request_context, session_user
from portal.web.headers import hide_token
from portal.web.rendering import brand_of_role, redirect_to, refuse_form, render_page, send_to_sign_in
from portal.words.refusals import Refused

blueprint = Blueprint("stop_recovery", __name__, url_prefix="/recovery")
blueprint.after_request(hide_token)
TEMPLATE = "recovery/stop.html"


@blueprint.get("/stop/<token>")
def show(token: str) -> Response:
    """Ask, or say that it was stopped, is over, or is done, and what to do then."""
    try:
        case, user = flow.find_by_link(request_context(), token)
    except Refused as refused:
        return refuse_form(TEMPLATE, (), refused)
    g.brand = brand_of_role(user.role)
    shown = flow.describe(request_context(), case, user)
    return render_page(TEMPLATE, shown=shown, action=url_for("stop_recovery.submit", token=token))


@blueprint.post("/stop/<token>")
def submit(token: str) -> Response:
    try:
        flow.stop_by_link(request_context(), token)
    except Refused as refused:
        return refuse_form(TEMPLATE, (), refused)
    return redirect_to("stop_recovery.show", token=token)


def redirect_unless_complete() -> Response | None:
    """None for somebody who is signed in to the end."""
    user = session_user()
    if user is None:
        return send_to_sign_in()
    return redirect_to("sign_in.ask_code") if user.owes_code else None


@blueprint.post("/stop")
def submit_here() -> Response:
    """The banner's button, in any session of the account that is complete."""
    away = redirect_unless_complete()
    if away:
        return away
    flow.stop_by_owner(request_context())
    return redirect_to("stop_recovery.stopped")


@blueprint.get("/stopped")
def stopped() -> Response:
    """What the banner's button did."""
    return redirect_unless_complete() or render_page(TEMPLATE, shown=flow.newest_stopped(request_context()))
