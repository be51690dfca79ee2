"""Checking one answer of a user: charge, compare, spend. Runs in the caller's transaction, but commits a refusal itself."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, update

from portal.answers import BACKUP_CODE, CODE, Answer
from portal.crypto import SealBroken
from portal.db import begin_write, change, db
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.factors import backup_codes, code_sets, wrong_answers
from portal.flows.factors.challenges import (
    attempt_key,
    explain_disabled,
    explain_switched_off,
    live_authenticators,
    open_secret,
    usable_authenticators,
)
from portal.flows.messages import notices
from portal.methods import CodeLate, NotAsked, can_be_guessed, method, takes
from portal.models import Authenticator, User
from portal.policy import policy_of
from portal.words.refusals import Refused

log = logging.getLogger(__name__)
NOTE_RIGHT = update(User).where(User.id == bindparam("own"))

RECOGNIZED = ("used", "clock_slow", "clock_fast")  # reasons that say whose code it was (product rule 8)


@dataclass(frozen=True)
class Proof:
    """A second factor that was proved."""

    user: User
    factor: str
    backup_left: int | None = None


def check_code(context: RequestContext, answer: Answer, event: str, **columns: Any) -> Proof:
    """Check an answer of the visitor, in a transaction that stays open.

    `columns` of the user are written after a right answer. A refusal is recorded as `event`, committed, and raised.
    """
    begin_write()
    user_id, is_backup = context.user.user_id, answer.kind == BACKUP_CODE
    try:
        if is_backup:
            return check_backup_code(context, answer.value, columns)
        charge = is_charged(answer)
        user = throttle.charge_attempt(context, user_id) if charge else throttle.lock_account(user_id)
        return check_authenticators(context, user, answer, columns)
    except Refused as refused:
        factor = backup_codes.FACTOR if is_backup else answer_factor(context, answer)
        record_event(context, event, reason=refused.reason, refused=True, factor=factor)
        db.session.commit()
        raise


def answer_factor(context: RequestContext, answer: Answer) -> str:
    """The method that a wrong answer was for, if only one is possible; otherwise the answer's kind.

    The kind as well if a pause was on: it was compared with nothing, and whoever guesses on shall cost little.
    """
    if is_charged(answer) and throttle.pause_left(context):
        return answer.kind
    methods = {row.method for row in live_authenticators(context) if is_for(answer, row)}
    return methods.pop() if len(methods) == 1 else answer.kind


def is_charged(answer: Answer) -> bool:
    """Whether a wrong answer counts toward the rate limit. Kinds that cannot be guessed do not, and no pause applies to them."""
    return can_be_guessed(answer.kind)


def is_for(answer: Answer, row: Authenticator) -> bool:
    """Whether the answer is checked against this authenticator and charged to it."""
    named = answer.authenticator_id in (None, row.id) and answer.method in (None, row.method)
    return named and takes(row.method, answer.kind)


def check_backup_code(context: RequestContext, code: str, columns: Mapping[str, Any]) -> Proof:
    """Spend one of the user's backup codes. Pauses after six-digit codes do not apply to them (RL-7). Raises Refused."""
    user, session = throttle.open_backup_attempt(context)
    try:
        left = code_sets.spend_code(context, user, code)
    except Refused as refused:
        failures = throttle.charge_backup_code(context, user, session)
        wrong_answers.notify_backup_failures(context, user)
        raise wrong_answers.with_tries(refused, failures) from None
    # The session's count ends with its token, which every caller replaces.
    change(NOTE_RIGHT, {"own": user.id, "backup_failures": 0, **columns})
    record_event(context, "backup_code_used", factor=backup_codes.FACTOR)
    notices.queue_notice(context, user, "backup_code_used", left=left)
    return Proof(user, backup_codes.FACTOR, left)


def check_authenticators(context: RequestContext, user: User, answer: Answer, columns: Mapping[str, Any]) -> Proof:
    """Check the answer against each live authenticator of the user that it is for. Raises Refused."""
    purse = throttle.purse_of(context, user.id)
    working = throttle.charge_authenticators(context, user.id, answer)
    charged = [row for row in working if is_for(answer, row)]
    rows = [row for row in usable_authenticators(context.policy_of(user.role), working) if row in charged]
    throttle.uncharge_authenticators(purse, [row for row in charged if row not in rows])
    outcome = try_authenticators(context, user, rows, answer)
    if outcome.right is not None:
        throttle.keep_working(purse, outcome.right)
        throttle.uncharge_authenticators(purse, [other for other in rows if other is not outcome.right])
        failures = (purse.each_count(outcome.right) or 1) if is_charged(answer) else 0
        throttle.clear_failures(context, user, failures, **columns)
        return Proof(user, outcome.right.method)
    is_late = isinstance(outcome.refused, CodeLate)
    if is_late or len(outcome.skipped) == len(rows):  # no guess
        throttle.uncharge_authenticators(purse, rows)
        throttle.clear_failures(context, user, int(is_charged(answer)))
        raise outcome.refused if is_late else explain_nothing_compared(context, answer, working, outcome)
    if not is_charged(answer):
        raise outcome.refused
    throttle.uncharge_authenticators(purse, outcome.skipped)
    disabled = [row for row in rows if not purse.takes(row) and row not in outcome.skipped]
    for row in disabled:
        wrong_answers.notify_disabled(context, user, row)
    if disabled:
        raise explain_disabled(context)
    wrong_answers.notify_pause(context, user)
    raise wrong_answers.with_tries(outcome.refused, purse.count(user))


@dataclass
class Outcome:
    """The outcome of one answer: the authenticator it was right for, or the most helpful refusal, and those not compared."""

    right: Authenticator | None = None
    refused: Refused = field(default_factory=lambda: Refused("disabled"))
    skipped: list[Authenticator] = field(default_factory=list)
    not_asked: str = ""  # why one of them was not compared


def explain_nothing_compared(context: RequestContext, answer: Answer, working: list[Authenticator], outcome: Outcome) -> Refused:
    """Why the answer was compared with none of the user's authenticators."""
    if not working:
        return explain_disabled(context)
    off = explain_switched_off(context) if answer.kind == CODE else None
    return off or Refused(outcome.not_asked or "answer_other")


def try_authenticators(context: RequestContext, user: User, rows: list[Authenticator], answer: Answer) -> Outcome:
    """Methods that send come last: of two plain refusals, the one about the code just sent is the more helpful."""
    outcome = Outcome()
    for row in sorted(rows, key=sends_codes):
        if outcome.refused.reason in RECOGNIZED:  # the code belongs to an earlier authenticator, so it is no guess at this one
            outcome.skipped.append(row)
            continue
        try:
            verify_answer(context, user, row, answer)
        except NotAsked as unasked:
            outcome.skipped.append(row)
            outcome.not_asked = unasked.reason
        except Refused as rejected:
            outcome.refused = wrong_answers.explain_refusal(
                rejected,
                method(row.method),
                getattr(row, row.charged),
                wrong_answers.HINTS_AT_SIGN_IN,
                policy_of(user.role).issuer,
            )
        else:
            outcome.right = row
            break
    return outcome


def sends_codes(row: Authenticator) -> bool:
    kind = method(row.method)
    return kind is not None and kind.sends


def verify_answer(context: RequestContext, user: User, row: Authenticator, answer: Answer) -> None:
    """Let the authenticator's method verify and spend the answer.

    Raises NotAsked if the method is switched off; Refused, also if its secret cannot be decrypted (CR-5).
    """
    kind = method(row.method)
    if kind is None:
        raise NotAsked("answer_other")
    try:
        secret = open_secret(context, user, row, attempt_key(context))
    except SealBroken:
        log.critical("authenticator %s cannot be decrypted with the configured keys", row.id)
        raise Refused("unreadable") from None
    kind.challenge.take(secret, row, answer, context.now)
