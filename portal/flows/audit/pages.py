"""The chain in pieces that fit into memory: some seals at a time, with their events."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Select
from sqlalchemy.exc import DataError, OperationalError

from portal.db import end_read, read
from portal.flows.audit.chain import FIND_EVENTS, FIND_SEALS
from portal.flows.audit.spans import Span, near_ranges, read_spans
from portal.settings import audit

# What reading raises where somebody has put a value that its column can't hold: a text for a moment, or a moment after the year 9999.
UNREADABLE = (ValueError, TypeError, OverflowError, MemoryError, DataError, OperationalError)
NOT_TEXT = "decode to UTF-8"  # in SQLite's own words; any other OperationalError is about the database, and no row's fault


class Unreadable(NamedTuple):
    """Stands for an event that holds a value which the portal never writes."""

    id: int
    at: None = None


def is_of_a_row(error: Exception) -> bool:
    """Whether one of UNREADABLE is about a value."""
    return not isinstance(error, OperationalError) or NOT_TEXT in str(error.orig)


def read_rows(statement: Select[*tuple[Any, ...]], first: int, last: int) -> list[Any]:
    """The rows of events from one ID to another; an Unreadable for each that can't be read."""
    try:
        return list(read(statement, {"first": first, "last": last}).all())
    except UNREADABLE as error:
        if not is_of_a_row(error):
            raise
    end_read()
    if first == last:
        return [Unreadable(first)]
    middle = (first + last) // 2
    return [*read_rows(statement, first, middle), *read_rows(statement, middle + 1, last)]


def seal_pages(after: int = 0) -> Iterator[list[Any]]:
    """The seals after a number, in order, some at a time: as many as have `PAGE_EVENTS` events, or one."""
    while seals := read(FIND_SEALS, {"after": after, "at_most": audit.PAGE_SEALS}).all():
        end_read()  # another one sees what was sealed meanwhile, and nothing waits for whoever reads the page
        page: list[Any] = []
        events = 0
        for seal in seals:
            if page and events + seal.events > audit.PAGE_EVENTS:
                yield page
                page, events = [], 0
            page.append(seal)
            events += seal.events
        yield page
        after = seals[-1].number


def events_of(seals: Iterable[Any]) -> dict[int, Any]:
    """The rows of all events of some seals, by ID: (ID, columns of the seal's format). Rows between their spans may be among them."""
    by_format: dict[int, list[Span]] = {}
    for seal in seals:
        by_format.setdefault(seal.format, []).extend(read_spans(seal.spans))
    found: dict[int, Any] = {}
    for number, spans in by_format.items():
        for first, last in near_ranges(spans):
            found.update((row[0], row) for row in read_rows(FIND_EVENTS[number], first, last))
    end_read()
    return found


def ids_of(seal: Any) -> Iterator[int]:
    """The IDs of a seal's events, in their positions."""
    return chain.from_iterable(range(first, last + 1) for first, last in read_spans(seal.spans))
