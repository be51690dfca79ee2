"""A sign-in that waits, in a browser that is new to the account, until its owner has confirmed it (decision 43)."""

from typing import Any

from flask import Blueprint, Response, g, request, url_for

from portal.blueprints.public.finish import go_home, open_session
from portal.flows.sign_in import new_browser, sign_in
from portal.settings import config
from portal.web.browser_session import request_context, session_user
from portal.web.headers import hide_token
from portal.web.rendering import (
    brand_of_role,
    redirect_out_of_step,
    redirect_to,
    refusal_sentence,
    refuse_form,
    render_page,
    send_to_sign_in,
)
from portal.words.refusals import Refused

blueprint = Blueprint("new_browser", __name__, url_prefix="/sign-in/new-browser")
blueprint.after_request(hide_token)

# What such a session may open: this, a backup code, a new sign-in, the way out, and what anybody may read.
OPEN = {"ask_password", "submit_password", "ask_backup_code", "submit_backup_code", "sign_out", "extend", "time_left"}
FOR_ANYBODY = {
    "appearance", "email_links", "help", "language", "new_browser", "not_me", "practice_run", "recovery", "reports", "test_bench",
}  # fmt: skip


def refuse_unconfirmed() -> Response | None:
    """A before_request: None unless the visitor's sign-in waits. An allowlist, so a new route is closed by default."""
    user = session_user()
    if user is None or not user.is_unconfirmed or request.endpoint in (None, "static"):
        return None
    parent = (request.blueprint or "").partition(".")[0]
    if parent in FOR_ANYBODY or (parent == "sign_in" and (request.endpoint or "").partition(".")[2] in OPEN):
        return None
    return redirect_to("new_browser.wait")


def redirect_unless_waiting() -> Response | None:
    """None if the visitor's sign-in waits here. The page polls, so the whole browser goes on."""
    user = session_user()
    if user is None:
        return send_to_sign_in()
    return None if user.is_unconfirmed else redirect_out_of_step(go_home(user))


def page_context() -> dict[str, Any]:
    return {
        "waiting": new_browser.what_waits(request_context()),
        "news_seconds": config.CONFIRMATION_NEWS_SECONDS,
        "minutes": int(config.CONFIRMATION_LIFE.total_seconds() // 60),
    }


@blueprint.get("")
def wait() -> Response:
    return redirect_unless_waiting() or render_page("public/new_browser/wait.html", **page_context())


@blueprint.post("")
def go_on() -> Response:
    """Once another session has confirmed it."""
    redirect = redirect_unless_waiting()
    if redirect:
        return redirect
    user = request_context().user
    try:
        finished = sign_in.complete_confirmed(request_context())
    except Refused as refused:
        return refuse_form("public/new_browser/wait.html", (), refused, **page_context())
    return open_session(finished, user.role)


@blueprint.get("/<token>")
def open_link(token: str) -> Response:
    """The emailed link. In the browser that waits it is the yes, and writes although it is a GET (decision 10); elsewhere it tells."""
    user = session_user()
    try:
        asked = new_browser.read_link(request_context(), token)
        if user is not None and asked.is_here:
            return open_session(sign_in.confirm_by_link(request_context(), token), user.role)
    except Refused as refused:
        home = go_home(user) if user and not user.owes_code else None
        return render_page("public/new_browser/over.html", 404, why=refusal_sentence(refused), home=home)
    g.brand = brand_of_role(asked.role)
    not_me_url = url_for("not_me.ask", token=asked.not_me) if asked.not_me else None
    return render_page("public/new_browser/elsewhere.html", asked=asked, not_me_url=not_me_url)
