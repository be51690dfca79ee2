"""Rate limiting of wrong answers, per account: each attempt is charged before anything is compared (RL-1 to RL-5)."""

from datetime import datetime
from math import ceil

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, func, or_, select, update

from portal import clock
from portal.answers import Answer
from portal.db import change, db
from portal.flows.base.context import RequestContext
from portal.methods import takers_of_another, unguessable
from portal.models import Authenticator, NoticeAddress, User
from portal.settings import config
from portal.words.refusals import Refused

# Loaded with the user, so that a notice need not query the second addresses of the many people who have none.
SECOND_ADDRESSES = (
    select(func.count())
    .select_from(NoticeAddress)
    .where(NoticeAddress.user_id == User.id, NoticeAddress.confirmed_at.is_not(None))
    .scalar_subquery()
)


def charge_attempt(
    context: RequestContext, user_id: int, backup: bool = False, password: bool = False, set_up: bool = False
) -> User:
    """Charge one attempt to the account and return it; its row stays locked until the transaction ends.

    Raises Refused("throttled", wait=seconds) if the account is paused; then nothing is charged.
    """
    failures = User.code_failures + 1
    statement = (
        update(User)
        .where(User.id == user_id, is_over(User.codes_paused_until, context.now))
        .values(
            code_failures=failures,
            backup_failures=User.backup_failures + int(backup),
            password_failures=User.password_failures + int(password),
            set_up_failures=User.set_up_failures + int(set_up),
            codes_paused_until=case(*pause_branches(failures, context.now), else_=User.codes_paused_until),
        )
        .returning(User, SECOND_ADDRESSES)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    charged = db.session.execute(statement).first()
    if charged is None:
        raise Refused("throttled", wait=seconds_left(context, user_id))
    user: User
    user, user.second_addresses = charged
    return user


def is_over(until: SQLColumnExpression[datetime | None], now: datetime) -> ColumnElement[bool]:
    """SQL: whether a pause is over, or longer than any can be, because a clock that ran ahead began it."""
    return or_(until.is_(None), until <= now, until > clock.latest_end(now, config.PAUSES[-1]))


def lock_account(user_id: int) -> User:
    """The account for an answer that cannot be guessed: not charged, but locked until the transaction ends."""
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


def seconds_left(context: RequestContext, user_id: int) -> int:
    """Seconds until the pause ends, rounded up, as of this moment: the request may have waited for a lock (RL-8)."""
    until = db.session.scalar(select(User.codes_paused_until).where(User.id == user_id))
    return max(1, ceil((until - clock.now()).total_seconds())) if until else 1


def pause_seconds(failures: int) -> int:
    """Length of the pause that began at this number of failures."""
    return int(config.PAUSES[min(failures // config.TRIES_BEFORE_PAUSE, len(config.PAUSES)) - 1].total_seconds())


def tries_left(user: User) -> int:
    """Attempts left before the next pause; 0 if the one just charged began a pause."""
    return -user.code_failures % config.TRIES_BEFORE_PAUSE


def clear_failures(context: RequestContext, user: User, failures: int, backup: bool = False, **columns: object) -> None:
    """After a right answer: subtract this factor's failures (RL-5 resets only the factor used) and end the pause they began.

    `columns`: other columns of the user, written by the same UPDATE.
    """
    left = User.code_failures - failures
    values = {"code_failures": case((left > 0, left), else_=0), **columns}
    if failures and tries_left(user) == 0:
        values["codes_paused_until"] = None
    if backup:
        values["backup_failures"] = 0
    change(update(User).where(User.id == user.id).values(**values))


def charge_authenticators(context: RequestContext, user_id: int, answer: Answer) -> list[Authenticator]:
    """Charge the attempt to the live authenticators the answer may be for; the hundredth failure disables one (RL-1).

    Methods that cannot be guessed are not charged. Returns every live authenticator, oldest first, locked until the transaction ends.
    """
    applies: list[ColumnElement[bool]] = [Authenticator.method.not_in([*takers_of_another(answer.kind), *unguessable()])]
    if answer.authenticator_id is not None:
        applies.append(Authenticator.id == answer.authenticator_id)
    failures = Authenticator.failures + case((and_(*applies), 1), else_=0)
    is_over = failures >= config.FAILURES_TO_DISABLE
    statement = (
        update(Authenticator)
        .where(Authenticator.user_id == user_id, Authenticator.disabled_at.is_(None))
        .values(failures=failures, disabled_at=case((is_over, context.now), else_=None))
        .returning(Authenticator)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(db.session.scalars(statement), key=lambda row: row.created_at)


def uncharge_authenticators(rows: list[Authenticator]) -> None:
    """Take one charge back from each authenticator that the answer was not for."""
    for row in [row for row in rows if row.method not in unguessable()]:
        values = {"failures": row.failures - 1, "disabled_at": None}
        change(update(Authenticator).where(Authenticator.id == row.id).values(**values))


def keep_working(row: Authenticator) -> None:
    """After a right answer: undo the stop that its own charge, the hundredth, began. The method has cleared the failures."""
    if row.disabled_at is not None:
        change(update(Authenticator).where(Authenticator.id == row.id).values(disabled_at=None))


def discard_failures(user: User, failures: int) -> None:
    """Subtract a disabled authenticator's failures, and end the pause that the last one began (RL-1).

    It can no longer be guessed, so it must not keep the person from using another one.
    """
    left = User.code_failures - failures
    values = {"code_failures": case((left > 0, left), else_=0), "codes_paused_until": None}
    change(update(User).where(User.id == user.id).values(**values))
