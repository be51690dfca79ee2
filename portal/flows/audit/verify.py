"""Verification: reads the chain and every event, and says what was changed, removed, added, or moved. It changes nothing."""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from portal.crypto import Keyring
from portal.db import end_read, read
from portal.flows.audit.anchors import Anchor
from portal.flows.audit.chain import BEGINNING, SEALS, AuditKeys
from portal.flows.audit.encoding import FORMATS, event_tag, seal_hash
from portal.flows.audit.pages import UNREADABLE, events_of, ids_of, is_of_a_row, read_rows, seal_pages
from portal.flows.audit.seal import COUNT_UP_TO, count_sealed, retired_through
from portal.flows.audit.spans import Seen, read_spans
from portal.models import Event
from portal.settings import audit

AT = select(Event.id, Event.at).where(Event.id.between(bindparam("first"), bindparam("last"))).order_by(Event.id)
HIGHEST = select(func.max(Event.id))
# The seal of that number, or the last one before it, if somebody has taken that one away.
SEAL_AT = select(*SEALS).where(SEALS.number <= bindparam("number")).order_by(SEALS.number.desc()).limit(1)


class Finding(NamedTuple):
    """Something that should not be. `kind` is a key of SENTENCES in portal/cli/audit.py; what it doesn't use is empty."""

    kind: str
    seal: int = 0
    event: int = 0
    other: int = 0  # another event or seal
    at: datetime | None = None
    text: str = ""


@dataclass
class Report:
    """What was verified, and what was found."""

    seals: int = 0
    events: int = 0
    retired: int = 0  # events that were deleted by age, by retirements in the chain
    first_at: datetime | None = None
    last_at: datetime | None = None
    unsealed: int = 0
    unsealed_since: datetime | None = None
    found: int = 0
    findings: list[Finding] = field(default_factory=list)  # the first ones

    def add(self, finding: Finding) -> None:
        self.found += 1
        if len(self.findings) < audit.FINDINGS_SHOWN:
            self.findings.append(finding)


class Verifier:
    """One walk along the chain."""

    def __init__(self, keyring: Keyring, now: datetime, anchors: Mapping[int, Sequence[Anchor]], since: datetime | None) -> None:
        self.keys, self.now, self.anchors, self.since = AuditKeys(keyring), now, anchors, since
        self.report, self.seen, self.retired = Report(), Seen(), retired_through()
        self.previous: Any = None
        self.drained_at: datetime | None = None  # when the last seal was made that left no event to the next one
        self.former_keys: set[str] = set()
        self.idle_keys: set[str] = set()  # of which no seal was seen

    def run(self, advance: Callable[[int], None], after: int = 0) -> Report:
        """Verify everything, or only what follows the seal `after`. `advance` is told how many events are done, time and again."""
        try:
            self.begin(after)
            self.walk(advance, after)
        except UNREADABLE as error:
            if not is_of_a_row(error):
                raise
            end_read()
            self.report.add(Finding("seal_unreadable", self.previous.number if self.previous else 1))
        else:
            if not after:
                self.check_end()
                self.find_unsealed()
        return self.report

    def begin(self, after: int) -> None:
        """Find the keys, each of which has a seal from its beginning on, and the seal that the others follow."""
        self.idle_keys = {key_id for key_id, _ in self.keys.load()}
        self.previous = read(SEAL_AT, {"number": after}).first() if after else None

    def walk(self, advance: Callable[[int], None], after: int = 0) -> None:
        """Verify all seals after one, and the events in them."""
        for page in seal_pages(after):
            to_read = [(seal, limit) for seal, limit in self.check_seals(page) if self.is_read(seal)]
            seals = [seal for seal, _ in to_read]
            rows = events_of(seals)
            for seal, limit in to_read:
                self.check_events(seal, rows, seals)
                self.find_late(seal, rows, limit)
            advance(sum(seal.events for seal in page))

    def is_read(self, seal: Any) -> bool:
        return seal.number > self.retired and (self.since is None or seal.sealed_at >= self.since)

    def check_seals(self, page: Iterable[Any]) -> Iterator[tuple[Any, datetime | None]]:
        """Each sound seal, with the time before which none of its events should be, if it is known."""
        for seal in page:
            drained_at = self.drained_at
            if self.check_seal(seal):
                yield seal, min(drained_at, seal.sealed_at) - audit.LATE if drained_at else None
                if not seal.has_more:
                    self.drained_at = seal.sealed_at

    def check_seal(self, seal: Any) -> bool:
        """Whether a seal is as it was made. It is looked at in its place: its number, and what it follows."""
        is_sound = self.check_hash(seal)
        before, self.previous = self.previous, seal
        expected = before.number + 1 if before else 1
        if seal.number != expected:
            self.report.add(Finding("seals_missing", expected, other=seal.number - 1))
        elif not hmac.compare_digest(bytes(seal.previous_hash), bytes(before.own_hash) if before else BEGINNING):
            self.report.add(Finding("chain_broken", seal.number))
        self.compare_anchors(seal)
        self.idle_keys.discard(seal.key_id)
        self.report.seals += 1
        if seal.number > self.retired and sum(last - first + 1 for first, last in read_spans(seal.spans)) <= audit.BATCH:
            self.seen.add(read_spans(seal.spans))
        if not is_sound:
            return False
        self.note(seal, before)
        return True

    def note(self, seal: Any, before: Any) -> None:
        """Add a sound seal to the report, and tell whether its key had been replaced before."""
        if before is not None and before.key_id != seal.key_id:
            self.former_keys.add(before.key_id)
            if seal.key_id in self.former_keys:
                self.report.add(Finding("key_returned", seal.number, text=seal.key_id))
        if seal.number <= self.retired:
            self.report.retired += seal.events
            return
        if seal.events:
            self.report.first_at = min(self.report.first_at or seal.first_at, seal.first_at)
            self.report.last_at = max(self.report.last_at or seal.last_at, seal.last_at)

    def check_hash(self, seal: Any) -> bool:
        key = self.keys.find(seal.key_id)
        if key is None:
            self.report.add(Finding("key_missing", seal.number, text=seal.key_id))
            return False
        if seal.format in FORMATS and hmac.compare_digest(seal_hash(key, seal), bytes(seal.own_hash)):
            return True
        self.report.add(Finding("seal_changed", seal.number))
        return False

    def compare_anchors(self, seal: Any) -> None:
        """With each that names it: one that somebody has added later takes none back."""
        for anchor in self.anchors.get(seal.number, ()):
            if not (hmac.compare_digest(anchor.hash, bytes(seal.own_hash).hex()) and anchor.total == seal.total):
                self.report.add(Finding("anchor_differs", seal.number, text=anchor.date))

    def check_events(self, seal: Any, rows: Mapping[int, Any], page: Iterable[Any]) -> None:
        """Whether each event of a sound seal is there and as it was."""
        key = self.keys.find(seal.key_id) or b""
        tags = bytes(seal.tags)
        for position, each in enumerate(ids_of(seal)):
            row = rows.get(each)
            if row is None:
                self.tell_missing(seal, each)
                continue
            tag = event_tag(key, seal.format, row[1:])
            start = position * audit.TAG_BYTES
            if not hmac.compare_digest(tag, tags[start : start + audit.TAG_BYTES]):
                self.tell_changed(seal, row, tag, page)
            self.report.events += 1

    def tell_missing(self, seal: Any, event: int) -> None:
        """A row that is gone, unless it was deleted by age while this was reading."""
        self.retired = max(self.retired, retired_through())
        end_read()
        if seal.number > self.retired:
            self.report.add(Finding("event_removed", seal.number, event))

    def tell_changed(self, seal: Any, row: Any, tag: bytes, page: Iterable[Any]) -> None:
        """A row that is not what it was; perhaps what another one was, nearby."""
        if row.at is None:
            self.report.add(Finding("event_unreadable", seal.number, row.id))
            return
        places = {
            bytes(near.tags)[at * audit.TAG_BYTES :][: audit.TAG_BYTES]: each
            for near in page
            for at, each in enumerate(ids_of(near))
        }
        other = places.get(tag)
        self.report.add(Finding("event_moved" if other else "event_changed", seal.number, row.id, other or 0, row.at))

    def find_late(self, seal: Any, rows: Mapping[int, Any], limit: datetime | None) -> None:
        """Events that were sealed long after all others of their time: somebody added them, and the worker took them for new ones."""
        if limit and seal.events and seal.first_at < limit:
            for row in (rows[each] for each in ids_of(seal) if each in rows):
                if row.at is not None and row.at < limit:
                    self.report.add(Finding("event_late", seal.number, row.id, at=row.at))

    def check_end(self) -> None:
        """Whether each key has a seal, and whether the chain is as long as the anchors say. Each names a seal that there has to be."""
        for key_id in sorted(self.idle_keys):
            self.report.add(Finding("key_without_seal", text=key_id))
        last = self.previous.number if self.previous else 0
        for number, anchors in self.anchors.items():
            if number > last:
                self.report.add(Finding("anchor_missing", number, other=last, text=anchors[0].date))
                return

    def find_unsealed(self) -> None:
        """Count the events that no seal holds: those not sealed yet, and those that should have been long ago."""
        limit = min(self.drained_at, self.now) - audit.LATE if self.drained_at else None
        for row in unsealed_rows(self.seen):
            if row.at is None:
                self.report.add(Finding("event_unreadable", event=row.id))
            elif limit and row.at < limit:
                self.report.add(Finding("event_added", event=row.id, at=row.at))
            else:
                self.report.unsealed += 1
                self.report.unsealed_since = min(self.report.unsealed_since or row.at, row.at)


def unsealed_rows(seen: Seen) -> Iterator[Any]:
    """(ID, time) of each event that no seal holds. Blocks that have as many events as were sealed are not read."""
    highest = read(HIGHEST).scalar() or 0
    for first in range(0, highest + 1, audit.IDS_AT_ONCE):
        block = {"first": first, "last": first + audit.IDS_AT_ONCE - 1}
        if read(COUNT_UP_TO, block).scalar() != seen.count(first):
            yield from (row for row in read_rows(AT, **block) if row.id not in seen)
    end_read()


def count_to_verify() -> int:
    """About how many events there are to verify, for a progress bar."""
    try:
        return max(count_sealed(), 1)
    except UNREADABLE as error:
        if not is_of_a_row(error):
            raise
    end_read()
    return 1


def verify(
    keyring: Keyring,
    now: datetime,
    anchors: Mapping[int, Sequence[Anchor]],
    since: datetime | None = None,
    advance: Callable[[int], None] = lambda done: None,
) -> Report:
    """Verify the chain, its events since a time, and that it holds what the anchors say."""
    return Verifier(keyring, now, anchors, since).run(advance)
