"""Retirement: events are deleted by age, in whole seals from the beginning, and the chain says so (AU-6).

The seals stay: each still proves how many events there were, and that none was put in. A retirement is a seal of its own, which names the
last seal whose events are gone, so nobody without a key of the chain can pretend one. It is for a command under a role that may delete;
the application's role may not.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from itertools import chain, takewhile
from typing import Any

from sqlalchemy import bindparam, delete, exists, or_, select
from sqlalchemy.exc import IntegrityError, ProgrammingError

from portal.crypto import Keyring
from portal.db import begin_write, change, db, end_read, read
from portal.flows.audit.chain import AuditKeys, read_head
from portal.flows.audit.pages import seal_pages
from portal.flows.audit.seal import insert_seal, next_seal, retired_through
from portal.flows.audit.spans import read_spans
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.models import Event
from portal.settings import operation

IS_HELD = select(
    exists().where(
        Event.id.between(bindparam("first"), bindparam("last")),
        or_(Event.subject_id.in_(bindparam("held", expanding=True)), Event.actor_id.in_(bindparam("held", expanding=True))),
    )
)
INSUFFICIENT_PRIVILEGE = "42501"  # PostgreSQL's SQLSTATE
DELETE = delete(Event).where(Event.id.between(bindparam("first"), bindparam("last")))


class MayNotDelete(Exception):
    """The database role may add to the audit trail and take nothing out of it. Nothing was deleted."""


def retire_events(
    context: RequestContext, keyring: Keyring, held: Collection[int] = (), tell: Callable[[int], None] = lambda events: None
) -> int:
    """Delete the events of the oldest seals, as far as all of them are older than six years; returns how many events.

    Some seals in a transaction, with the retirement that says so: whenever it is stopped, the chain and the rows agree. `held`: the
    accounts of which no event goes; `tell` is given the number of each transaction. Raises MayNotDelete.
    """
    done = 0
    while seals := old_seals(next(seal_pages(retired_through()), []), context.now, held):
        if not retire_seals(context, keyring, seals):
            break  # a worker has added a seal at the same time: the next run goes on
        events = sum(seal.events for seal in seals)
        tell(events)
        done += events
    return done


def count_retirable(now: datetime, held: Collection[int] = ()) -> int:
    """How many events `retire_events` would delete."""
    events = 0
    for page in seal_pages(retired_through()):
        seals = old_seals(page, now, held)
        events += sum(seal.events for seal in seals)
        if len(seals) < len(page):
            break
    return events


def old_seals(page: Sequence[Any], now: datetime, held: Collection[int]) -> list[Any]:
    """Those of the next seals that can be retired: from the beginning, all older than six years. None without an event."""
    limit = now - operation.EVENTS_KEPT
    old = list(takewhile(lambda seal: (seal.last_at is None or seal.last_at < limit) and not names_any(seal, held), page))
    return old if any(seal.events for seal in old) else []


def names_any(seal: Any, held: Collection[int]) -> bool:
    """Whether an event of a seal is about one of the accounts, or was caused by it."""
    if not held:
        return False
    spans = read_spans(seal.spans)
    return any(read(IS_HELD, {"first": first, "last": last, "held": list(held)}).scalar() for first, last in spans)


def retire_seals(context: RequestContext, keyring: Keyring, seals: Sequence[Any]) -> bool:
    """Delete the events of consecutive seals, in a transaction of its own; False if the chain has grown meanwhile.

    Raises MayNotDelete.
    """
    head = read_head()  # before its key: once a worker has sealed with a newer one, this seal finds its number taken
    key = AuditKeys(keyring).current(context.now, head)
    end_read()
    begin_write()
    seal = next_seal(head, key.id, context.now) | {"retired_through": seals[-1].number}
    try:
        insert_seal(key, seal)
        for first, last in chain.from_iterable(read_spans(each.spans) for each in seals):
            change(DELETE, {"first": first, "last": last})
        record_event(context, "audit_retired", reason=f"seals to {seals[-1].number}")
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    except ProgrammingError as error:
        db.session.rollback()
        if getattr(error.orig, "sqlstate", "") != INSUFFICIENT_PRIVILEGE:
            raise
        raise MayNotDelete from error
    return True
