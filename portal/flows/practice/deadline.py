"""A practice's set-up deadline and grace period. Without a deadline, set-up comes before any chart (TO-11)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from portal import zones
from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.rule_record import DEADLINE, deadline_value, record_rule
from portal.flows.practice import team
from portal.models import Practice, Session, User

ROLE = "provider"  # administrators set the deadline, and have none themselves


@dataclass(frozen=True)
class Deadline:
    """When everyone should be set up, and the grace period after it. `day` is None if there is no deadline, and so no grace."""

    day: date | None  # at the practice, until midnight there
    days: int
    sign_ins: int


@dataclass(frozen=True)
class Grace:
    """How long a person may still put off set-up."""

    day: date  # of the deadline, at the practice
    is_over: bool  # whether the deadline has passed: days and sign-ins count from then on
    days_left: int
    sign_ins_left: int


def load_deadline(context: RequestContext) -> Deadline:
    """The deadline of the visitor's practice."""
    row = select(Practice.deadline_at, Practice.grace_days, Practice.grace_sign_ins).where(
        Practice.id == context.user.practice_id
    )
    at, days, sign_ins = db.session.execute(row).one()
    return Deadline(at.astimezone(context.place).date() if at else None, days, sign_ins)


def set_deadline(context: RequestContext, day: date, days: int, sign_ins: int) -> None:
    """Set the deadline, which gives grace to the providers who are not set up now: those who join later set up at once."""
    begin_write()
    at = zones.end_of_day(day, context.place)
    change_practice(context, deadline_at=at, grace_days=days, grace_sign_ins=sign_ins)
    not_set_up = update(User).where(*team.own_accounts(context), User.role == ROLE, User.two_factor == "off")
    change(not_set_up.values(grace_sign_ins=sign_ins))
    record_rule(context, context.user.practice_id, DEADLINE, deadline_value(at, days, sign_ins))
    record_event(context, "deadline_set")
    db.session.commit()


def remove_deadline(context: RequestContext) -> None:
    """Remove the deadline: from the next sign-in on, set-up comes first."""
    begin_write()
    change_practice(context, deadline_at=None, grace_days=0, grace_sign_ins=0)
    record_rule(context, context.user.practice_id, DEADLINE, deadline_value(None, 0, 0))
    record_event(context, "deadline_removed")
    db.session.commit()


def change_practice(context: RequestContext, **columns: datetime | int | None) -> None:
    """Write the practice's columns, and end all grace under an older deadline."""
    change(update(Practice).where(Practice.id == context.user.practice_id).values(**columns))
    change(update(User).where(User.practice_id == context.user.practice_id).values(grace_sign_ins=None))


def grace(context: RequestContext) -> Grace | None:
    """The visitor's grace, or None."""
    if context.user.two_factor != "off" or context.user.role != ROLE:
        return None
    row = select(User.grace_sign_ins, Practice.deadline_at, Practice.grace_days).join(Practice, Practice.id == User.practice_id)
    found = db.session.execute(row.where(User.id == context.user.user_id, User.disabled_at.is_(None))).first()
    return grace_left(context.now, context.place, *found) if found else None


def grace_left(now: datetime, zone: ZoneInfo, sign_ins: int | None, deadline_at: datetime | None, days: int) -> Grace | None:
    """Pure: grace ends with its days or its sign-ins, whichever is used up first."""
    if sign_ins is None or deadline_at is None:
        return None
    time_left = deadline_at + timedelta(days=days) - now
    is_over = now > deadline_at
    if is_over and (time_left <= timedelta() or sign_ins < 1):
        return None
    return Grace(deadline_at.astimezone(zone).date(), is_over, -(-time_left // timedelta(days=1)), sign_ins)


def put_off_setup(context: RequestContext) -> bool:
    """Put set-up off for this sign-in ("Later"), which after the deadline uses one of the sign-ins. False if no grace is left."""
    begin_write()
    db.session.execute(select(User.id).where(User.id == context.user.user_id).with_for_update())
    left = grace(context)
    this_session = update(Session).where(Session.id == context.user.session_id, Session.put_off_at.is_(None))
    if left is None or not change(this_session.values(put_off_at=context.now)):
        db.session.rollback()
        return left is not None or was_setup_put_off(context)
    if left.is_over:
        change(update(User).where(User.id == context.user.user_id).values(grace_sign_ins=User.grace_sign_ins - 1))
    record_event(context, "set_up_put_off")
    db.session.commit()
    return True


def was_setup_put_off(context: RequestContext) -> bool:
    """Whether this is a repeated "Later", whose first submission used the last sign-in."""
    return db.session.scalar(select(Session.put_off_at).where(Session.id == context.user.session_id)) is not None


def may_pass_without_setup(context: RequestContext) -> bool:
    """Whether set-up was put off at this sign-in, which holds until the session ends."""
    return context.user.put_off_at is not None and context.user.two_factor == "off" and context.user.role == ROLE
