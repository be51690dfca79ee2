"""Rate limiting of wrong answers: each attempt is charged, to one of two purses, before anything is compared (RL-1 to RL-5).

An account has a purse for sessions and browsers that its owner completed a sign-in with before, and one for everybody else, so that
a stranger who has the password cannot spend the owner's tries (RL-7). Within a purse the count goes across sessions and addresses.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from portal import clock
from portal.answers import Answer
from portal.db import change, db, load, write
from portal.flows.base.context import RequestContext
from portal.flows.base.purses import (
    CHARGE,
    CHARGE_EACH,
    CLEAR,
    CLEAR_AT_CHANGE,
    KEEP_WORKING,
    LOADED,
    LOCK,
    OPEN_BACKUP_ATTEMPT,
    OWN,
    PAUSED_UNTIL,
    STRANGERS,
    UNCHARGE_EACH,
    Purse,
    pause_times,
    purse_for,
)
from portal.methods import takers_of_another, unguessable
from portal.models import Authenticator, Session, User
from portal.settings import config
from portal.words.refusals import Refused

__all__ = ["OWN", "STRANGERS", "Purse", "purse_for"]  # who counts attempts names the purses, too


def end_pauses(user: User) -> None:
    """End the account's pauses, in the open transaction."""
    user.codes_paused_until = user.own_paused_until = None


def purse_of(context: RequestContext, user_id: int) -> Purse:
    """The purse that the visitor's attempts at this account are charged to.

    The owner's: a complete session of theirs, or a claimant in a browser known to them (`known_browsers`).
    """
    visitor = context.visitor
    return purse_for(visitor is not None and visitor.user_id == user_id and (visitor.browser_known or not visitor.owes_code))


def pause_left(context: RequestContext) -> int:
    """Seconds until the visitor's codes are compared again, rounded up; 0 if they are."""
    return seconds_until(paused_until(context), context.now)


def paused_until(context: RequestContext) -> datetime | None:
    """When the pause of the visitor's purse ends or ended, as the request found it."""
    user = context.user
    return user.own_paused_until if purse_of(context, user.user_id) is OWN else user.codes_paused_until


def backup_pause_left(context: RequestContext) -> int:
    """The same for backup codes in this session."""
    return seconds_until(context.user.backup_paused_until, context.now)


def seconds_until(until: datetime | None, now: datetime) -> int:
    """Seconds until the end of a pause, rounded up; 0 if there is none, or a clock that ran ahead began it."""
    return ceil((until - now).total_seconds()) if until and clock.is_ahead(until, now, config.PAUSES[-1]) else 0


def charge_attempt(context: RequestContext, user_id: int, password: bool = False, set_up: bool = False) -> User:
    """Charge one attempt to the visitor's purse and return the account; its row stays locked until the transaction ends.

    Raises Refused("throttled", wait=seconds) if the purse is paused; then nothing is charged. A pause that the request found already
    needs no statement more: whoever guesses on gets the cheapest answer.
    """
    purse = purse_of(context, user_id)
    if context.visitor is not None and context.visitor.user_id == user_id and pause_left(context):
        raise paused(paused_until(context))
    counted = {"own": user_id, "passwords": int(password), "set_ups": int(set_up), **pause_times(context.now)}
    charged = write(CHARGE[purse], counted).first()
    if charged is None:
        raise paused(db.session.scalar(PAUSED_UNTIL[purse], {"own": user_id}))
    *columns, second_addresses = charged
    user = load(User, columns)
    user.second_addresses = second_addresses
    return user


def open_backup_attempt(context: RequestContext) -> tuple[User, Session]:
    """The account and the visitor's session for an answer that is a backup code; both rows stay locked until the transaction ends.

    Backup codes have 80 random bits, so they need no count across sessions: each new session costs a password, and a count of the
    account's would let strangers close the owner's last way in (BC-7, RL-7). Raises Refused("throttled").
    """
    own = {"session": context.user.session_id}
    user, session, second_addresses = db.session.execute(OPEN_BACKUP_ATTEMPT, own, execution_options=LOADED).one()
    if clock.is_ahead(session.backup_paused_until, context.now, config.PAUSES[-1]):
        raise paused(session.backup_paused_until)
    user.second_addresses = second_addresses
    return user, session


def charge_backup_code(context: RequestContext, user: User, session: Session) -> int:
    """Charge a wrong backup code to the session; returns how many in a row that makes. The tenth begins a pause, as in RL-2."""
    session.backup_failures += 1
    user.backup_failures += 1
    if tries_left(session.backup_failures) == 0:
        session.backup_paused_until = context.now + timedelta(seconds=pause_seconds(session.backup_failures))
    return session.backup_failures


def lock_account(user_id: int) -> User:
    """The account for an answer that is not charged to it; its row stays locked until the transaction ends."""
    user: User
    user, user.second_addresses = db.session.execute(LOCK, {"own": user_id}, execution_options=LOADED).one()
    return user


def paused(until: datetime | None) -> Refused:
    """The refusal during a pause, with the seconds until its end, rounded up.

    They count from this moment: the request may have waited for a lock (RL-8).
    """
    return Refused("throttled", wait=max(1, ceil((until - clock.now()).total_seconds())) if until else 1)


def pause_seconds(failures: int) -> int:
    """Length of the pause that began at this number of failures."""
    return int(config.PAUSES[min(failures // config.TRIES_BEFORE_PAUSE, len(config.PAUSES)) - 1].total_seconds())


def tries_left(failures: int) -> int:
    """Attempts left before the next pause; 0 if the one just charged began a pause."""
    return -failures % config.TRIES_BEFORE_PAUSE


def clear_failures(context: RequestContext, user: User, failures: int, is_change: bool = False, **columns: Any) -> None:
    """After a right answer: subtract this factor's failures (RL-5 resets only the factor used) and end the pause they began.

    `columns`: other columns of the user, written by the same UPDATE. `is_change`: of the factors, which ends earlier trust.
    """
    purse = purse_of(context, user.id)
    if failures and tries_left(purse.count(user)) == 0:
        columns[purse.paused_until.key] = None
    change((CLEAR_AT_CHANGE if is_change else CLEAR)[purse], {"own": user.id, "cleared": failures, **columns})


def charge_authenticators(context: RequestContext, user_id: int, answer: Answer) -> list[Authenticator]:
    """Charge the attempt to the working authenticators the answer may be for; the hundredth failure disables one (RL-1).

    A stranger's hundredth disables it for strangers, the owner's for everybody. Methods that cannot be guessed are not charged.
    Returns every working authenticator, oldest first, locked until the transaction ends.
    """
    purse = purse_of(context, user_id)
    not_for = [*takers_of_another(answer.kind), *unguessable()]
    charged = {"own": user_id, "now": context.now, "not_for": not_for, "only": answer.authenticator_id}
    rows = sorted((load(Authenticator, row) for row in write(CHARGE_EACH[purse], charged)), key=lambda row: row.created_at)
    for row in rows:
        row.charged = purse.each_failures.key
    return rows


def uncharge_authenticators(purse: Purse, rows: list[Authenticator]) -> None:
    """Take one charge back from each authenticator that the answer was not for."""
    charged = [row.id for row in rows if row.method not in unguessable()]
    if charged:
        change(UNCHARGE_EACH[purse], {"own": charged})


def keep_working(purse: Purse, row: Authenticator) -> None:
    """After a right answer: undo the stop that its own charge, the hundredth, began. The method has cleared the failures."""
    if not purse.takes(row):
        change(KEEP_WORKING[purse], {"own": row.id})


def discard_failures(purse: Purse, user: User, failures: int) -> None:
    """Subtract a disabled authenticator's failures, and end the pause that the last one began (RL-1).

    It can no longer be guessed, so it must not keep the person from using another one.
    """
    change(CLEAR[purse], {"own": user.id, "cleared": failures, purse.paused_until.key: None})
