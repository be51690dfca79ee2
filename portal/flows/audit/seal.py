"""Sealing: the worker puts the events that can't change any more into the chain, a batch in each seal (AU-4).

What a page writes is not slowed down by it: a seal is made of committed rows, outside any transaction, and inserted by one statement. A
row that is committed late is not lost between two batches: each run looks back at all IDs of the last quarter of an hour, and once a
day at all there are (`find_forgotten`). Its seal tells its place, not its ID.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError

from portal.crypto import Keyring
from portal.db import begin_write, db, end_read, read, write
from portal.flows.audit.chain import BEGINNING, FIND_EVENTS, AuditKeys, ChainKey, read_head
from portal.flows.audit.encoding import FORMAT, event_tag, seal_hash
from portal.flows.audit.pages import Unreadable, read_rows
from portal.flows.audit.spans import Seen, near_ranges, read_spans, spans_of, write_spans
from portal.models import AuditKey, Event, EventSeal
from portal.settings import audit, config

log = logging.getLogger(__name__)


def is_closed() -> ColumnElement[bool]:
    """SQL: whether an event can't change any more. One of the future was written by a clock that ran ahead, and counts nothing."""
    return (Event.at < bindparam("cutoff")) | ((Event.at > bindparam("ahead")) & Event.minute_key.is_(None))


LAST_SETTLED = (
    select(EventSeal.number, EventSeal.top_id)
    .where(EventSeal.number > 0, EventSeal.last_at < bindparam("settled_at"))
    .order_by(EventSeal.number.desc())
    .limit(1)
)
RECENT_SPANS = select(EventSeal.spans).where(EventSeal.number > bindparam("after"))
WINDOW = select(Event.id).where(Event.id.between(bindparam("first"), bindparam("last")), is_closed()).order_by(Event.id)
NEXT_IDS = select(Event.id).where(Event.id > bindparam("after"), is_closed()).order_by(Event.id).limit(audit.BATCH)
NEXT_AT = select(Event.at).where(Event.id > bindparam("after")).order_by(Event.id).limit(1)
COUNT_UP_TO = select(func.count()).select_from(Event).where(Event.id.between(bindparam("first"), bindparam("last")))
RETIRED = select(func.max(EventSeal.retired_through)).where(EventSeal.retired_through.is_not(None))
TOTAL_AT = select(EventSeal.total).where(EventSeal.number == bindparam("number"))
ADD = insert(EventSeal)
ADD_KEY = insert(AuditKey)


def seal_events(keyring: Keyring, now: datetime) -> int:
    """Seal what is due, some batches of it at most; returns how many events. Another worker that is faster leaves nothing to do."""
    done = 0
    for _ in range(audit.BATCHES):
        head = read_head()
        ids = find_due(head, now)
        if not seal_ids(keyring, now, head, ids, has_more=len(ids) == audit.BATCH):
            break
        done += len(ids)
        if len(ids) < audit.BATCH:
            break
    return done


def find_due(head: Any, now: datetime) -> list[int]:
    """The IDs of the next batch after `head`, ascending: those that were committed late, then the next ones."""
    when = closing(now)
    if head is None:
        return list(read(NEXT_IDS, {"after": 0, **when}).scalars())
    settled = read(LAST_SETTLED, {"settled_at": head.sealed_at - audit.LOOK_BACK}).first()
    number, top = settled or (0, 0)
    seen = Seen()
    for spans in read(RECENT_SPANS, {"after": number}).scalars():
        seen.add(read_spans(spans))
    late = seen.missing(read(WINDOW, {"first": top + 1, "last": head.top_id, **when}).scalars())
    return [*late, *read(NEXT_IDS, {"after": head.top_id, **when}).scalars()][: audit.BATCH]


def closing(now: datetime) -> dict[str, datetime]:
    """The parameters of `is_closed`: before `cutoff`, a minute is over and all that belongs to it is committed."""
    return {"cutoff": (now - audit.SETTLE).replace(second=0, microsecond=0), "ahead": now + config.CLOCK_TOLERANCE}


def seal_ids(keyring: Keyring, now: datetime, head: Any, ids: Sequence[int], has_more: bool) -> bool:
    """Seal these events, found while `head` was the newest seal; False if there are none, or if another worker has added one since."""
    if not ids:
        return False
    key = AuditKeys(keyring).current(now, head)
    rows = list(read_events(ids))
    end_read()
    if not rows:
        return False
    seal = {
        **next_seal(head, key.id, now),
        "events": len(rows),
        "total": (head.total if head else 0) + len(rows),
        "top_id": max(ids[-1], head.top_id if head else 0),
        "first_at": min(row.at for row in rows),
        "last_at": max(row.at for row in rows),
        "has_more": has_more,
        "spans": write_spans(row.id for row in rows),
        "tags": b"".join(event_tag(key.key, FORMAT, row[1:]) for row in rows),
    }
    return add_seal(key, seal)


def next_seal(head: Any, key_id: str, now: datetime) -> dict[str, Any]:
    """The columns that a seal without events has, too."""
    return {
        "number": head.number + 1 if head else 1,
        "previous_hash": bytes(head.own_hash) if head else BEGINNING,
        "key_id": key_id,
        "format": FORMAT,
        "sealed_at": now,
        "events": 0,
        "total": head.total if head else 0,
        "top_id": head.top_id if head else 0,
        "first_at": None,
        "last_at": None,
        "has_more": True,
        "spans": "",
        "tags": b"",
        "retired_through": None,
    }


def read_events(ids: Sequence[int]) -> Iterator[Any]:
    """The rows of events by their IDs, ascending. One that can't be read is left out: nothing else may stay unsealed for it."""
    wanted = Seen()
    spans = spans_of(ids)
    wanted.add(spans)
    for first, last in near_ranges(spans):
        for row in read_rows(FIND_EVENTS[FORMAT], first, last):
            if isinstance(row, Unreadable):
                log.critical("audit: event %s holds what the portal never writes, and is not sealed", row.id)
            elif row.id in wanted:
                yield row


def add_seal(key: ChainKey, seal: dict[str, Any]) -> bool:
    """Insert it in a transaction of its own. Its number and what it follows are unique: of two workers, one finds it taken."""
    begin_write()
    try:
        insert_seal(key, seal)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True


def insert_seal(key: ChainKey, seal: dict[str, Any]) -> None:
    """Insert it, and its key before it if that is new; part of the open transaction. Raises IntegrityError."""
    if key.row:
        write(ADD_KEY, key.row)
    write(ADD, {**seal, "own_hash": seal_hash(key.key, seal)})


def retired_through() -> int:
    """The last seal whose events were deleted by age; 0 if there is none."""
    return read(RETIRED).scalar() or 0


def count_retired() -> int:
    """How many events were sealed and then deleted by age."""
    through = retired_through()
    return read(TOTAL_AT, {"number": through}).scalar() or 0 if through else 0


def count_sealed() -> int:
    """How many sealed events there should be."""
    head = read_head()
    return head.total - count_retired() if head else 0


def waiting_since() -> datetime | None:
    """The time of the first event after the last that is sealed; None if there is none."""
    head = read_head()
    return read(NEXT_AT, {"after": head.top_id if head else 0}).scalar()


def count_events(last: int) -> int:
    """How many events there are up to an ID, in pieces that no limit on a statement's time stops."""
    step = audit.IDS_AT_ONCE * 16
    ranges = ({"first": first, "last": min(first + step - 1, last)} for first in range(1, last + 1, step))
    return sum(read(COUNT_UP_TO, each).scalar_one() for each in ranges)


def seal_forgotten(keyring: Keyring, now: datetime) -> int:
    """Seal events that were committed later than each run looks back; returns how many. It counts first, and reads only if it must."""
    head = read_head()
    if head is None:
        return 0
    surplus = count_events(head.top_id) - (head.total - count_retired())
    if surplus < 0:
        log.critical("audit: %s sealed events are gone. Run: flask --app wsgi audit verify", -surplus)
    ids = find_forgotten(head, now) if surplus > 0 else []
    return len(ids) if seal_ids(keyring, now, head, ids, has_more=True) else 0


def find_forgotten(head: Any, now: datetime) -> list[int]:
    """The IDs of events that no seal holds, up to the head's highest: at most a batch."""
    seen, found = Seen(), list[int]()
    for spans in read(RECENT_SPANS, {"after": 0}).scalars():
        seen.add(read_spans(spans))
    for first in range(1, head.top_id + 1, audit.IDS_AT_ONCE):
        last = min(first + audit.IDS_AT_ONCE - 1, head.top_id)
        found += seen.missing(read(WINDOW, {"first": first, "last": last, **closing(now)}).scalars())
        if len(found) >= audit.BATCH:
            break
    return found[: audit.BATCH]
