"""What is known of the audit trail when a folder is made: its newest part, verified now, and the last verification of all of it.

A long trail takes minutes to read, and a folder has seconds. So a verification of the whole is recorded in the trail itself, and a folder
verifies what came after it, as far as its time goes. What neither has read is said.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.crypto import Keyring
from portal.db import begin_write, db, end_read, read
from portal.flows.audit.chain import read_head
from portal.flows.audit.pages import UNREADABLE, is_of_a_row
from portal.flows.audit.verify import Finding, Report, Verifier
from portal.flows.base.context import RequestContext
from portal.flows.base.rule_record import record_digest
from portal.models import Event, EventSeal
from portal.settings import auditing

EVENT = "audit_verified"
APART = "/"  # stands between the numbers of a verification, in its event
NUMBERS = re.compile(r"(\d{1,10})/(\d{1,10})/(\d{1,10})", re.ASCII)  # what stands there otherwise, somebody else has written
S = EventSeal.__table__.c


@dataclass(frozen=True)
class Whole:
    """The last verification of the whole trail: when, how many seals and events there were, and how many faults."""

    at: datetime
    seals: int
    events: int
    faults: int


@dataclass(frozen=True)
class Trail:
    """The state of the trail's chain. `head`: what the last seal comes to, in hexadecimal; "" if nothing is sealed yet.

    `first` and `last`: the seals that were verified now, with their `events`. `whole`: None if none is on record.
    """

    head: str = ""
    last: int = 0
    sealed_at: datetime | None = None
    first: int = 0
    events: int = 0
    faults: tuple[Finding, ...] = ()
    found: int = 0
    unsealed: int | None = None  # None: the trail was too long to count them
    whole: Whole | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every seal was verified now."""
        return self.first == 1

    @property
    def gap(self) -> tuple[int, int] | None:
        """The seals that neither verification has read: the first and the last one."""
        known = self.whole.seals if self.whole else 0
        return (known + 1, self.first - 1) if self.first > known + 1 else None


def record_whole(context: RequestContext, report: Report) -> None:
    """Record that the whole trail was verified, and what came of it: folders say so."""
    begin_write()
    numbers = APART.join(map(str, (report.seals, report.events, report.found)))
    record_digest(context, EVENT, numbers, None, refused=bool(report.found))
    db.session.commit()


def last_verification() -> Whole | None:
    """The last one on record. It is about nobody, so the index by subject and time finds it."""
    of_whole = (Event.subject_id.is_(None), Event.event == EVENT)
    row = read(select(Event.at, Event.reason).where(*of_whole).order_by(Event.at.desc(), Event.id.desc()).limit(1)).first()
    numbers = NUMBERS.fullmatch(row.reason or "") if row else None
    return Whole(row.at, *map(int, numbers.groups())) if row and numbers else None


def read_trail(keys: Keyring, now: datetime) -> Trail:
    """Verify what a folder has time for. Reads only; holds no transaction open."""
    try:
        return look_at(keys, now)
    except UNREADABLE as error:  # of the last seals, or of the keys: what is in the walk, the report has
        if not is_of_a_row(error):
            raise
        return Trail(faults=(Finding("seal_unreadable"),), found=1)
    finally:
        end_read()


def look_at(keys: Keyring, now: datetime) -> Trail:
    whole, head = last_verification(), read_head()  # in this order: what was verified before has a seal now
    verifier = Verifier(keys, now, {}, None)
    if whole and whole.seals > (head.number if head else 0):
        verifier.report.add(Finding("anchor_missing", whole.seals))  # what was verified then is an anchor, too
    if head is None:
        for key_id, _ in verifier.keys.load():
            verifier.report.add(Finding("key_without_seal", text=key_id))
        return Trail(faults=told_of(verifier.report), found=verifier.report.found, whole=whole)
    after = where_to_begin(head, whole)
    report = verifier.run(lambda done: None, after)
    return Trail(
        head=bytes(head.own_hash).hex(),
        last=head.number,
        sealed_at=head.sealed_at,
        first=after + 1,
        events=report.events,
        faults=told_of(report),
        found=report.found,
        unsealed=report.unsealed if after == 0 else None,
        whole=whole,
    )


def told_of(report: Report) -> tuple[Finding, ...]:
    """The faults that a folder names, one by one."""
    return tuple(report.findings[: auditing.FAULTS_SHOWN])


def where_to_begin(head: Any, whole: Whole | None) -> int:
    """The seal after which a folder verifies: 0 for all of it, else the newest seals and events that it has time for."""
    limit = head.total - auditing.TRAIL_EVENTS
    is_short = limit <= 0 and head.number <= auditing.TRAIL_SEALS
    if is_short:
        return 0
    older = select(S.number).where(S.total <= max(limit, 0), S.number > head.number - auditing.TRAIL_SEALS)
    begin: int | None = read(older.order_by(S.number.desc()).limit(1)).scalar()
    known = whole.seals if whole and whole.faults == 0 and whole.seals <= head.number else 0
    return max(known, begin or int(head.number) - auditing.TRAIL_SEALS)
