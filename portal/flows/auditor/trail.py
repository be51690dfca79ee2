"""What is known of the audit trail when a folder is made: its newest part, verified now, and the last verification of all of it.

A long trail takes minutes to read, and a folder has seconds. So a verification of the whole is recorded in the trail itself, and a folder
verifies what came after it, as far as its time goes. What neither has read is said.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.crypto import Keyring
from portal.db import begin_write, db, end_read, read
from portal.flows.audit.chain import read_head
from portal.flows.audit.pages import events_of, seal_pages
from portal.flows.audit.verify import Finding, Report, Verifier
from portal.flows.base.context import RequestContext
from portal.flows.base.rule_record import record_digest
from portal.models import Event, EventSeal
from portal.settings import auditing

EVENT = "audit_verified"
APART = "/"  # stands between the numbers of a verification, in its event
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
    if row is None or row.reason is None:
        return None
    return Whole(row.at, *map(int, row.reason.split(APART)))


def read_trail(keys: Keyring, now: datetime) -> Trail:
    """Verify what a folder has time for. Reads only; holds no transaction open."""
    head, whole = read_head(), last_verification()
    if head is None:
        end_read()
        return Trail(whole=whole)
    after = where_to_begin(head, whole)
    verifier = Verifier(keys, now, {}, None)
    report = verifier.run(lambda done: None) if after == 0 else verify_after(verifier, after)
    end_read()
    return Trail(
        head=bytes(head.own_hash).hex(),
        last=head.number,
        sealed_at=head.sealed_at,
        first=after + 1,
        events=report.events,
        faults=tuple(report.findings[: auditing.FAULTS_SHOWN]),
        found=report.found,
        unsealed=report.unsealed if after == 0 else None,
        whole=whole,
    )


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


def verify_after(verifier: Verifier, after: int) -> Report:
    """Verify the seals after a number, whose own hash is where the chain begins, and their events."""
    [verifier.previous] = read(select(*S).where(S.number == after)).all()
    for page in seal_pages(after):
        sound = list(verifier.check_seals(page))
        to_read = [(seal, limit) for seal, limit in sound if verifier.is_read(seal)]
        seals = [seal for seal, _ in to_read]
        rows = events_of(seals)
        for seal, limit in to_read:
            verifier.check_events(seal, rows, seals)
            verifier.find_late(seal, rows, limit)
    return verifier.report
