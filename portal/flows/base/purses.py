"""The two purses that wrong answers are charged to (RL-7), and their statements, made once: each attempt runs them.

An account has a purse for sessions and browsers that its owner completed a sign-in with before, and one for everybody else, so that
a stranger who has the password cannot spend the owner's tries.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    String,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.models import Authenticator, NoticeAddress, Session, User
from portal.settings import config

# Loaded with the user, so that a notice need not query the second addresses of the many people who have none. The account's id is
# spelled out, because SQLAlchemy leaves the table's name away in RETURNING on SQLite, where "id" would be the address's own.
SECOND_ADDRESSES = (
    select(func.count())
    .select_from(NoticeAddress)
    .where(NoticeAddress.user_id == literal_column("users.id"), NoticeAddress.confirmed_at.is_not(None))
    .scalar_subquery()
)


@dataclass(frozen=True, eq=False)
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
PURSES = (STRANGERS, OWN)


def purse_for(is_known: bool) -> Purse:
    """The owner's purse for what is known to be theirs, else the strangers'."""
    return OWN if is_known else STRANGERS


# --- statements. Their parameters: "own" is the account or the authenticator, the times are those of `pause_times`.

MOMENT = User.codes_paused_until.type
LOADED: dict[str, Any] = {"synchronize_session": False, "populate_existing": True}


def pause_times(now: datetime) -> dict[str, datetime]:
    """The parameters of a statement that may begin a pause."""
    ends = {f"pause_{at}": now + pause for at, pause in enumerate(config.PAUSES)}
    return {"now": now, "latest": clock.latest_end(now, config.PAUSES[-1]), **ends}


def is_over(until: SQLColumnExpression[datetime | None]) -> ColumnElement[bool]:
    """SQL: whether a pause is over, or longer than any can be, because a clock that ran ahead began it."""
    return or_(until.is_(None), until <= bindparam("now", type_=MOMENT), until > bindparam("latest", type_=MOMENT))


def pause_at(failures: ColumnElement[int], until: SQLColumnExpression[datetime | None]) -> ColumnElement[datetime | None]:
    """SQL: every tenth failure starts a pause, each twice as long as the one before, up to an hour (RL-2)."""
    every, longest = config.TRIES_BEFORE_PAUSE, len(config.PAUSES)
    ends = [bindparam(f"pause_{at}", type_=MOMENT) for at in range(longest)]
    branches = [(failures == every * (at + 1), end) for at, end in enumerate(ends)]
    return case(*branches, ((failures > every * longest) & (failures % every == 0), ends[-1]), else_=until)


def less(count: SQLColumnExpression[int], by: ColumnElement[int]) -> ColumnElement[int]:
    """SQL: the count less some of it, at least 0."""
    return case((count - by > 0, count - by), else_=0)


# Charge an attempt to an account that is not paused: it comes back locked. "passwords", "set_ups": how many of these it is.
CHARGE = {
    purse: update(User)
    .where(User.id == bindparam("own"), is_over(purse.paused_until))
    .values(
        {
            purse.failures: purse.failures + 1,
            purse.paused_until: pause_at(purse.failures + 1, purse.paused_until),
            User.password_failures: User.password_failures + bindparam("passwords"),
            User.set_up_failures: User.set_up_failures + bindparam("set_ups"),
        }
    )
    .returning(*User.__table__.c, SECOND_ADDRESSES)
    for purse in PURSES
}
PAUSED_UNTIL = {purse: select(purse.paused_until).where(User.id == bindparam("own")) for purse in PURSES}
# Take so many "failures" off; more columns of the user are further parameters, by their names.
CLEAR = {
    purse: update(User).where(User.id == bindparam("own")).values({purse.failures: less(purse.failures, bindparam("cleared"))})
    for purse in PURSES
}
CLEAR_AT_CHANGE = {purse: CLEAR[purse].values({User.generation: User.generation + 1}) for purse in PURSES}
# Charge the working authenticators of "own" that take such an answer, and none of the methods "not_for" it; all of them come back.
IS_CHARGED = and_(
    Authenticator.method.not_in(bindparam("not_for", expanding=True)),
    or_(bindparam("only", type_=String).is_(None), Authenticator.id == bindparam("only", type_=String)),
)
CHARGE_EACH = {
    purse: update(Authenticator)
    .where(Authenticator.user_id == bindparam("own"), purse.working)
    .values(
        {
            purse.each_failures: purse.each_failures + case((IS_CHARGED, 1), else_=0),
            purse.disabled_at: case(
                (
                    purse.each_failures + case((IS_CHARGED, 1), else_=0) >= config.FAILURES_TO_DISABLE,
                    bindparam("now", type_=MOMENT),
                ),
                else_=None,
            ),
        }
    )
    .returning(*Authenticator.__table__.c)
    for purse in PURSES
}
UNCHARGE_EACH = {
    purse: update(Authenticator)
    .where(Authenticator.id.in_(bindparam("own", expanding=True)))
    .values({purse.each_failures: purse.each_failures - 1, purse.disabled_at: None})
    for purse in PURSES
}
KEEP_WORKING = {
    purse: update(Authenticator).where(Authenticator.id == bindparam("own")).values({purse.disabled_at: None}) for purse in PURSES
}
LOCK = select(User, SECOND_ADDRESSES).where(User.id == bindparam("own")).with_for_update(of=User)
OPEN_BACKUP_ATTEMPT = (
    select(User, Session, SECOND_ADDRESSES)
    .join(Session, Session.user_id == User.id)
    .where(Session.id == bindparam("session"))
    .with_for_update(of=(User, Session))
)
