"""The "This wasn't me" link in notices. Email scanners open links, so GET only asks and POST acts (CF-2)."""

from flask import Blueprint, Response, g, request, url_for

from portal.blueprints.shared.sides import Side, side_of
from portal.flows.account import not_me as flow
from portal.models import Outbox
from portal.web.browser_session import request_context, session_user
from portal.web.headers import hide_token
from portal.web.rendering import AT_EHR, EHR_BRAND, brand_of_role, redirect_to, redirect_to_path, refuse_form, render_page
from portal.words.refusals import Refused

blueprint = Blueprint("not_me", __name__, url_prefix="/not-me")
blueprint.after_request(hide_token)


@blueprint.get("/done")
def done() -> Response:
    side = visitor_side()
    g.brand = EHR_BRAND if request.args.get("at") == AT_EHR else None
    ended = {f"of_{what}": what in request.args for what in ("reset", "trust", "practice")}
    return render_page("public/not_me/done.html", security_url=side.url("security") if side else None, **ended)


@blueprint.get("/<token>")
def ask(token: str) -> Response:
    try:
        notice = read_notice(token)
    except Refused as refused:
        return refuse_form("public/not_me/ask.html", (), refused)
    return render_page(
        "public/not_me/ask.html",
        at_once=flow.ends_at_once(notice),
        of_reset=flow.is_about_reset(notice),
        may_trust=flow.owner_may_trust(notice),
        of_practice=flow.owner_has_administrator(notice),
        sign_in_url=sign_in_url(token) if flow.asks_sign_in(request_context(), notice) else None,
        token=token,
    )


@blueprint.post("/<token>")
def answer(token: str) -> Response:
    try:
        notice = read_notice(token)
        if flow.asks_sign_in(request_context(), notice):
            return redirect_to_path(sign_in_url(token))
        side = visitor_side()
        if not flow.ends_at_once(notice) and side and not request_context().user.is_fresh(request_context().now):
            return redirect_to_path(side.url("confirm.ask", next=url_for("not_me.ask", token=token)))
        flow.answer_not_me(request_context(), token)
    except Refused as refused:
        return refuse_form("public/not_me/ask.html", (), refused)
    about = {
        "reset": int(flow.is_about_reset(notice)) or None,
        "trust": int(flow.owner_may_trust(notice)) or None,
        "practice": int(flow.is_about_reset(notice) and flow.owner_has_administrator(notice)) or None,
    }
    return redirect_to("not_me.done", at=AT_EHR if g.brand is EHR_BRAND else None, **about)


def read_notice(token: str) -> Outbox:
    """The notice behind the link, whose page wears its owner's brand. Raises Refused."""
    notice = flow.read_notice(request_context(), token)
    g.brand = brand_of_role(flow.owner_role(notice))
    return notice


def visitor_side() -> Side | None:
    """The side of a visitor who is fully signed in."""
    user = session_user()
    return side_of(user.role) if user is not None and not user.owes_code else None


def sign_in_url(token: str) -> str:
    """Sign in and return here. Storing the address in the session's row is safe: it only works after that sign-in."""
    return url_for("sign_in.ask_password", next=url_for("not_me.ask", token=token))
