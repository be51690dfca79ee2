"""Anchors: the head of the chain, written once a day to where whoever owns the database can't change it unseen (AU-4).

A file of lines of JSON, which is only ever appended to, in the folder of PORTAL_AUDIT_ANCHORS; and the worker's log. Whoever cuts off the
end of the chain, events and seals together, or puts another chain in its place, contradicts them.
"""

import fcntl
import json
import logging
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from portal.db import end_read
from portal.flows.audit.chain import read_head
from portal.flows.audit.encoding import moment
from portal.settings import audit

log = logging.getLogger(__name__)
HEX = re.compile(r"[0-9a-f]{64}")
LAST_BYTES = 4096  # of the file, in which its last line is looked for


@dataclass(frozen=True)
class Anchor:
    """The head of the chain on a day: `seal` is its number, `total` how many events were sealed up to it."""

    date: str
    seal: int
    hash: str
    total: int
    sealed_at: str

    def line(self) -> str:
        return json.dumps(asdict(self))


class NoAnchor(Exception):
    """A line of an anchors' file that is none. Carries its number."""


def make_anchor(now: datetime) -> Anchor | None:
    """The anchor of today; None if nothing is sealed yet."""
    head = read_head()
    end_read()
    if head is None:
        return None
    return Anchor(now.date().isoformat(), head.number, bytes(head.own_hash).hex(), head.total, moment(head.sealed_at))


def append_anchor(folder: Path, anchor: Anchor, only_daily: bool = False) -> bool:
    """Append it to the file, and wait until it is on the disk; False if `only_daily` and that day has one. Raises OSError."""
    file = os.open(folder / audit.ANCHORS_FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # against another worker
        last = last_line(file)
        if only_daily and f'"date": "{anchor.date}"' in last:
            return False
        end = "" if last.endswith("\n") or not last else "\n"  # of a line that was written half
        os.write(file, f"{end}{anchor.line()}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    return True


def last_line(file: int) -> str:
    """The last line of an open file."""
    size = os.fstat(file).st_size
    end = os.pread(file, LAST_BYTES, max(size - LAST_BYTES, 0)).decode(errors="replace")
    lines = end.splitlines(keepends=True)
    return lines[-1] if lines else ""


def anchor_daily(folder: Path | None, now: datetime) -> Anchor | None:
    """Anchor the head, once a day: to the log, and to the folder if there is one. What can't be written is CRITICAL in the log."""
    anchor = make_anchor(now)
    if anchor is None:
        return None
    try:
        if folder and not append_anchor(folder, anchor, only_daily=True):
            return anchor
    except OSError as error:
        log.critical("audit: PORTAL_AUDIT_ANCHORS: %s takes no anchor (%s)", folder, error.strerror)
    log.info("audit anchor: %s", anchor.line())
    return anchor


def read_anchors(lines: Iterable[str]) -> dict[int, list[Anchor]]:
    """The anchors of a file by the numbers of their seals, in their order: each counts. Raises NoAnchor."""
    found: dict[int, list[Anchor]] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            anchor = read_anchor(line, number)
            found.setdefault(anchor.seal, []).append(anchor)
    return found


def newest_day(found: Iterable[Sequence[Anchor]]) -> str:
    """The last day that has an anchor, as YYYY-MM-DD. There has to be one."""
    return max(anchor.date for anchors in found for anchor in anchors)


def read_anchor(line: str, number: int) -> Anchor:
    try:
        anchor = Anchor(**json.loads(line))
        date.fromisoformat(anchor.date)
        is_one = HEX.fullmatch(anchor.hash) and all(type(each) is int for each in (anchor.seal, anchor.total)) and anchor.seal > 0
    except (TypeError, ValueError, RecursionError) as error:
        raise NoAnchor(number) from error
    if not is_one:
        raise NoAnchor(number)
    return anchor
