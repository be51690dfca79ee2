"""Time zones by IANA name, from the package tzdata alone: the operating system's files may be older, or missing.

The package `portal` imports this module before anything else, so that every entry point (pages, worker, commands) reads the same data.
"""

import functools
import logging
import re
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import tzdata

zoneinfo.reset_tzpath(())
ZoneInfo.clear_cache()  # of what a library may have read from the operating system's files before

log = logging.getLogger(__name__)

UNUSABLE = frozenset({"Factory", "localtime", "posixrules"})  # in the data, but not the time of any place
UPDATED = re.compile(r"^#updated \d+ \((\d{4}-\d{2}-\d{2}) ", re.MULTILINE)


@functools.cache
def known_names() -> frozenset[str]:
    """Every name in the data, earlier names of a zone included."""
    return frozenset(zoneinfo.available_timezones() - UNUSABLE)


@functools.lru_cache(maxsize=1024)
def find_zone(name: str | None) -> ZoneInfo | None:
    """The zone of that name; None if there is none. Nothing but a name in the data is looked up: a name is part of a file's path."""
    return ZoneInfo(name) if name in known_names() else None


@functools.lru_cache(maxsize=1024)
def warn_of_unknown(name: str) -> None:
    """Log once in each process that a stored name is not in the data (any more)."""
    log.warning("there is no time zone %r in tzdata %s: another one stands in for it", name, data_version())


def first_zone(*names: str | None) -> ZoneInfo:
    """The first of these zones that is set and exists, else UTC. A name that doesn't exist is logged once."""
    for name in names:
        zone = find_zone(name)
        if zone:
            return zone
        if name:
            warn_of_unknown(name)
    return ZoneInfo("UTC")


def to_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC moment of a clock time (naive) in a zone.

    A clock time that occurs twice when clocks go back is the first one. One that is skipped when they go forward (02:30) is as long
    after midnight as it would have been, so that the clock there then shows an hour more (03:30), as RFC 5545 3.3.5 has it.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def to_local(at: datetime, zone: ZoneInfo) -> datetime:
    """The clock time (naive) in a zone at a moment. Where clocks went back, the same one comes twice."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day in a zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last second of a day in a zone, as a UTC moment. A day may have 23 or 25 hours."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC) - timedelta(seconds=1)


def data_version() -> str:
    """The version of the data as IANA names it, such as "2026f"."""
    return str(tzdata.IANA_VERSION)


def data_is_from() -> date:
    """The latest day that the data itself proves it is not older than: its year, or the last change of the list of leap seconds."""
    year = date(int(data_version()[:4]), 1, 1)
    text = resources.files("tzdata").joinpath("zoneinfo/leapseconds").read_text(encoding="utf-8")
    found = UPDATED.search(text)
    return max(year, date.fromisoformat(found[1])) if found else year
