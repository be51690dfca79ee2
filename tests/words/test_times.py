"""Dates and times as people read them: each locale's own format, on the clock of a zone."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.numbers import format_decimal

from portal.flows.factors.prove import OLD_NUMBER_TEXT
from portal.languages import locale_of
from portal.methods import Secret, sms
from portal.words import places, times
from tests.support.processes import ROOT

ENGLISH, SPANISH, KOREAN, GERMAN = map(locale_of, ("en", "es", "ko", "de"))
PUERTO_RICO = locale_of("es", "America/Puerto_Rico")
SEOUL, PORTLAND, NEWFOUNDLAND = ZoneInfo("Asia/Seoul"), ZoneInfo("America/Los_Angeles"), ZoneInfo("America/St_Johns")
EDMONTON, VANCOUVER, PHOENIX = ZoneInfo("America/Edmonton"), ZoneInfo("America/Vancouver"), ZoneInfo("America/Phoenix")
VISIT = datetime(2026, 12, 3, 15, 30, tzinfo=UTC)
WINTER, SUMMER = datetime(2027, 1, 15, 20, 0, tzinfo=UTC), datetime(2027, 7, 15, 20, 0, tzinfo=UTC)


def words(text, **facts):
    """Translates nothing."""
    return text % facts


def read(at, zone, now, locale=ENGLISH, **options):
    """Returns a moment in words, its unbreakable spaces as plain ones."""
    return times.moment(at, zone, locale, now, words, **options).replace("\N{NO-BREAK SPACE}", " ")


def name(zone, at=WINTER, locale=ENGLISH):
    return times.zone_name(zone, at, locale, words)


@pytest.mark.parametrize(
    ("zone", "said"),
    [(PORTLAND, "Thu, Dec 3, 7:30 AM"), (NEWFOUNDLAND, "Thu, Dec 3, 12:00 PM"), (SEOUL, "Fri, Dec 4, 12:30 AM")],
)
def test_one_moment_on_three_clocks(zone, said):
    assert read(VISIT, zone, VISIT - timedelta(days=9)) == said


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [(PORTLAND, "4:00 AM", "5:00 AM"), (NEWFOUNDLAND, "8:30 AM", "9:30 AM"), (SEOUL, "9:00 PM", "9:00 PM")],
)
def test_clocks_go_forward_where_they_do(zone, before, after):
    """Both sides of 14 March 2027, at noon UTC."""
    eve, morrow = datetime(2027, 3, 13, 12, tzinfo=UTC), datetime(2027, 3, 15, 12, tzinfo=UTC)
    assert [read(at, zone, VISIT).rsplit(", ", 1)[1] for at in (eve, morrow)] == [before, after]


def test_today_is_the_readers_own_day():
    now = datetime(2026, 12, 3, 23, 0, tzinfo=UTC)  # already the fourth in Seoul
    assert read(VISIT, PORTLAND, now) == "today, 7:30 AM" and read(VISIT, PORTLAND, now, alone=True) == "Today, 7:30 AM"
    assert read(VISIT, SEOUL, now) == "today, 12:30 AM"
    assert read(VISIT, SEOUL, now - timedelta(hours=9)) == "Fri, Dec 4, 12:30 AM"  # still the third there
    assert read(VISIT, NEWFOUNDLAND, now + timedelta(hours=4, minutes=29)) == "today, 12:00 PM"
    assert read(VISIT, NEWFOUNDLAND, now + timedelta(hours=4, minutes=30)) == "Thu, Dec 3, 12:00 PM"


def test_another_year_is_named_and_so_is_any_in_what_is_kept():
    assert read(VISIT, PORTLAND, WINTER) == read(VISIT, PORTLAND, None) == "Thu, Dec 3, 2026, 7:30 AM"


def test_an_end_today_is_a_time_of_day():
    assert times.until(VISIT, PORTLAND, ENGLISH, VISIT, words) == "7:30\N{NO-BREAK SPACE}AM"
    assert times.until(VISIT, PORTLAND, ENGLISH, VISIT - timedelta(days=1), words).startswith("Thu, Dec 3, ")


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (ENGLISH, "Thu, Dec 3, 7:30 AM"),
        (SPANISH, "jue, 3 de dic, 7:30 a.m."),  # as in the United States
        (PUERTO_RICO, "jue, 3 dic, 7:30 a. m."),
        (KOREAN, "12월 3일 (목) 오전 7:30"),  # Babel itself: "AM 7:30"
        (GERMAN, "Do., 3. Dez., 07:30"),
    ],
)
def test_each_language_has_its_own_order(locale, said):
    assert read(VISIT, PORTLAND, VISIT - timedelta(days=2), locale) == said


def test_no_space_of_a_time_is_one_that_our_typeface_lacks():
    for locale in (ENGLISH, SPANISH, PUERTO_RICO, KOREAN, GERMAN, Locale.parse("fr_CA")):
        assert times.NARROW not in times.clock_time(VISIT, PORTLAND, locale) + times.day(VISIT.date(), locale, "long")


@pytest.mark.parametrize(
    ("zone", "winter", "summer"),
    [
        ("America/Los_Angeles", "Pacific Time", "Pacific Time"),
        ("America/St_Johns", "Newfoundland Time", "Newfoundland Time"),
        ("Asia/Seoul", "Korean Time", "Korean Time"),
        ("America/Phoenix", "Mountain Time", "Phoenix Time"),  # no summer time there
        ("America/Edmonton", "Edmonton Time", "Mountain Time"),  # no winter time there, since 2026
        ("America/Vancouver", "Vancouver Time", "Pacific Time"),
        ("America/Regina", "Central Time", "Regina Time"),
        ("Asia/Kolkata", "Kolkata Time", "Kolkata Time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires Time", "Buenos Aires Time"),
        ("UTC", "UTC", "UTC"),
        ("US/Pacific", "Pacific Time", "Pacific Time"),
    ],
)
def test_a_zone_is_named_after_a_city_when_its_name_promises_another_clock(zone, winter, summer):
    assert (name(ZoneInfo(zone)), name(ZoneInfo(zone), SUMMER)) == (winter, summer)


def test_the_name_of_a_zone_is_in_the_readers_language():
    assert (name(PORTLAND, locale=SPANISH), name(PORTLAND, locale=KOREAN)) == ("hora del Pacífico", "미 태평양 시간")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (60, "1 minute"),
        (580, "9 minutes and 40 seconds"),
        (3_540, "59 minutes"),
        (3_600, "1 hour"),
        (7_261, "2 hours, 1 minute, and 1 second"),
    ],
)
def test_a_duration_is_exact(seconds, said):
    assert times.duration(seconds, ENGLISH) == said


@pytest.mark.parametrize(
    ("length", "said"),
    [
        ({"seconds": 59}, "0 minutes"), ({"minutes": 12}, "12 minutes"), ({"hours": 3}, "3 hours"),
        ({"hours": 1, "minutes": 1}, "1 hour and 1 minute"), ({"days": 1, "minutes": 5}, "1 day"),
        ({"days": 120, "hours": 5, "minutes": 59}, "120 days and 5 hours"), ({"days": -1}, "0 minutes"),
    ],
)  # fmt: skip
def test_a_long_duration_has_its_two_largest_units(length, said):
    assert times.length(timedelta(**length), ENGLISH) == said


def test_a_duration_is_in_the_readers_language():
    assert times.duration(580, SPANISH) == "9 minutos y 40 segundos"
    assert times.duration(580, KOREAN) == "9분 40초"  # Babel's lists say "9분 및 40초", as of things
    assert times.length(timedelta(days=120, hours=3), KOREAN) == "120일 3시간" and times.length(timedelta(), KOREAN) == "0분"


def test_a_place_writes_dates_and_numbers_in_its_own_way():
    """Spanish alone would be Spain's: 24 hours, and 1.234 for what readers in the United States write as 1,234."""
    written = [times.day(date(1958, 1, 30), locale) for locale in (SPANISH, PUERTO_RICO, KOREAN)]
    assert written == ["30 ene 1958", "01/30/1958", "1958. 1. 30."]
    assert [format_decimal(1234, locale=locale) for locale in (SPANISH, PUERTO_RICO, KOREAN)] == ["1,234"] * 3
    assert locale_of("ko", "America/Puerto_Rico") == KOREAN and locale_of("en", "America/Puerto_Rico") == ENGLISH


def test_what_is_said_of_regions_is_what_pages_show():
    rows = [line.split("|") for line in (ROOT / "docs/languages.md").read_text().splitlines() if re.match(r"\|[^|]*\| `", line)]
    told = {cells[2].split("`")[1]: [cell.strip() for cell in cells[3:8]] for cells in rows if len(cells) == 9}
    for locale in (ENGLISH, SPANISH, PUERTO_RICO, KOREAN):
        clock = times.clock_time(VISIT.replace(hour=23), PORTLAND, locale).replace(times.NO_BREAK, " ")
        on, number = VISIT.date(), format_decimal(1234, locale=locale)
        shown = [clock, times.day_name(on, locale, on), times.day(on, locale), number, times.duration(580, locale)]
        assert all(cell.startswith(words) for cell, words in zip(told[str(locale)], shown, strict=True)), (
            told[str(locale)],
            shown,
        )


def test_a_date_of_its_own_belongs_to_no_zone():
    assert times.day(date(1958, 1, 30), ENGLISH) == "Jan 30, 1958"
    assert times.day(date(1958, 1, 30), ENGLISH, "long") == "January 30, 1958"


def test_the_list_of_zones_has_each_place_once_and_the_practices_countries_first():
    regions = places.list_places(ENGLISH)
    listed = [place for cities in regions.values() for place in cities]
    assert len(listed) == len({place.name for place in listed}) > 400
    first, *_ = regions
    here = {place.name: place.city for place in regions[first]}
    assert here["America/Los_Angeles"] == "Los Angeles" and here["America/St_Johns"] == "St. John’s" and len(here) < 60
    assert {"Seoul", "Kathmandu", "Kolkata"} <= {place.city for place in regions["Asia"]}
    assert all(len(place.name) <= 64 for place in listed)
    assert [place.city for place in places.list_places(SPANISH)["Europe"]][:2] == ["Ámsterdam", "Andorra"]


def test_texts_name_no_time_of_day():
    """A text is read by whatever clock its phone has, minutes later; it says how long a code works instead."""
    secret = Secret("", "", "Medximity", "maria", initials="M. R.", host="portal.example")
    said = [sms.words(secret, "123456"), OLD_NUMBER_TEXT]
    assert all(not re.search(r"\d:\d\d|%\(when\)s|AM|PM|UTC", text) for text in said)
