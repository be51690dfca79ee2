"""Dates, times, and durations as people read them, in Babel's formats for a locale. The caller names locale, zone, and translation."""

import functools
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from math import inf
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_datetime_format,
    get_time_format,
    get_timezone_location,
    get_timezone_name,
)
from babel.lists import format_list

from portal import zones
from portal.words.marks import N_

Translate = Callable[..., str]
WRITTEN = 2000  # the most clock times, and days, that are kept as they were written: a page repeats them
NARROW, NO_BREAK = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "Universal", "UCT", "Zulu"})
# The zone whose clock a name such as "Pacific Time" promises (CLDR's territory 001), where zones of that name differ.
HOMES = {
    "America_Pacific": "America/Los_Angeles",
    "America_Mountain": "America/Denver",
    "America_Central": "America/Chicago",
    "America_Eastern": "America/New_York",
    "Atlantic": "America/Halifax",
    "Newfoundland": "America/St_Johns",
    "Alaska": "America/Juneau",
    "Hawaii_Aleutian": "Pacific/Honolulu",
    "Australia_Eastern": "Australia/Sydney",
    "Australia_Central": "Australia/Adelaide",
    "Europe_Central": "Europe/Paris",
    "Europe_Western": "Atlantic/Canary",
    "Korea": "Asia/Seoul",
}


def spaced(text: str) -> str:
    """With spaces that do not break and that every font and reader has: Unicode's narrow one is not in ours."""
    return text.replace(NARROW, NO_BREAK)


@functools.cache
def half_days(locale: Locale) -> tuple[str, str] | None:
    """The words for morning and afternoon, where the short ones are "AM" and "PM" and readers write theirs out: CLDR 48 in Korean."""
    periods = locale.day_periods["format"]
    words = periods["wide"].get("am", "AM"), periods["wide"].get("pm", "PM")
    return words if periods["abbreviated"].get("am") == "AM" != words[0] else None


@functools.cache
def clock_pattern(locale: Locale) -> str:
    """The locale's short pattern of a clock time."""
    pattern = str(get_time_format("short", locale).pattern)
    return pattern.replace("a", "aaaa") if half_days(locale) else pattern


def clock_time(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """The time of day in a zone, such as "7:30 AM"."""
    local = at.astimezone(zone)
    return hour_and_minute(local.hour, local.minute, locale)


@functools.lru_cache(WRITTEN)
def hour_and_minute(hour: int, minute: int, locale: Locale) -> str:
    return spaced(format_time(time(hour, minute), clock_pattern(locale), locale=locale)).replace(" ", NO_BREAK)


def day(on: date, locale: Locale, width: str = "medium") -> str:
    """A date of its own, such as "Dec 3, 2026"; width "long": "December 3, 2026"."""
    return spaced(format_date(on, width, locale=locale))


def day_name(on: date, locale: Locale, today: date | None = None) -> str:
    """A day, such as "Thu, Dec 3"; with its year unless it is of the same year as today."""
    skeleton = "MMMEd" if today is not None and on.year == today.year else "yMMMEd"
    return by_skeleton(skeleton, on.year, on.month, on.day, locale)


@functools.lru_cache(WRITTEN)
def by_skeleton(skeleton: str, year: int, month: int, day: int, locale: Locale) -> str:
    return spaced(format_skeleton(skeleton, datetime(year, month, day), None, locale=locale))  # noqa: DTZ001 a day has no zone


def month(on: date, locale: Locale) -> str:
    """The short name of a month on its own, such as "Dec"."""
    return spaced(format_date(on, "LLL", locale=locale))


def join(on: str, clock: str, locale: Locale) -> str:
    """A day and a clock time in the locale's order."""
    return day_and_clock(locale).replace("{1}", on).replace("{0}", clock)


@functools.cache
def day_and_clock(locale: Locale) -> str:
    """The locale's pattern of both."""
    return str(get_datetime_format("medium", locale))


def moment(at: datetime, zone: ZoneInfo, locale: Locale, now: datetime | None, translate: Translate, alone: bool = False) -> str:
    """A moment in a zone, such as "today, 2:49 PM", "Thu, Dec 3, 7:30 AM", or with its year if it is of another one.

    `alone`: it begins what is read, so "Today". Without `now`, for what is read on any day, the year stays.
    """
    local, today = at.astimezone(zone), now.astimezone(zone).date() if now else None
    on, clock = local.date(), hour_and_minute(local.hour, local.minute, locale)
    if on == today:
        return join(translate(N_("Today") if alone else N_("today")), clock, locale)
    return join(day_name(on, locale, today), clock, locale)


def until(at: datetime, zone: ZoneInfo, locale: Locale, now: datetime, translate: Translate) -> str:
    """When something ends: "2:02 PM", with the day if that is not today."""
    is_today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return clock_time(at, zone, locale) if is_today else moment(at, zone, locale, now, translate)


def zone_name(zone: ZoneInfo, at: datetime, locale: Locale, translate: Translate) -> str:
    """The name of a zone, such as "Pacific Time"; by its city, "Edmonton Time", where that name would promise another clock then.

    Alberta and British Columbia stopped changing their clocks in 2026, and belong to "Mountain Time" and "Pacific Time" all the same.
    """
    key = zone.key
    if key in UTC_NAMES:
        return "UTC"
    home = home_of(key)
    if home and home.utcoffset(at.astimezone(home)) == zone.utcoffset(at.astimezone(zone)):
        return generic_name(zone, locale)
    city = get_timezone_location(zone, locale, return_city=True).rpartition("/")[2]
    return translate(
        N_("%(city)s Time"), city=city
    )  # Babel's own pattern for it is the one of summer time in es_US, fr_CA, and ru


@functools.cache
def home_of(key: str) -> ZoneInfo | None:
    """The zone whose clock the name of this one promises; None if that is no name of ours."""
    shared, aliases = get_global("meta_zones"), get_global("zone_aliases")
    return zones.find_zone(HOMES.get(shared.get(key) or shared.get(aliases.get(key, "")) or ""))


@functools.cache
def generic_name(zone: ZoneInfo, locale: Locale) -> str:
    return spaced(get_timezone_name(zone, "long", locale=locale, zone_variant="generic"))


def duration(seconds: int, locale: Locale) -> str:
    """A duration to the second, such as "9 minutes and 40 seconds" (RL-8)."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [timedelta(hours=hours), timedelta(minutes=minutes), timedelta(seconds=rest)]
    words = [format_timedelta(part, threshold=1, locale=locale) for part in parts if part] or [
        format_timedelta(timedelta(), locale=locale)
    ]
    return joined(words, locale)


def joined(words: list[str], locale: Locale) -> str:
    """Parts of one duration in a row. Korean has no word between them, and Babel's list of units ends with an error in Spanish."""
    return spaced(format_list(words, "unit" if locale.language == "ko" else "standard", locale))


def length(of: timedelta, locale: Locale) -> str:
    """A long duration by its two largest units, rounded down to the minute: "1 day and 3 hours", "12 minutes"."""
    minutes = max(0, int(of.total_seconds())) // 60
    units: dict[Literal["day", "hour", "minute"], timedelta] = {
        "day": timedelta(days=minutes // 1440),
        "hour": timedelta(hours=minutes // 60 % 24),
        "minute": timedelta(minutes=minutes % 60),
    }
    filled = [unit for unit, part in units.items() if part]
    shown = list(units)[list(units).index(filled[0] if filled else "minute") :][:2]
    # No format_unit: some locales, Korean among them, lack its words. Without a threshold, 120 days stay days.
    words = [
        format_timedelta(units[unit], granularity=unit, threshold=inf, locale=locale)
        for unit in shown
        if units[unit] or unit == shown[0]
    ]
    return joined(words, locale)
