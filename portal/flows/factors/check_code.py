"""One answer against one person: charge, compare, spend. Part of its caller's transaction, except for a refusal, which it commits."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.answers import BACKUP_CODE, CODE, Answer
from portal.crypto import SealBroken
from portal.db import begin_write, db
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.factors import backup_codes
from portal.flows.factors.challenges import attempt_key, explain_texts_off, is_live, open_secret, usable_authenticators
from portal.flows.messages import notices
from portal.methods import Method, NotAsked, can_be_guessed, method, takes
from portal.models import Authenticator, User
from portal.policy import policy_of
from portal.settings import config
from portal.words.refusals import Refused

log = logging.getLogger(__name__)

# What to try next, by how many wrong codes came in a row: the guide's order (product rule 8).
AT_SIGN_IN = ("wrong_clock", "wrong_fresh", "wrong_account", "wrong_backup")
RECOGNISED = ("used", "clock_slow", "clock_fast")  # product rule 8: which code it was is known
AT_SET_UP = ("wrong_clock", "wrong_fresh", "wrong_account", "wrong_rescan")


@dataclass(frozen=True)
class Proof:
    """A second factor that was shown."""

    user: User
    factor: str
    backup_left: int | None = None


def check_code(context: RequestContext, answer: Answer, event: str, **also: object) -> Proof:
    """Check an answer of the visitor, inside a transaction that stays open.

    `also`: columns of the person that a right code writes. A refusal is recorded, committed and raised.
    """
    begin_write()
    backup = answer.kind == BACKUP_CODE
    try:
        user = (
            throttle.charge_attempt(context, context.who.user_id, backup)
            if counts(answer)
            else throttle.lock_account(context.who.user_id)
        )
        if backup:
            return check_backup_code(context, user, answer.value, also)
        return check_authenticators(context, user, answer, also)
    except Refused as refused:
        factor = backup_codes.FACTOR if backup else kind_of_answer(context, answer)
        record_event(context, event, reason=refused.reason, refused=True, factor=factor)
        db.session.commit()
        raise


def kind_of_answer(context: RequestContext, answer: Answer) -> str:
    """The method that a wrong answer was meant for, if that is certain; the answer's kind if there are several, or none."""
    kinds = {row.method for row in is_live(context.who.user_id, context.who.role) if is_for(answer, row)}
    return kinds.pop() if len(kinds) == 1 else answer.kind


def counts(answer: Answer) -> bool:
    """Whether a wrong answer of its kind counts against the account. What cannot be guessed does not, and no pause holds it up."""
    return answer.kind == BACKUP_CODE or can_be_guessed(answer.kind)


def is_for(answer: Answer, row: Authenticator) -> bool:
    """Whether the answer is tried on this authenticator, and charged to it."""
    return takes(row.method, answer.kind) and answer.authenticator_id in (None, row.id)


def check_backup_code(context: RequestContext, user: User, code: str, also: Mapping[str, object]) -> Proof:
    """Spend a backup code of the person. Raises Refused."""
    if user.backup_failures > config.FAILURES_TO_DISABLE:
        throttle.clear_failures(context, user, 1)  # nothing was compared
        raise Refused("backup_disabled")
    try:
        if not code:
            raise Refused("backup_shape")
        left = backup_codes.spend_code(context, user, code)
    except Refused as refused:
        if user.backup_failures == config.FAILURES_TO_DISABLE:
            stop_backup_codes(context, user)
            raise Refused("backup_disabled") from None
        tell_lock(context, user)
        raise with_tries(refused, user) from None
    throttle.clear_failures(context, user, user.backup_failures, backup=True, **also)
    record_event(context, "backup_code_used", factor=backup_codes.FACTOR)
    notices.queue_notice(context, user, "backup_code_used", left=left)
    return Proof(user, backup_codes.FACTOR, left)


def check_authenticators(context: RequestContext, user: User, answer: Answer, also: Mapping[str, object]) -> Proof:
    """Try the answer on each live authenticator of the person that it is for. Raises Refused."""
    working = throttle.charge_authenticators(context, user.id, answer)
    charged = [row for row in working if is_for(answer, row)]
    rows = [row for row in usable_authenticators(user.role, working) if row in charged]
    throttle.uncharge_authenticators([row for row in charged if row not in rows])
    tried = try_each(context, user, rows, answer)
    if tried.right is not None:
        throttle.uncharge_authenticators([other for other in rows if other is not tried.right])
        throttle.clear_failures(context, user, (tried.right.failures or 1) if counts(answer) else 0, backup=False, **also)
        return Proof(user, tried.right.method)
    if len(tried.spared) == len(rows):
        throttle.uncharge_authenticators(rows)
        throttle.clear_failures(context, user, int(counts(answer)))  # nothing was compared
        raise nothing_compared(context, working, rows)
    if not counts(answer):
        raise tried.refused
    throttle.uncharge_authenticators(tried.spared)
    stopped = [row for row in rows if row.disabled_at is not None and row not in tried.spared]
    for row in stopped:
        tell_disabled(context, user, row)
    if stopped:
        raise Refused("disabled")
    tell_lock(context, user)
    raise with_tries(tried.refused, user)


def nothing_compared(context: RequestContext, working: list[Authenticator], rows: list[Authenticator]) -> Refused:
    """Why the answer was held against nothing that the person has."""
    if rows:
        return explain_texts_off(context) or Refused("text_first")
    return Refused("answer_other" if working else "disabled")


@dataclass
class Tried:
    """What came of one answer: whose it was, or the refusal that says most, and whom it was not held against."""

    right: Authenticator | None = None
    refused: Refused = field(default_factory=lambda: Refused("disabled"))
    spared: list[Authenticator] = field(default_factory=list)


def try_each(context: RequestContext, user: User, rows: list[Authenticator], answer: Answer) -> Tried:
    """Texts come last: of two plain refusals the one about the text that was just asked for says more."""
    tried = Tried()
    for row in sorted(rows, key=sends_codes):
        if tried.refused.reason in RECOGNISED:  # these digits were somebody's: they are no guess at what follows
            tried.spared.append(row)
            continue
        try:
            show_challenge(context, user, row, answer)
        except NotAsked:
            tried.spared.append(row)
        except Refused as rejected:
            tried.refused = explain_refusal(rejected, method(row.method), row.failures, AT_SIGN_IN, user)
        else:
            tried.right = row
            break
    return tried


def sends_codes(row: Authenticator) -> bool:
    known = method(row.method)
    return known is not None and known.sends


def show_challenge(context: RequestContext, user: User, row: Authenticator, answer: Answer) -> None:
    """Ask the authenticator's method. Raises Refused; a seal that does not open lets nobody in (CR-5)."""
    asked = method(row.method)
    try:
        secret = open_secret(context, user, row, attempt_key(context))
    except SealBroken:
        log.critical("authenticator %s cannot be decrypted with the configured keys", row.id)
        raise Refused("unreadable") from None
    if asked is None:
        raise Refused("unreadable")
    asked.challenge.take(secret, row, answer, context.now)


def explain_refusal(refused: Refused, asked: Method | None, failures: int, hints: tuple[str, ...], user: User) -> Refused:
    """A plain "wrong" as the next thing to try."""
    if refused.reason != "wrong" or asked is None:
        return refused
    if asked.asks_for != CODE:
        return Refused("key_wrong")
    return Refused(hints[min(failures, len(hints)) - 1], issuer=policy_of(user.role).issuer)


def with_tries(refused: Refused, user: User) -> Refused:
    """The refusal with the tries left (RL-8), or the pause that this try began."""
    left = throttle.tries_left(user)
    if left == 0:
        if refused.reason != "disabled":
            return Refused("throttled", minutes=throttle.pause_minutes(user.code_failures))
        return refused
    facts = {name: value for name, value in refused.facts.items() if name != "step"}
    return Refused(refused.reason, **facts, left=left)


def tell_lock(context: RequestContext, user: User) -> None:
    """One notice and one event a pause (RL-9)."""
    if throttle.tries_left(user) == 0:
        record_event(context, "authn_login_lock", about=user, reason="throttled", refused=True)
        notices.queue_notice(context, user, "too_many_codes")


def tell_disabled(context: RequestContext, user: User, row: Authenticator) -> None:
    """The hundredth failure disabled the authenticator: said once (RL-1)."""
    record_event(context, "authenticator_disabled", about=user, reason="too_many_failures", refused=True, factor=row.method)
    notices.queue_notice(context, user, "authenticator_disabled")
    throttle.discard_failures(user, row.failures)


def stop_backup_codes(context: RequestContext, user: User) -> None:
    """The hundredth wrong backup code stopped the set: said once; its failures count no more (RL-1)."""
    record_event(
        context, "authenticator_disabled", about=user, reason="too_many_failures", refused=True, factor=backup_codes.FACTOR
    )
    notices.queue_notice(context, user, "backup_codes_stopped")
    throttle.discard_failures(user, user.backup_failures)
