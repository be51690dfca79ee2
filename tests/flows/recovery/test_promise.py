"""Until when support promises to answer: working days by the operator's clock, across weekends, changes of the clock, and years."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.flows.recovery.promise import add_working_days
from portal.zones import to_instant, to_local

PACIFIC, CAIRO, SEOUL = ZoneInfo("America/Los_Angeles"), ZoneInfo("Africa/Cairo"), ZoneInfo("Asia/Seoul")


def promised(start, days, zone=PACIFIC):
    """Returns the clock time of the promise, for a question that arrives at that clock time."""
    return to_local(add_working_days(to_instant(datetime.fromisoformat(start), zone), days, zone), zone).isoformat(" ", "minutes")


@pytest.mark.parametrize(
    ("asked", "days", "answer"),
    [
        ("2026-11-30 17:00", 1, "2026-12-01 17:00"),  # Monday to Tuesday
        ("2026-11-27 17:00", 1, "2026-11-30 17:00"),  # over a weekend
        ("2026-11-28 10:00", 1, "2026-11-30 10:00"),  # Saturday is no working day: Monday is the first
        ("2026-11-29 23:59", 1, "2026-11-30 23:59"),  # nor is Sunday
        ("2026-11-26 09:00", 3, "2026-12-01 09:00"),
        ("2026-12-30 09:00", 2, "2027-01-01 09:00"),  # holidays are not known
        ("2026-11-30 09:00", 10, "2026-12-14 09:00"),
    ],
)
def test_weekends_do_not_count(asked, days, answer):
    assert promised(asked, days) == answer


@pytest.mark.parametrize(("friday", "hours"), [("2027-03-12 17:00", 71), ("2027-11-05 17:00", 73)])
def test_the_clock_time_stays_where_clocks_change_on_the_weekend(friday, hours):
    start = to_instant(datetime.fromisoformat(friday), PACIFIC)
    end = add_working_days(start, 1, PACIFIC)
    assert end - start == timedelta(hours=hours)
    assert to_local(end, PACIFIC).time() == datetime.fromisoformat(friday).time()


def test_a_clock_time_that_is_skipped_that_day_is_an_hour_later():
    """In Cairo, clocks go forward at midnight before a Friday."""
    assert promised("2027-04-29 00:30", 1, CAIRO) == "2027-04-30 01:30"


def test_the_day_is_the_operators():
    """Friday evening in Los Angeles is Saturday in Seoul, where the next working day ends later."""
    asked = to_instant(datetime.fromisoformat("2026-11-27 18:00"), PACIFIC)
    assert to_local(add_working_days(asked, 1, PACIFIC), PACIFIC).isoformat(" ", "minutes") == "2026-11-30 18:00"
    assert to_local(add_working_days(asked, 1, SEOUL), SEOUL).isoformat(" ", "minutes") == "2026-11-30 11:00"


def test_what_is_shown_in_minutes_is_overdue_from_that_minute():
    asked = to_instant(datetime.fromisoformat("2026-11-30 17:00:42"), PACIFIC)
    assert add_working_days(asked, 1, PACIFIC).second == 0
