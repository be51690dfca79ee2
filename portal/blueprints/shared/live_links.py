"""What pages behind emailed links share: a dead link says why, and how to get a new one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response

from portal.blueprints.shared.sides import PATIENT_SIDE, Side, side_of
from portal.flows.resets import reset as reset_flow
from portal.web.browser_session import session_user
from portal.web.rendering import refusal_sentence, render_page
from portal.words.refusals import Refused

LinkView = Callable[[str], Response]  # takes the token


def require_live_link(again: str) -> Callable[[LinkView], LinkView]:
    """For a dead link, show a page that says why and how to get a new one: `again` is "forgot", "reset", "recovery", or "account"."""

    def guard(show: LinkView) -> LinkView:
        @wraps(show)
        def shown(token: str) -> Response:
            try:
                return show(token)
            except Refused as refused:
                to_sign_in = refused.reason == "link_sign_in"
                status = 403 if to_sign_in else 404
                context = {
                    "why": refusal_sentence(refused),
                    "to_sign_in": to_sign_in,
                    "again": again,
                    "account_url": profile_url(),
                    "has_administrator": again == "reset" and reset_flow.owner_has_administrator(token),
                }
                return render_page("public/email_links/dead_link.html", status, **context)

        return shown

    return guard


def own_side() -> Side:
    """The visitor's side; the patient portal for strangers."""
    user = session_user()
    return (side_of(user.role) if user else None) or PATIENT_SIDE


def profile_url(**values: Any) -> str:
    """The visitor's Profile page; the patient portal's for strangers, which sends them to sign in."""
    side = own_side()
    return side.url(side.profile, **values)
