"""The second proof of a recovery (RC-1): the password, a code by text, or a backup code. Each try is charged before it is compared."""

from dataclasses import dataclass
from typing import Any

from portal.answers import CODE, Answer
from portal.db import db
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.limits import charge_at_once, make_limit
from portal.flows.base.recovery_cases import PROVING
from portal.flows.factors import backup_codes, code_sets
from portal.flows.messages import notices, send_code, text_waits
from portal.flows.recovery import texts
from portal.flows.recovery.own_case import Ways, list_ways, lock_own_case, read_own_case
from portal.flows.recovery.waiting import begin_waiting, make_ready
from portal.flows.sessions.known_browsers import is_known_browser
from portal.flows.sign_in import link_password
from portal.methods import NotAsked, Secret
from portal.models import RecoveryCase, RecoveryTicket, User
from portal.send_limits import Wait
from portal.settings import config
from portal.words.refusals import Refused

EVENT = "recovery_proof"
PASSWORD, TEXT = "password", "text"  # factors of the event, with backup_codes.FACTOR


def ways(context: RequestContext, ticket: RecoveryTicket) -> Ways:
    """Which proofs the account behind a ticket can show. Raises Refused."""
    return list_ways(context, read_own_case(context, ticket)[1])


def refuse_proof(context: RequestContext, case: RecoveryCase, user: User, refused: Refused, factor: str) -> Refused:
    """Record a wrong proof and commit; returns the refusal."""
    record_event(context, EVENT, about=user, reason=f"wrong_{factor}", refused=True, factor=factor, case_id=case.id)
    db.session.commit()
    return refused


def require_way(is_open: bool) -> None:
    """Raise Refused unless the proof counts for this account. The page offers no other, unless the account has changed since."""
    if not is_open:
        db.session.rollback()
        raise Refused("recovery_way")


# --- the password


def give_password(context: RequestContext, ticket: RecoveryTicket, password: str) -> None:
    """Show the password; the waiting time begins. A wrong one is charged as everywhere (RL-1). Raises Refused."""
    case, user = read_own_case(context, ticket)
    require_way(list_ways(context, user).password)
    shown = user.generation
    link_password.check_password(context, user, password, ticket.id, EVENT, f"wrong_{PASSWORD}", case.id)
    case, user = lock_own_case(context, ticket, PROVING)
    require_way(user.generation == shown and list_ways(context, user).password)
    throttle.clear_failures(context, user, user.password_failures, password_failures=0)
    complete_proof(context, ticket, case, user, PASSWORD, password_at=context.now)


def complete_proof(
    context: RequestContext, ticket: RecoveryTicket, case: RecoveryCase, user: User, factor: str, **shown: Any
) -> None:
    """Record a right proof, begin the waiting time, and commit. Raises Refused."""
    record_event(context, EVENT, about=user, factor=factor, case_id=case.id)
    begin_waiting(context, case, user, browser_hash=ticket.browser_hash, **shown)
    db.session.commit()


# --- a code by text


@dataclass(frozen=True)
class TextState:
    """The newest text of a case, for its page, which shows no digit of the number (EN-4)."""

    sent: bool
    over: bool  # its code can no longer be used
    stage: str  # as `Outbox.stage_at` says
    wait: Wait | None  # before the next one


def describe_text(context: RequestContext, ticket: RecoveryTicket) -> TextState | None:
    """What the page of a texted code shows; None if the account gets none. Raises Refused."""
    case, user = read_own_case(context, ticket)
    secret = open_number(context, case, user)
    if secret is None:
        return None
    target = text_waits.find_target(context, user, secret, is_known_browser(context, user))
    shown = texts.code_method().challenge.show(secret, context.now)
    wait = text_waits.find_wait(context, user.id, secret.attempt, target)
    return TextState(shown["sent"], shown.get("over", False), shown.get("stage", ""), wait)


def open_number(context: RequestContext, case: RecoveryCase, user: User) -> Secret | None:
    """The number that codes of the case are texted to; None if there is none that counts."""
    number = texts.find_number(context, user) if list_ways(context, user).text else None
    return texts.open_attempt(context, user, case, number) if number else None


def require_number(context: RequestContext, case: RecoveryCase, user: User) -> Secret:
    """The same. Raises Refused if there is none."""
    secret = open_number(context, case, user)
    if secret is None:
        db.session.rollback()
        raise Refused("recovery_way")
    return secret


def send_text(context: RequestContext, ticket: RecoveryTicket) -> None:
    """Text a code to the account's proved number, within the limits of all texts. Raises Refused."""
    case, user = lock_own_case(context, ticket, PROVING)
    secret = require_number(context, case, user)
    try:
        send_code.send_code(context, user, secret, texts.code_method(), is_known=is_known_browser(context, user))
    except Refused as refused:
        record_event(context, "code_sent", about=user, reason=refused.reason, refused=True, factor=texts.code_method().name)
        db.session.commit()
        raise
    db.session.commit()


def give_text(context: RequestContext, ticket: RecoveryTicket, code: str) -> None:
    """Show the texted code; the waiting time begins. Five wrong ones end it (SM-4). Raises Refused."""
    case, user = lock_own_case(context, ticket, PROVING)
    secret = require_number(context, case, user)
    try:
        texts.code_method().steps[-1].take(secret, Answer(CODE, code), context.now)
    except NotAsked:
        raise refuse_proof(context, case, user, Refused("text_first"), TEXT) from None
    except Refused as refused:
        raise refuse_proof(context, case, user, refused, TEXT) from None
    complete_proof(context, ticket, case, user, TEXT, text_at=context.now)


# --- a backup code


def give_backup_code(context: RequestContext, ticket: RecoveryTicket, code: str) -> None:
    """Spend a backup code, which is a factor of the account: no time has to pass, and the link is mailed at once. Raises Refused."""
    case, user = read_own_case(context, ticket)
    require_way(list_ways(context, user).backup_code)
    limit = make_limit(context.keys, config.RECOVERY_BACKUP_TRIES, config.RECOVERY_BACKUP_TRIES_IN, EVENT, case.id)
    charge_at_once(context, [limit])
    case, user = lock_own_case(context, ticket, PROVING)
    require_way(list_ways(context, user).backup_code)
    try:
        left = code_sets.spend_code(context, user, code)
    except Refused as refused:
        raise refuse_proof(context, case, user, refused, backup_codes.FACTOR) from None
    record_event(context, EVENT, about=user, factor=backup_codes.FACTOR, case_id=case.id)
    notices.queue_notice(context, user, "backup_code_used", left=left)
    make_ready(context, case, user, browser_hash=ticket.browser_hash, backup_code_at=context.now)
    db.session.commit()
