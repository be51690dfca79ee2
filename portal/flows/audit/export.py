"""Export: the events of a period as lines of JSON, each with its place in the chain. That it was made is an event itself (AU-7)."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from portal.db import begin_write, db
from portal.flows.audit.chain import FIND_EVENTS
from portal.flows.audit.encoding import FORMAT, FORMATS, plain
from portal.flows.audit.pages import Unreadable, events_of, ids_of, read_rows, seal_pages
from portal.flows.audit.seal import retired_through
from portal.flows.audit.spans import Seen, near_ranges, read_spans, spans_of
from portal.flows.audit.verify import unsealed_rows
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.settings import audit


class Period(NamedTuple):
    """From a moment on, and before another one."""

    start: datetime
    end: datetime

    def __contains__(self, at: object) -> bool:
        return isinstance(at, datetime) and self.start <= at < self.end

    def overlaps(self, seal: Any) -> bool:
        return seal.first_at is not None and seal.first_at < self.end and seal.last_at >= self.start


def record_export(context: RequestContext, period: Period) -> None:
    """Write into the audit trail who takes a copy of it, before they get it."""
    begin_write()
    record_event(context, "audit_exported", reason=f"{period.start:%Y-%m-%dT%H:%M}/{period.end:%Y-%m-%dT%H:%M}")
    db.session.commit()


def export_events(context: RequestContext, period: Period) -> Iterator[str]:
    """The lines: the sealed events in the order of the chain, then those that are not sealed yet."""
    record_export(context, period)
    seen, through = Seen(), retired_through()
    for page in seal_pages():
        seals = [seal for seal in page if seal.number > through]
        for seal in seals:
            seen.add(read_spans(seal.spans))
        yield from sealed_lines([seal for seal in seals if period.overlaps(seal)], period)
    yield from unsealed_lines(row.id for row in unsealed_rows(seen) if row.at in period)


def unsealed_lines(ids: Iterator[int]) -> Iterator[str]:
    """The lines of events that no seal holds, by their IDs in ascending order."""
    while some := list(islice(ids, audit.UNSEALED_AT_ONCE)):
        wanted = set(some)
        for first, last in near_ranges(spans_of(some)):
            rows = [row for row in read_rows(FIND_EVENTS[FORMAT], first, last) if row.id in wanted]
            yield from (line(row, FORMAT) for row in rows if not isinstance(row, Unreadable))


def sealed_lines(seals: list[Any], period: Period) -> Iterator[str]:
    """The lines of the events of some seals that were in the period. One that is gone has none: `audit verify` tells it."""
    rows = events_of(seals)
    for seal in seals:
        for position, each in enumerate(ids_of(seal), 1):
            row = rows.get(each)
            if row is not None and row.at in period:
                yield line(row, seal.format, seal.number, position)


def line(row: Any, number: int, seal: int | None = None, position: int | None = None) -> str:
    """One event: ID, place in the chain (null if it has none yet), and the columns of the seal's format. Moments are in UTC."""
    columns = dict(zip(FORMATS[number], map(plain, row[1:]), strict=True))
    return json.dumps({"id": row[0], "seal": seal, "position": position, **columns}) + "\n"
