"""Sets of event IDs: as text in a seal, and in memory, where whole blocks of them take no room."""

import re
from collections.abc import Iterable, Iterator

from portal.settings import audit

Span = tuple[int, int]  # the first and the last ID, none left out between
SPANS = re.compile(r"(\d{1,10}(-\d{1,10})?)(,\d{1,10}(-\d{1,10})?)*")


def spans_of(ids: Iterable[int]) -> list[Span]:
    """The spans of ascending IDs."""
    spans: list[Span] = []
    for each in ids:
        if spans and spans[-1][1] == each - 1:
            spans[-1] = spans[-1][0], each
        else:
            spans.append((each, each))
    return spans


def write_spans(ids: Iterable[int]) -> str:
    """Ascending IDs as text: "7-12,15"."""
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in spans_of(ids))


def read_spans(text: str) -> list[Span]:
    """What `write_spans` wrote. None of what somebody else wrote there."""
    if not SPANS.fullmatch(text):
        return []
    pairs = (part.partition("-") for part in text.split(","))
    return [(int(first), int(last or first)) for first, _, last in pairs]


def near_ranges(spans: Iterable[Span]) -> list[Span]:
    """Ranges that hold all the spans, each to be read by one statement: those that are near to each other are one."""
    ranges: list[Span] = []
    for first, last in sorted(spans):
        if ranges and first - ranges[-1][1] <= audit.NEAR:
            ranges[-1] = ranges[-1][0], max(last, ranges[-1][1])
        else:
            ranges.append((first, last))
    return ranges


class Seen:
    """A set of IDs. A block of which all are in it takes no memory, another one a byte for each ID."""

    WHOLE = b"\1" * audit.IDS_AT_ONCE

    def __init__(self) -> None:
        self.blocks: dict[int, bytearray | bytes] = {}

    def add(self, spans: Iterable[Span]) -> None:
        for first, last in spans:
            for block in range(first // audit.IDS_AT_ONCE, last // audit.IDS_AT_ONCE + 1):
                start = block * audit.IDS_AT_ONCE
                self.add_within(block, max(first - start, 0), min(last - start + 1, audit.IDS_AT_ONCE))

    def add_within(self, block: int, start: int, stop: int) -> None:
        ids = self.blocks.setdefault(block, bytearray(audit.IDS_AT_ONCE))
        if isinstance(ids, bytearray):
            ids[start:stop] = b"\1" * (stop - start)
            if 0 not in ids:
                self.blocks[block] = self.WHOLE

    def __contains__(self, each: int) -> bool:
        ids = self.blocks.get(each // audit.IDS_AT_ONCE)
        return bool(ids and ids[each % audit.IDS_AT_ONCE])

    def missing(self, ids: Iterable[int]) -> Iterator[int]:
        """Those that are not in the set."""
        return (each for each in ids if each not in self)

    def count(self, first: int) -> int:
        """How many IDs of the block that begins there."""
        return self.blocks.get(first // audit.IDS_AT_ONCE, b"").count(1)
