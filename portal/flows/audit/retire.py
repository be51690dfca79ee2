"""Retirement: events are deleted by age, in whole seals from the beginning, and the chain says so (AU-6).

The seals stay: each still proves how many events there were, and that none was put in. A retirement is a seal of its own, which names the
last seal whose events are gone, so nobody without a key of the chain can pretend one. It is for a command under a role that may delete;
the application's role may not.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain, takewhile
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy.exc import IntegrityError

from portal.crypto import Keyring
from portal.db import begin_write, change, db, write
from portal.flows.audit.chain import AuditKeys, read_head
from portal.flows.audit.encoding import seal_hash
from portal.flows.audit.pages import seal_pages
from portal.flows.audit.seal import ADD, next_seal, retired_through
from portal.flows.audit.spans import read_spans
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.models import Event
from portal.settings import operation

DELETE = delete(Event).where(Event.id.between(bindparam("first"), bindparam("last")))


def retire_events(context: RequestContext, keyring: Keyring) -> int:
    """Delete the events of the oldest seals, as far as all of them are older than six years; returns how many events.

    Some seals in a transaction, with the retirement that says so: whenever it is stopped, the chain and the rows agree.
    """
    done = 0
    while seals := old_seals(context.now):
        if not retire_seals(context, keyring, seals):
            break  # a worker has added a seal at the same time: the next run goes on
        done += sum(seal.events for seal in seals)
    return done


def old_seals(now: datetime) -> list[Any]:
    """The next seals to retire: from the beginning, as many as fit into memory, all older than six years. None without an event."""
    page = next(seal_pages(retired_through()), [])
    old = list(takewhile(lambda seal: seal.last_at is None or seal.last_at < now - operation.EVENTS_KEPT, page))
    return old if any(seal.events for seal in old) else []


def retire_seals(context: RequestContext, keyring: Keyring, seals: Sequence[Any]) -> bool:
    """Delete the events of consecutive seals, in a transaction of its own; False if the chain has grown meanwhile."""
    key_id, key = AuditKeys(keyring).current(context.now)
    begin_write()
    seal = next_seal(read_head(), key_id, context.now) | {"retired_through": seals[-1].number}
    try:
        write(ADD, {**seal, "own_hash": seal_hash(key, seal)})
        for first, last in chain.from_iterable(read_spans(each.spans) for each in seals):
            change(DELETE, {"first": first, "last": last})
        record_event(context, "audit_retired", reason=f"seals to {seals[-1].number}")
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return False
    return True
