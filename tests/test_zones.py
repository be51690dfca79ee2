"""Time zones come from the package, whatever files the machine has, and one function reads each clock time."""

import os
import subprocess
import sys
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal import zones

ALBERTA, VANCOUVER = ZoneInfo("America/Edmonton"), ZoneInfo("America/Vancouver")
NEWFOUNDLAND, PACIFIC = ZoneInfo("America/St_Johns"), ZoneInfo("America/Los_Angeles")
ASK = (
    "from zoneinfo import ZoneInfo; from datetime import datetime; "
    "print(datetime(2027, 1, 15, 12, tzinfo=ZoneInfo('America/Edmonton')).utcoffset())"
)
# What only some pages or commands need, or none on this database: a worker that has started has none of it.
LATE = (
    "PIL",
    "alembic",
    "apprise",
    "fontTools",
    "fpdf",
    "icalendar",
    "mako",
    "opentelemetry",
    "psycopg",
    "pyuca",
    "redis",
    "requests",
    "zxcvbn",
    "zxingcpp",
)
NAMELESS = ["", "Europe", "America/Nowhere", "../../../etc/passwd", "/etc/localtime", "America/Edmonton\0", "america/edmonton"]
NAMELESS += ["Factory", "localtime", "tzdata.zi", "a" * 10_000, "\ud800", "+05:30", None]


def test_alberta_and_british_columbia_keep_their_summer_time_in_january_2027():
    """The newest rule, which Debian 12's own files do not have."""
    noon = datetime(2027, 1, 15, 12, tzinfo=UTC)
    assert noon.astimezone(ALBERTA).utcoffset() == timedelta(hours=-6)
    assert noon.astimezone(VANCOUVER).utcoffset() == timedelta(hours=-7)
    assert zoneinfo.TZPATH == ()


@pytest.mark.parametrize("entry", ["portal.wsgi", "portal.clock"])
def test_every_entry_point_reads_the_package_although_the_machine_has_old_files(tmp_path, entry):
    """The machine's Edmonton is Honolulu here, and a library has read it before the portal starts. It starts without what can wait."""
    place = tmp_path / "zoneinfo" / "America"
    place.mkdir(parents=True)
    with (zones.resources.files("tzdata") / "zoneinfo" / "Pacific" / "Honolulu").open("rb") as other:
        (place / "Edmonton").write_bytes(other.read())
    environment = {**os.environ, "PYTHONTZPATH": str(tmp_path / "zoneinfo"), "PORTAL_INSTANCE": str(tmp_path / "instance")}
    late = f"import sys; print([name for name in {LATE} if name in sys.modules])"
    command = [sys.executable, "-c", f"{ASK}; import {entry}; {ASK}; {late}"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["-1 day, 14:00:00", "-1 day, 18:00:00", "[]"]


@pytest.mark.parametrize("name", NAMELESS)
def test_a_name_that_is_no_zone_finds_none(name):
    assert zones.find_zone(name) is None


def test_a_name_of_before_still_finds_its_zone():
    assert zones.find_zone("US/Pacific").utcoffset(datetime(2027, 7, 1, tzinfo=UTC)) == timedelta(hours=-7)


def test_a_vanished_zone_is_stood_in_for_and_logged_once(caplog):
    zones.warn_of_unknown.cache_clear()
    assert [zones.first_zone("Mars/Olympus", None, "America/St_Johns").key for _ in range(3)] == ["America/St_Johns"] * 3
    assert zones.first_zone(None, "").key == "UTC"
    assert [record.getMessage() for record in caplog.records] == [
        f"there is no time zone 'Mars/Olympus' in tzdata {zones.data_version()}: another one stands in for it"
    ]


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        (PACIFIC, "2026-12-03T07:30", "2026-12-03T15:30"),
        (PACIFIC, "2027-03-14T01:59", "2027-03-14T09:59"),
        (PACIFIC, "2027-03-14T02:30", "2027-03-14T10:30"),  # skipped: the clock there shows 3:30
        (PACIFIC, "2027-03-14T03:00", "2027-03-14T10:00"),
        (PACIFIC, "2027-11-07T01:30", "2027-11-07T08:30"),  # twice: the first
        (NEWFOUNDLAND, "2027-03-14T02:30", "2027-03-14T06:00"),
        (NEWFOUNDLAND, "2027-01-15T09:00", "2027-01-15T12:30"),
        (ALBERTA, "2027-01-15T09:00", "2027-01-15T15:00"),
    ],
)
def test_a_clock_time_becomes_one_moment(zone, local, utc):
    local = datetime.fromisoformat(local)
    at = zones.to_instant(local, zone)
    assert at == datetime.fromisoformat(utc).replace(tzinfo=UTC) and at.tzinfo is UTC
    assert zones.to_local(at, zone) == (local.replace(hour=3) if (local.month, local.hour) == (3, 2) else local)


def test_an_hour_that_comes_twice_reads_the_same_twice():
    first = datetime(2027, 11, 7, 8, 30, tzinfo=UTC)
    assert (
        zones.to_local(first, PACIFIC)
        == zones.to_local(first + timedelta(hours=1), PACIFIC)
        == datetime.fromisoformat("2027-11-07T01:30")
    )


@pytest.mark.parametrize(("day", "hours"), [(date(2027, 3, 14), 23), (date(2027, 11, 7), 25), (date(2027, 6, 1), 24)])
def test_a_day_ends_when_its_zone_says(day, hours):
    end, before = zones.end_of_day(day, PACIFIC), zones.end_of_day(day - timedelta(days=1), PACIFIC)
    assert end - before == timedelta(hours=hours)
    assert zones.to_local(end, PACIFIC).isoformat() == f"{day}T23:59:59"
