"""What follows a wrong answer: the hint and attempts left in its refusal, and notices of a pause or a stop (RL-1, RL-8, RL-9)."""

from portal.answers import CODE
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.factors import backup_codes
from portal.flows.messages import notices
from portal.methods import Method
from portal.models import Authenticator, User
from portal.policy import policy_of
from portal.words.refusals import Refused

# What to suggest after each consecutive wrong code, in the guide's order (product rule 8).
HINTS_AT_SIGN_IN = ("wrong_clock", "wrong_fresh", "wrong_account", "wrong_backup")
HINTS_AT_SET_UP = ("wrong_clock", "wrong_fresh", "wrong_account", "wrong_rescan")


def explain_refusal(refused: Refused, kind: Method | None, failures: int, hints: tuple[str, ...], user: User) -> Refused:
    """Turn a plain "wrong" into a hint at what to try next."""
    if refused.reason != "wrong" or kind is None:
        return refused
    if kind.asks_for != CODE:
        return Refused("key_wrong")
    return Refused(hints[min(failures, len(hints)) - 1], issuer=policy_of(user.role).issuer)


def with_tries(refused: Refused, user: User) -> Refused:
    """The refusal with the number of attempts left (RL-8), or the pause that this attempt began."""
    left = throttle.tries_left(user)
    if left == 0:
        return Refused("throttled", wait=throttle.pause_seconds(user.code_failures))
    facts = {name: value for name, value in refused.facts.items() if name != "step"}
    return Refused(refused.reason, **facts, left=left)


def notify_pause(context: RequestContext, user: User) -> None:
    """Record and notify once per pause (RL-9)."""
    if throttle.tries_left(user) == 0:
        record_event(context, "authn_login_lock", about=user, reason="throttled", refused=True)
        notices.queue_notice(context, user, "too_many_codes")


def notify_disabled(context: RequestContext, user: User, row: Authenticator) -> None:
    """Record and notify once that the hundredth failure disabled the authenticator (RL-1)."""
    record_event(context, "authenticator_disabled", about=user, reason="too_many_failures", refused=True, factor=row.method)
    notices.queue_notice(context, user, "authenticator_disabled")
    throttle.discard_failures(user, row.failures)


def stop_backup_codes(context: RequestContext, user: User) -> None:
    """Record and notify once that the hundredth wrong backup code stopped the set; its failures count no more (RL-1)."""
    record_event(
        context, "authenticator_disabled", about=user, reason="too_many_failures", refused=True, factor=backup_codes.FACTOR
    )
    notices.queue_notice(context, user, "backup_codes_stopped")
    throttle.discard_failures(user, user.backup_failures)
