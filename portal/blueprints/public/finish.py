"""The response that ends a sign-in: the session's new token, and where the person goes."""

from flask import Response, url_for

from portal.blueprints.shared.sides import side_of
from portal.flows.base.context import SessionUser
from portal.flows.sign_in.sign_in import FinishedSignIn
from portal.web.browser_session import keep_trust
from portal.web.rendering import home_endpoint, redirect_to_path, renew_session


def redirect_after_sign_in(role: str, next_path: str | None) -> Response:
    """After a complete sign-in: to the requested page, or home."""
    return redirect_to_path(next_path or url_for(home_endpoint(role)))


def go_home(user: SessionUser) -> str:
    """Where a visitor goes whose sign-in is complete, or who is not so far."""
    return url_for("sign_in.ask_code") if user.is_claimant else user.next_path or url_for(home_endpoint(user.role))


def open_session(finished: FinishedSignIn, role: str) -> Response:
    """Give the browser what a complete sign-in brings; without backup codes, new ones come first."""
    renew_session(finished.token)
    keep_trust(finished.trusted)
    side = side_of(role)
    if finished.backup_left == 0 and side:
        return redirect_to_path(side.url("codes.regenerate"))
    return redirect_after_sign_in(role, finished.next_path)
