"""Limits on how often something may be tried: counted in the database, charged before anything is compared (RL-4, RL-6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, and_, case, delete, or_, select, type_coerce

from portal import clock
from portal.crypto import Keyring
from portal.db import begin_write, change, db, insert_or_update
from portal.flows.base.context import RequestContext
from portal.models import LimitCounter
from portal.settings import config
from portal.words.refusals import Refused

LONGEST = config.PASSWORD_NAME_IN  # of all windows


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries in a window, which the first of them begins. `key` names the one who spends them."""

    key: str
    most: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Charge:
    """One try, charged to a limit."""

    limit: Limit
    spent: int
    ends_at: datetime

    @property
    def was_last(self) -> bool:
        """Whether no more tries are left in this window."""
        return self.spent >= self.limit.most


def make_limit(keys: Keyring, most: int, window: timedelta, kind: str, *whose: str) -> Limit:
    """The limit of a kind for one spender, who is stored as a keyed hash only (AU-3)."""
    return Limit(keys.look_up_hash("\0".join(("limit", kind, *whose))).hex(), most, window)


def is_over(now: datetime, latest: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    """SQL: whether a counter's window has ended, or was begun by a clock that ran ahead and has been set back since."""
    return or_(LimitCounter.ends_at <= now, LimitCounter.ends_at > latest)


def refuse_if_spent(context: RequestContext, limits: list[Limit]) -> None:
    """Raise the refusal of a limit that is used up, with the longest wait; changes nothing. One SELECT."""
    if waits := list_waits(context, limits):
        raise throttled(waits)


def list_waits(context: RequestContext, limits: list[Limit]) -> list[timedelta]:
    """How long each limit that is used up stays so, from this moment: the request may have waited for a lock (RL-8)."""
    by_key = {limit.key: limit for limit in limits}
    counters = select(LimitCounter).where(LimitCounter.key.in_(by_key))
    return [
        row.ends_at - clock.now()
        for row in db.session.scalars(counters, execution_options={"populate_existing": True})
        if row.spent >= by_key[row.key].most and clock.is_ahead(row.ends_at, context.now, by_key[row.key].window)
    ]


def throttled(waits: list[timedelta]) -> Refused:
    """The refusal of limits that are used up, with the longest wait in whole seconds, at least one."""
    return Refused("throttled", wait=max(1, ceil(max(waits, default=timedelta()).total_seconds())))


def charge(context: RequestContext, limits: list[Limit]) -> list[Charge]:
    """Charge one try to each limit, in the open transaction; one statement decides between concurrent requests.

    It locks the rows in the order of their keys, as every statement here does: otherwise two would wait for each other.
    Raises Refused if one is used up; the caller rolls back, so that a refused try costs nothing.
    """
    by_key = {limit.key: limit for limit in limits}
    row = insert_or_update(LimitCounter).values(
        [{"key": key, "spent": 1, "ends_at": context.now + by_key[key].window} for key in sorted(by_key)]
    )
    most = case({limit.key: limit.most for limit in limits}, value=LimitCounter.key)
    latest = case({limit.key: clock.latest_end(context.now, limit.window) for limit in limits}, value=LimitCounter.key)
    over = is_over(context.now, type_coerce(latest, LimitCounter.ends_at.type))
    counted = row.on_conflict_do_update(
        index_elements=[LimitCounter.key],
        set_={
            "spent": case((over, 1), else_=LimitCounter.spent + 1),
            "ends_at": case((over, row.excluded.ends_at), else_=LimitCounter.ends_at),
        },
        where=or_(over, LimitCounter.spent < most),
    ).returning(LimitCounter.key, LimitCounter.spent, LimitCounter.ends_at)
    charges = [Charge(by_key[key], spent, ends_at) for key, spent, ends_at in db.session.execute(counted)]
    if len(charges) < len(limits):
        raise throttled(list_waits(context, limits))
    return charges


def charge_at_once(context: RequestContext, limits: list[Limit]) -> list[Charge]:
    """Charge one try to each limit and commit, before it is compared. A refused one costs nothing. Raises Refused."""
    begin_write()
    try:
        charges = charge(context, limits)
    except Refused:
        db.session.rollback()
        raise
    db.session.commit()
    return charges


def refund(charges: list[Charge]) -> None:
    """Take one try back from each limit, if its window still runs; part of the open transaction.

    An upsert, because it locks the rows one by one in the order of its values: see `charge`.
    """
    row = insert_or_update(LimitCounter).values(
        [
            {"key": each.limit.key, "spent": 0, "ends_at": each.ends_at}
            for each in sorted(charges, key=lambda each: each.limit.key)
        ]
    )
    is_spent = and_(LimitCounter.ends_at == row.excluded.ends_at, LimitCounter.spent > 0)
    db.session.execute(
        row.on_conflict_do_update(index_elements=[LimitCounter.key], set_={"spent": LimitCounter.spent - 1}, where=is_spent)
    )


def forget_ended_counters(now: datetime) -> None:
    """Delete the counters whose windows are over, without waiting for one that a request begins anew."""
    begin_write()
    over = select(LimitCounter.key).where(is_over(now, clock.latest_end(now, LONGEST))).with_for_update(skip_locked=True)
    change(delete(LimitCounter).where(LimitCounter.key.in_(over)))
    db.session.commit()
