"""Guards: who may open a page, which proof is needed first, and where others are redirected."""

from collections.abc import Callable
from typing import NoReturn

from flask import Response, abort, g, request

from portal.blueprints.shared import kept_input
from portal.blueprints.shared.flash import make_mark
from portal.blueprints.shared.sides import Side, current_side
from portal.flows.base import act_proofs
from portal.flows.base.audit import record_event_alone
from portal.flows.base.context import LEVEL_WAITING, Act, SessionUser
from portal.flows.factors.challenges import challenge_options, is_set_up
from portal.flows.practice import deadline
from portal.methods import method
from portal.policy import policy_of
from portal.web.browser_session import request_context, safe_path, session_user
from portal.web.headers import SAFE_METHODS
from portal.web.rendering import (
    home_endpoint,
    page_to_return,
    redirect_from_guard,
    redirect_to,
    redirect_to_path,
    send_to_sign_in,
)


def guard_side(side: Side) -> Callable[[], Response | None]:
    """A before_request for a side: signed in, second factor shown if due, a role of this side, and set up if required."""

    def check() -> Response | None:
        user = session_user()
        if user is None:
            return send_to_sign_in()
        if user.is_claimant:
            return send_to_code(user)
        if user.role not in side.policy.roles:
            return redirect_home()
        g.side, g.brand = side.under(request_context().texts, request_context().provider_methods), side.brand
        if user.is_emergency:  # emergency/wall.py has let this page through
            g.stopped = False
            return None if g.get("grant") else forbid("read_only")
        return require_set_up(side) if side.policy.must_use or user.is_reset else None

    return check


def send_to_code(user: SessionUser) -> Response:
    """To the page where a claimant is: the code page, or the one that waits for emergency access, or for a confirmation."""
    if user.is_unconfirmed:
        return redirect_to("new_browser.wait")
    waits = user.level == LEVEL_WAITING and policy_of(user.role).hands_over_copy
    return redirect_to("emergency.show" if waits else "sign_in.ask_code")


def redirect_home() -> Response:
    """For somebody of another side: redirect to their own home page; a form is refused and recorded."""
    if request.method not in SAFE_METHODS:
        forbid("other_side")
    return redirect_to(home_endpoint(request_context().user.role))


def forbid(reason: str, status: int = 403) -> NoReturn:
    """Refuse the request with this status, and record why."""
    record_event_alone(request_context(), "authz_fail", reason)
    abort(status)


def refuse_text_if_not_offered() -> None:
    """404, and recorded, if neither the policy nor an authenticator of this person sends texts."""
    if policy_of(request_context().user.role).accepts_restricted:
        return
    if not any(option.sends for option in challenge_options(request_context())):
        forbid("restricted_method", 404)


def refuse_method(name: str | None) -> None:
    """Refuse a method that exists but that the person's policy forbids; no page offers it (TO-11)."""
    found = method(name or "")
    if found and not request_context().policy.allows(found):
        forbid("method_not_allowed")


def require_set_up(side: Side) -> Response | None:
    """Only set-up is open until it is complete, whatever the address, method, or HTMX header (TO-11; after a reset, rule 1).

    The requested page is kept in the address and opens after set-up.
    """
    refuse_method((request.view_args or {}).get("method_name") or request.form.get("method"))
    # A provider whose only method is text signs in with it once and reaches set-up alone: it is the one proof the account has, and a
    # password alone must not add an app. The app replaces the number once it is proved.
    g.stopped = not is_set_up(request_context())
    if not g.stopped:
        needs_code = request_context().user.second_factor_at is None and request.blueprint != f"{side.blueprint}.confirm"
        return require_fresh_proof() if needs_code else None  # this side has no trusted browsers, even if it was trusted before
    if side.is_before_set_up():
        g.next_path = safe_path(request.args.get("next"))
        return None
    if request.endpoint in side.open_in_grace and deadline.may_pass_without_setup(request_context()):
        return None
    # Kept in the address until the wizard's first POST, then in the session's row: writing it here would write on GET, and in the
    # row it outlives the QR code and the backup codes.
    requested = page_to_return()
    page = "security" if side.policy.must_use else "setup.choose"
    return redirect_from_guard(side.url(page, next=None if requested == side.url(side.home) else requested))


def landing_url() -> str:
    """After set-up that a guard required: the page requested at first, or home."""
    return request_context().user.next_path or current_side().url(current_side().home, done=make_mark("on"))


def require_code() -> Response | None:
    """Step-up for a session let in by a trusted browser: the Security pages need a code (TB-3). None if none is needed."""
    return require_fresh_proof() if request_context().user.is_trusted else None


def require_fresh_proof() -> Response | None:
    """Redirect to step-up if password or second factor is older than five minutes (RA-1); None if both are fresh."""
    user = request_context().user
    if user.is_fresh(request_context().now):
        if request.method not in SAFE_METHODS:
            kept_input.drop_input()
        return None
    kept_input.keep_input()
    return redirect_to_path(current_side().url("confirm.ask", next=page_to_return()))


def require_proof(act: Act) -> Response | None:
    """Redirect to step-up, which says what is about to happen, unless the act has a proof of its own; None if it has."""
    if not act_proofs.has_proof(request_context(), act):
        return ask_for_proof(act)
    if request.method not in SAFE_METHODS:
        kept_input.drop_input()
    return None


def ask_for_proof(act: Act) -> Response:
    """Redirect to step-up for this act."""
    kept_input.keep_input()
    return redirect_to_path(current_side().url("confirm.ask", act=act.name, target=act.target, next=page_to_return()))
