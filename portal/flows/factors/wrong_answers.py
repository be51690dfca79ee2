"""What follows a wrong answer: the hint and attempts left in its refusal, and notices of a pause or a stop (RL-1, RL-8, RL-9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portal import clock
from portal.answers import CODE
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.throttle import Purse
from portal.flows.factors import backup_codes, code_sets
from portal.flows.messages import notices
from portal.methods import Method
from portal.models import Authenticator, User
from portal.settings import config
from portal.words.refusals import Refused

# What to suggest after each consecutive wrong code, in the guide's order (product rule 8).
HINTS_AT_SIGN_IN = ("wrong_clock", "wrong_fresh", "wrong_account", "wrong_backup")
HINTS_AT_SET_UP = ("wrong_clock", "wrong_fresh", "wrong_account", "wrong_rescan")


@dataclass(frozen=True)
class Pause:
    """Codes, or backup codes, are not compared for some time."""

    seconds: int  # left, rounded up
    until: datetime  # the full minute after its end
    codes_left: int  # backup codes that the person has
    is_known: bool  # whether it is one of the browsers that are known to be the owner's


def describe_pause(context: RequestContext, seconds: int) -> Pause | None:
    """The visitor's pause of that many seconds, for the page that takes no code meanwhile; None for 0."""
    if not seconds:
        return None
    until = clock.next_minute(context.now + timedelta(seconds=seconds))
    is_known = throttle.purse_of(context, context.user.user_id) is throttle.OWN
    return Pause(seconds, until, code_sets.count_unused(context.user.user_id), is_known)


def explain_refusal(refused: Refused, kind: Method | None, failures: int, hints: tuple[str, ...], issuer: str) -> Refused:
    """Turn a plain "wrong" into a hint at what to try next."""
    if refused.reason != "wrong" or kind is None:
        return refused
    if kind.asks_for != CODE:
        return Refused("key_wrong")
    return Refused(hints[min(failures, len(hints)) - 1], issuer=issuer)


def with_tries(refused: Refused, failures: int) -> Refused:
    """The refusal of the attempt that was charged as this failure: with the number left (RL-8), or the pause that it began."""
    left = throttle.tries_left(failures)
    if left == 0:
        return Refused("throttled", wait=throttle.pause_seconds(failures))
    facts = {name: value for name, value in refused.facts.items() if name != "step"}
    return Refused(refused.reason, **facts, left=left)


def notify_pause(context: RequestContext, user: User) -> None:
    """Record and notify once per pause (RL-9); the notice names the ways that are open meanwhile."""
    purse = throttle.purse_of(context, user.id)
    failures = purse.count(user)
    if throttle.tries_left(failures) == 0:
        record_event(context, "authn_login_lock", about=user, reason="throttled", refused=True)
        minutes = throttle.pause_seconds(failures) // 60
        notices.queue_notice(context, user, "too_many_codes", kind="code", minutes=minutes, **open_ways(user, purse))


def open_ways(user: User, purse: Purse) -> dict[str, Any]:
    """What the owner can do while a purse is paused or its authenticators are stopped, for a notice."""
    return {"purse": purse.name, "codes_left": code_sets.count_unused(user.id), "is_on": int(user.two_factor == "on")}


def notify_disabled(context: RequestContext, user: User, row: Authenticator) -> None:
    """Record and notify once that the hundredth failure disabled the authenticator (RL-1)."""
    purse = throttle.purse_of(context, user.id)
    reason = "strangers" if purse is throttle.STRANGERS else "too_many_failures"
    record_event(context, "authenticator_disabled", about=user, reason=reason, refused=True, factor=row.method)
    notices.queue_notice(context, user, "authenticator_disabled", **open_ways(user, purse))
    throttle.discard_failures(purse, user, purse.each_count(row))


def notify_backup_failures(context: RequestContext, user: User) -> None:
    """Record and notify the account's 10th wrong backup code in a row, its 20th, 40th, and so on (RL-9).

    Each session has a pause of its own, and a notice of each would let a stranger fill the mailbox.
    """
    tens, rest = divmod(user.backup_failures, config.TRIES_BEFORE_PAUSE)
    if rest == 0 and tens & (tens - 1) == 0:  # a power of two
        record_event(context, "authn_login_lock", about=user, reason="throttled", refused=True, factor=backup_codes.FACTOR)
        purse = throttle.purse_of(context, user.id)
        notices.queue_notice(context, user, "too_many_codes", kind="backup_code", **open_ways(user, purse))
