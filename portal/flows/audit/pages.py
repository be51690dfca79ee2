"""The chain in pieces that fit into memory: some seals at a time, with their events."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from portal.db import end_read, read
from portal.flows.audit.chain import FIND_EVENTS, FIND_SEALS
from portal.flows.audit.spans import Span, near_ranges, read_spans
from portal.settings import audit


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
            found.update((row[0], row) for row in read(FIND_EVENTS[number], {"first": first, "last": last}))
    end_read()
    return found


def ids_of(seal: Any) -> Iterator[int]:
    """The IDs of a seal's events, in their positions."""
    return chain.from_iterable(range(first, last + 1) for first, last in read_spans(seal.spans))
