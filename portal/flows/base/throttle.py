"""Wrong codes slow down, then lock: per account, charged before anything is compared (RL-1 to RL-5)."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update

from portal.answers import Answer
from portal.db import change, db
from portal.flows.base.context import RequestContext
from portal.methods import takers_of_another, unguessable
from portal.models import Authenticator, NoticeAddress, User
from portal.settings import config
from portal.words.refusals import Refused

# How many second addresses a notice would have to look for: most people have none.
SECOND_ADDRESSES = (
    select(func.count())
    .select_from(NoticeAddress)
    .where(NoticeAddress.user_id == User.id, NoticeAddress.confirmed_at.is_not(None))
    .scalar_subquery()
)


def charge_attempt(
    context: RequestContext, user_id: int, backup: bool = False, password: bool = False, set_up: bool = False
) -> User:
    """Charge one try to the account and return it; its row stays locked until the transaction ends.

    Raises Refused("throttled", minutes=N) where the account pauses; nothing is charged or compared then.
    """
    failures = User.code_failures + 1
    statement = (
        update(User)
        .where(User.id == user_id, or_(User.codes_paused_until.is_(None), User.codes_paused_until <= context.now))
        .values(
            code_failures=failures,
            backup_failures=User.backup_failures + int(backup),
            password_failures=User.password_failures + int(password),
            set_up_failures=User.set_up_failures + int(set_up),
            codes_paused_until=case(*pauses(failures, context.now), else_=User.codes_paused_until),
        )
        .returning(User, SECOND_ADDRESSES)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    charged = db.session.execute(statement).first()
    if charged is None:
        raise Refused("throttled", minutes=minutes_left(context, user_id))
    user: User
    user, user.second_addresses = charged
    return user


def lock(user_id: int) -> User:
    """The account for an answer that cannot be guessed: charged with nothing, locked until the transaction ends."""
    rows = select(User, SECOND_ADDRESSES).where(User.id == user_id).with_for_update(of=User)
    user: User
    user, user.second_addresses = db.session.execute(rows, execution_options={"populate_existing": True}).one()
    return user


def pauses(failures: ColumnElement[int], now: datetime) -> list[tuple[ColumnElement[bool], datetime]]:
    """CASE branches: every tenth failure pauses, each pause twice the last, to an hour (RL-2)."""
    every = config.TRIES_BEFORE_PAUSE
    longest = len(config.PAUSES)
    branches = [(failures == every * (at + 1), now + pause) for at, pause in enumerate(config.PAUSES)]
    return [*branches, ((failures > every * longest) & (failures % every == 0), now + config.PAUSES[-1])]


def minutes_left(context: RequestContext, user_id: int) -> int:
    """Whole minutes, rounded up, until the account may try again; never more than the pause has, where this try began before it did."""
    until, failures = db.session.execute(select(User.codes_paused_until, User.code_failures).where(User.id == user_id)).one()
    seconds = (until - context.now).total_seconds() if until else 0
    return max(1, min(-int(-seconds // 60), pause_minutes(failures)))


def pause_minutes(failures: int) -> int:
    """How long the pause is that this many failures began."""
    return int(config.PAUSES[min(failures // config.TRIES_BEFORE_PAUSE, len(config.PAUSES)) - 1].total_seconds() // 60)


def tries_left(user: User) -> int:
    """Tries before the next pause, after the one that was just charged."""
    return -user.code_failures % config.TRIES_BEFORE_PAUSE


def clear_failures(context: RequestContext, user: User, failures: int, backup: bool = False, **also: object) -> None:
    """A right code: take back this factor's failures (RL-5 resets only the factor used) and end the pause it began.

    `also`: other columns of the person, written by the same UPDATE.
    """
    left = User.code_failures - failures
    values = {"code_failures": case((left > 0, left), else_=0), **also}
    if failures and tries_left(user) == 0:
        values["codes_paused_until"] = None
    if backup:
        values["backup_failures"] = 0
    change(update(User).where(User.id == user.id).values(**values))


def charge_authenticators(context: RequestContext, user_id: int, answer: Answer) -> list[Authenticator]:
    """Charge the try to the live authenticators that it is for and that can be guessed; the hundredth failure disables one (RL-1).

    Returns every live one, oldest first, all of them locked until the transaction ends.
    """
    is_for: list[ColumnElement[bool]] = [Authenticator.method.not_in([*takers_of_another(answer.kind), *unguessable()])]
    if answer.authenticator_id is not None:
        is_for.append(Authenticator.id == answer.authenticator_id)
    failures = Authenticator.failures + case((and_(*is_for), 1), else_=0)
    over = failures >= config.FAILURES_TO_DISABLE
    statement = (
        update(Authenticator)
        .where(Authenticator.user_id == user_id, Authenticator.disabled_at.is_(None))
        .values(failures=failures, disabled_at=case((over, context.now), else_=None))
        .returning(Authenticator)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(db.session.scalars(statement), key=lambda row: row.created_at)


def uncharge_authenticators(rows: list[Authenticator]) -> None:
    """Take the charge of a right code back from the authenticators that it was not for."""
    for row in rows:
        if row.method in unguessable():
            continue
        values = {"failures": row.failures - 1, "disabled_at": None}
        change(update(Authenticator).where(Authenticator.id == row.id).values(**values))


def write_off(user: User, failures: int) -> None:
    """A disabled authenticator's failures no longer count, nor does the pause that its last one began: there is nothing left
    to guess, and the person's other ways in should open at once (RL-1)."""
    left = User.code_failures - failures
    values = {"code_failures": case((left > 0, left), else_=0), "codes_paused_until": None}
    change(update(User).where(User.id == user.id).values(**values))
