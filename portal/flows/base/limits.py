"""Limits on how often something may be tried: counted in the database, charged before anything is compared (RL-4, RL-6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Insert,
    Integer,
    Row,
    String,
    and_,
    bindparam,
    case,
    delete,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.dml import ReturningInsert

from portal import clock
from portal.crypto import Keyring
from portal.db import begin_write, db, insert_or_update, write
from portal.flows.base.batches import change_in_batches, some_of
from portal.flows.base.context import RequestContext
from portal.models import LimitCounter
from portal.settings import config
from portal.words.refusals import Refused

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

LONGEST = config.TICKETS_IN  # of all windows


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


MOMENT = LimitCounter.ends_at.type
COUNTER = (LimitCounter.key, LimitCounter.spent, LimitCounter.ends_at)
HAS_KEY = LimitCounter.key.in_(bindparam("keys", expanding=True))
READ = select(*COUNTER).where(HAS_KEY)


def numbered(at: int, **values: object) -> dict[str, object]:
    """The parameters of one of the counters that a statement is about."""
    return {f"{name}_{at}": value for name, value in values.items()}


def key_of(at: int) -> BindParameter[str]:
    """SQL: the key of one of the counters."""
    return bindparam(f"key_{at}", type_=String)


def insert_counters(counters: int, spent: int) -> "sqlite.Insert | postgresql.Insert":
    """SQL: the INSERT of so many counters, as a SELECT: a list of values would be compiled anew at each execution."""
    rows = (select(key_of(at), literal_column(str(spent)), bindparam(f"ends_{at}", type_=MOMENT)) for at in range(counters))
    return insert_or_update(LimitCounter).from_select(["key", "spent", "ends_at"], union_all(*rows))


@cache
def charge_statement(dialect: str, counters: int) -> ReturningInsert[str, int, datetime]:
    """The upsert that charges a try to so many counters; it is made once for each number of them."""
    most = case(*((LimitCounter.key == key_of(at), bindparam(f"most_{at}", type_=Integer)) for at in range(counters)))
    latest = case(*((LimitCounter.key == key_of(at), bindparam(f"latest_{at}", type_=MOMENT)) for at in range(counters)))
    row = insert_counters(counters, spent=1)
    over = is_over(bindparam("now", type_=MOMENT), latest)
    return row.on_conflict_do_update(
        index_elements=[LimitCounter.key],
        set_={
            "spent": case((over, 1), else_=LimitCounter.spent + 1),
            "ends_at": case((over, row.excluded.ends_at), else_=LimitCounter.ends_at),
        },
        where=or_(over, LimitCounter.spent < most),
    ).returning(*COUNTER)


@cache
def refund_statement(dialect: str, counters: int) -> Insert:
    """The upsert that takes one try back from so many counters."""
    row = insert_counters(counters, spent=0)
    is_spent = and_(LimitCounter.ends_at == row.excluded.ends_at, LimitCounter.spent > 0)
    return row.on_conflict_do_update(index_elements=[LimitCounter.key], set_={"spent": LimitCounter.spent - 1}, where=is_spent)


def is_over(now: ColumnElement[datetime] | datetime, latest: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    """SQL: whether a counter's window has ended, or was begun by a clock that ran ahead and has been set back since."""
    return or_(LimitCounter.ends_at <= now, LimitCounter.ends_at > latest)


FIND_ENDED = some_of(select(LimitCounter.key).where(is_over(bindparam("now"), bindparam("latest"))))
FORGET = delete(LimitCounter).where(HAS_KEY)


def refuse_if_spent(context: RequestContext, limits: list[Limit], counters: Iterable[Row[Any]]) -> None:
    """Raise the refusal of a limit that is used up, with the longest wait. `counters`: rows with COUNTER's columns, of others too."""
    if waits := waits_of(context, limits, counters):
        raise throttled(waits)


def list_waits(context: RequestContext, limits: list[Limit]) -> list[timedelta]:
    """How long each limit that is used up stays so. One SELECT, which changes nothing."""
    return waits_of(context, limits, db.session.execute(READ, {"keys": [limit.key for limit in limits]}))


def waits_of(context: RequestContext, limits: list[Limit], counters: Iterable[Row[Any]]) -> list[timedelta]:
    """The same of counters that were read. From this moment: the request may have waited for a lock (RL-8)."""
    by_key = {limit.key: limit for limit in limits}
    return [
        row.ends_at - clock.now()
        for row in counters
        if (limit := by_key.get(row.key)) and row.spent >= limit.most and clock.is_ahead(row.ends_at, context.now, limit.window)
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
    counted: dict[str, object] = {}
    for at, limit in enumerate(sorted(limits, key=attrgetter("key"))):
        ends = {"ends": context.now + limit.window, "latest": clock.latest_end(context.now, limit.window)}
        counted |= numbered(at, key=limit.key, most=limit.most, **ends)
    statement = charge_statement(db.engine.dialect.name, len(limits))
    rows = write(statement, {"now": context.now, **counted})
    charges = [Charge(by_key[row.key], row.spent, row.ends_at) for row in rows]
    if len(charges) < len(limits):
        raise throttled(list_waits(context, limits))
    return charges


def charge_or_refuse(context: RequestContext, charged: list[Limit], reason: str) -> None:
    """Charge a try, part of the open transaction; if one of the limits is used up, roll back and raise Refused(reason, wait=seconds)."""
    try:
        charge(context, charged)
    except Refused as refused:
        db.session.rollback()
        raise Refused(reason, **refused.facts) from None


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
    back: dict[str, object] = {}
    for at, each in enumerate(sorted(charges, key=lambda each: each.limit.key)):
        back |= numbered(at, key=each.limit.key, ends=each.ends_at)
    write(refund_statement(db.engine.dialect.name, len(charges)), back)


def forget_ended_counters(now: datetime) -> None:
    """Delete the counters whose windows are over, without waiting for one that a request begins anew."""
    change_in_batches(FIND_ENDED, FORGET, {"now": now, "latest": clock.latest_end(now, LONGEST)})
