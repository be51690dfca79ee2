"""Rate limiting of wrong answers: each attempt is charged, to one of two purses, before anything is compared (RL-1 to RL-5).

An account has a purse for sessions and browsers that its owner completed a sign-in with before, and one for everybody else, so that
a stranger who has the password cannot spend the owner's tries (RL-7). Within a purse the count goes across sessions and addresses.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, literal_column, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.answers import Answer
from portal.db import change, db
from portal.flows.base.context import RequestContext
from portal.methods import takers_of_another, unguessable
from portal.models import Authenticator, NoticeAddress, Session, User
from portal.settings import config
from portal.words.refusals import Refused

# Loaded with the user, so that a notice need not query the second addresses of the many people who have none. The account's id is
# spelled out, because SQLAlchemy leaves the table's name away in RETURNING on SQLite, where "id" would be the address's own.
SECOND_ADDRESSES = (
    select(func.count())
    .select_from(NoticeAddress)
    .where(NoticeAddress.user_id == literal_column("users.id"), NoticeAddress.confirmed_at.is_not(None))
    .scalar_subquery()
)


@dataclass(frozen=True)
class Purse:
    """The columns that attempts are charged to."""

    name: str
    failures: InstrumentedAttribute[int]  # of a user
    paused_until: InstrumentedAttribute[datetime | None]  # of a user
    each_failures: InstrumentedAttribute[int]  # of an authenticator
    disabled_at: InstrumentedAttribute[datetime | None]  # of an authenticator: what the hundredth failure sets

    def count(self, user: User) -> int:
        """How many failures in a row the purse has counted."""
        return int(getattr(user, self.failures.key))

    def each_count(self, row: Authenticator) -> int:
        """How many of them could have been for this authenticator."""
        return int(getattr(row, self.each_failures.key))

    def takes(self, row: Authenticator) -> bool:
        """Whether the authenticator works for whom this purse is."""
        return row.suspended_at is None and not self.blocks(row)

    def blocks(self, row: Authenticator) -> bool:
        """Whether a hundred wrong codes stopped the authenticator for whom this purse is (RL-1)."""
        return row.disabled_at is not None or getattr(row, self.disabled_at.key) is not None

    @property
    def working(self) -> ColumnElement[bool]:
        """SQL: what `takes` says."""
        return and_(Authenticator.suspended_at.is_(None), ~self.blocked)

    @property
    def blocked(self) -> ColumnElement[bool]:
        """SQL: what `blocks` says."""
        return or_(Authenticator.disabled_at.is_not(None), self.disabled_at.is_not(None))


STRANGERS = Purse(
    "strangers", User.code_failures, User.codes_paused_until, Authenticator.failures, Authenticator.strangers_disabled_at
)
OWN = Purse("own", User.own_failures, User.own_paused_until, Authenticator.own_failures, Authenticator.disabled_at)


def end_pauses(user: User) -> None:
    """End the account's pauses, in the open transaction."""
    user.codes_paused_until = user.own_paused_until = None


def purse_for(is_known: bool) -> Purse:
    """The owner's purse for what is known to be theirs, else the strangers'."""
    return OWN if is_known else STRANGERS


def purse_of(context: RequestContext, user_id: int) -> Purse:
    """The purse that the visitor's attempts at this account are charged to.

    The owner's: a complete session of theirs, or a claimant in a browser known to them (`known_browsers`).
    """
    visitor = context.visitor
    return purse_for(visitor is not None and visitor.user_id == user_id and (visitor.browser_known or not visitor.owes_code))


def pause_left(context: RequestContext) -> int:
    """Seconds until the visitor's codes are compared again, rounded up; 0 if they are."""
    user = context.user
    until = user.own_paused_until if purse_of(context, user.user_id) is OWN else user.codes_paused_until
    return seconds_until(until, context.now)


def backup_pause_left(context: RequestContext) -> int:
    """The same for backup codes in this session."""
    return seconds_until(context.user.backup_paused_until, context.now)


def seconds_until(until: datetime | None, now: datetime) -> int:
    """Seconds until the end of a pause, rounded up; 0 if there is none, or a clock that ran ahead began it."""
    return ceil((until - now).total_seconds()) if until and clock.is_ahead(until, now, config.PAUSES[-1]) else 0


def charge_attempt(context: RequestContext, user_id: int, password: bool = False, set_up: bool = False) -> User:
    """Charge one attempt to the visitor's purse and return the account; its row stays locked until the transaction ends.

    Raises Refused("throttled", wait=seconds) if the purse is paused; then nothing is charged.
    """
    purse = purse_of(context, user_id)
    failures = purse.failures + 1
    statement = (
        update(User)
        .where(User.id == user_id, is_over(purse.paused_until, context.now))
        .values(
            {
                purse.failures: failures,
                purse.paused_until: case(*pause_branches(failures, context.now), else_=purse.paused_until),
                User.password_failures: User.password_failures + int(password),
                User.set_up_failures: User.set_up_failures + int(set_up),
            }
        )
        .returning(User, SECOND_ADDRESSES)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    charged = db.session.execute(statement).first()
    if charged is None:
        raise paused(db.session.scalar(select(purse.paused_until).where(User.id == user_id)))
    user: User
    user, user.second_addresses = charged
    return user


def open_backup_attempt(context: RequestContext) -> tuple[User, Session]:
    """The account and the visitor's session for an answer that is a backup code; both rows stay locked until the transaction ends.

    Backup codes have 80 random bits, so they need no count across sessions: each new session costs a password, and a count of the
    account's would let strangers close the owner's last way in (BC-7, RL-7). Raises Refused("throttled").
    """
    rows = select(User, Session, SECOND_ADDRESSES).join(Session, Session.user_id == User.id)
    locked = rows.where(Session.id == context.user.session_id).with_for_update(of=(User, Session))
    user, session, second_addresses = db.session.execute(locked, execution_options={"populate_existing": True}).one()
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


def is_over(until: SQLColumnExpression[datetime | None], now: datetime) -> ColumnElement[bool]:
    """SQL: whether a pause is over, or longer than any can be, because a clock that ran ahead began it."""
    return or_(until.is_(None), until <= now, until > clock.latest_end(now, config.PAUSES[-1]))


def lock_account(user_id: int) -> User:
    """The account for an answer that is not charged to it; its row stays locked until the transaction ends."""
    rows = select(User, SECOND_ADDRESSES).where(User.id == user_id).with_for_update(of=User)
    user: User
    user, user.second_addresses = db.session.execute(rows, execution_options={"populate_existing": True}).one()
    return user


def pause_branches(failures: ColumnElement[int], now: datetime) -> list[tuple[ColumnElement[bool], datetime]]:
    """CASE branches: every tenth failure starts a pause, each twice as long as the one before, up to an hour (RL-2)."""
    every = config.TRIES_BEFORE_PAUSE
    longest = len(config.PAUSES)
    branches = [(failures == every * (at + 1), now + pause) for at, pause in enumerate(config.PAUSES)]
    return [*branches, ((failures > every * longest) & (failures % every == 0), now + config.PAUSES[-1])]


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


def clear_failures(context: RequestContext, user: User, failures: int, **columns: object) -> None:
    """After a right answer: subtract this factor's failures (RL-5 resets only the factor used) and end the pause they began.

    `columns`: other columns of the user, written by the same UPDATE.
    """
    purse = purse_of(context, user.id)
    left = purse.failures - failures
    values = {purse.failures.key: case((left > 0, left), else_=0), **columns}
    if failures and tries_left(purse.count(user)) == 0:
        values[purse.paused_until.key] = None
    change(update(User).where(User.id == user.id).values(**values))


def charge_authenticators(context: RequestContext, user_id: int, answer: Answer) -> list[Authenticator]:
    """Charge the attempt to the working authenticators the answer may be for; the hundredth failure disables one (RL-1).

    A stranger's hundredth disables it for strangers, the owner's for everybody. Methods that cannot be guessed are not charged.
    Returns every working authenticator, oldest first, locked until the transaction ends.
    """
    purse = purse_of(context, user_id)
    applies: list[ColumnElement[bool]] = [Authenticator.method.not_in([*takers_of_another(answer.kind), *unguessable()])]
    if answer.authenticator_id is not None:
        applies.append(Authenticator.id == answer.authenticator_id)
    failures = purse.each_failures + case((and_(*applies), 1), else_=0)
    is_full = failures >= config.FAILURES_TO_DISABLE
    statement = (
        update(Authenticator)
        .where(Authenticator.user_id == user_id, purse.working)
        .values({purse.each_failures: failures, purse.disabled_at: case((is_full, context.now), else_=None)})
        .returning(Authenticator)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    rows = sorted(db.session.scalars(statement), key=lambda row: row.created_at)
    for row in rows:
        row.charged = purse.each_failures.key
    return rows


def uncharge_authenticators(purse: Purse, rows: list[Authenticator]) -> None:
    """Take one charge back from each authenticator that the answer was not for."""
    for row in [row for row in rows if row.method not in unguessable()]:
        values = {purse.each_failures.key: purse.each_count(row) - 1, purse.disabled_at.key: None}
        change(update(Authenticator).where(Authenticator.id == row.id).values(**values))


def keep_working(purse: Purse, row: Authenticator) -> None:
    """After a right answer: undo the stop that its own charge, the hundredth, began. The method has cleared the failures."""
    if not purse.takes(row):
        change(update(Authenticator).where(Authenticator.id == row.id).values({purse.disabled_at.key: None}))


def discard_failures(purse: Purse, user: User, failures: int) -> None:
    """Subtract a disabled authenticator's failures, and end the pause that the last one began (RL-1).

    It can no longer be guessed, so it must not keep the person from using another one.
    """
    left = purse.failures - failures
    values = {purse.failures.key: case((left > 0, left), else_=0), purse.paused_until.key: None}
    change(update(User).where(User.id == user.id).values(**values))
