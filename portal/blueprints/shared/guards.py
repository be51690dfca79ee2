"""Guards: who may open a page, what has to be shown first, and where everybody else is sent."""

from collections.abc import Callable
from typing import NoReturn

from flask import Response, abort, g, request

from portal.blueprints.shared import kept_input
from portal.blueprints.shared.flash import make_mark
from portal.blueprints.shared.sides import Side, current_side
from portal.flows.base.audit import record_event_alone
from portal.flows.base.context import LEVEL_WAITING
from portal.flows.factors.challenges import is_set_up
from portal.flows.practice import deadline
from portal.methods import method
from portal.policy import policy_of
from portal.web.browser_session import own_path, request_context, session_user
from portal.web.headers import SAFE_METHODS
from portal.web.rendering import home_endpoint, place_to_return, redirect_browser, redirect_to, redirect_to_path, send_to_sign_in


def guard_side(side: Side) -> Callable[[], Response | None]:
    """A before_request for the side's blueprint: signed in, with a code where one is due, of its people, and set up where they must."""

    def check() -> Response | None:
        who = session_user()
        if who is None:
            return send_to_sign_in()
        if who.is_claimant:
            return redirect_to(
                "emergency.show" if who.level == LEVEL_WAITING and policy_of(who.role).hands_over_copy else "sign_in.ask_code"
            )
        if who.role not in side.policy.roles:
            return turn_away()
        g.side, g.brand = side if request_context().texts else side.without_texts(), side.brand
        if who.is_emergency:  # the wall in emergency/wall.py has let the page through
            g.stopped = False
            return None if g.get("grant") else forbid("read_only")
        return require_set_up(side) if side.policy.must_use or who.is_reset else None

    return check


def turn_away() -> Response:
    """Somebody of another side: to their own home; what they send here is refused, and recorded."""
    if request.method not in SAFE_METHODS:
        forbid("other_door")
    return redirect_to(home_endpoint(request_context().who.role))


def forbid(reason: str, status: int = 403) -> NoReturn:
    """Say no, and record it."""
    record_event_alone(request_context(), "authz_fail", reason)
    abort(status)


def refuse_method(name: str | None) -> None:
    """A method that there is, and that people of this side may not use: no page of ours asks for it (TO-11)."""
    asked = method(name or "")
    if asked and not policy_of(request_context().who.role).allows(asked):
        forbid("method_not_allowed")


def require_set_up(side: Side) -> Response | None:
    """Nothing but set-up before set-up is done, whatever the address, the method or the HTMX header (TO-11, after a reset rule 1).

    The page asked for travels along in the address, and is where the person lands afterwards.
    """
    refuse_method((request.view_args or {}).get("method_name") or request.form.get("method"))
    g.stopped = not is_set_up(request_context())
    if not g.stopped:
        shows_code = request_context().who.second_factor_at is None and request.blueprint != f"{side.blueprint}.confirm"
        return require_fresh_proof() if shows_code else None  # no browser is trusted here, whoever trusted it before
    if side.is_before_set_up():
        g.next_path = own_path(request.args.get("next"))
        return None
    if request.endpoint in side.open_in_grace and deadline.may_pass_without_setup(request_context()):
        return None
    asked = place_to_return()
    page = "security" if side.policy.must_use else "setup.choose"
    return redirect_browser(side.url(page, next=None if asked == side.url(side.home) else asked))


def landing_url() -> str:
    """Where a person goes who has done what they were stopped for: to the page that they asked for, or home."""
    return request_context().who.next_path or current_side().url(current_side().home, done=make_mark("on"))


def require_code() -> Response | None:
    """To the same page, where a trusted browser stood in for the code: the Security pages open to a code alone (TB-3)."""
    return require_fresh_proof() if request_context().who.is_trusted else None


def require_fresh_proof() -> Response | None:
    """To the page that asks for password and second factor, where they are older than five minutes (RA-1); None where fresh."""
    who = request_context().who
    if who.is_fresh(request_context().now):
        if request.method not in SAFE_METHODS:
            kept_input.drop_input()
        return None
    kept_input.keep_input()
    return redirect_to_path(current_side().url("confirm.ask", next=place_to_return()))
