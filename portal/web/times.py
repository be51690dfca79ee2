"""Times on pages and in emails: in the reader's zone, as `time` elements that the browser's script turns to its own if there is no choice.

A zone is chosen in Profile. Without one nothing is stored or asked: the page is written in the practice's zone, with its name, and
`portal.js` writes it anew in the browser's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from flask import current_app, g
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from portal import languages, zones
from portal.flows.base.visits import Visit
from portal.web.application import kept
from portal.web.browser_session import request_time, session_user
from portal.web.language import current_language, gettext
from portal.words import places, times


@dataclass(frozen=True)
class Clock:
    """Whose clock a page or an email shows: a zone, and whether the reader chose it."""

    zone: ZoneInfo
    is_chosen: bool


def reader_clock() -> Clock:
    """The clock of this page or email."""
    here = kept()
    if "clock" not in here:
        here.clock = find_clock()
    clock: Clock = here.clock
    return clock


def find_clock() -> Clock:
    """The visitor's choice, else their practice's zone, else the operator's. A claimant's account says nothing about itself yet."""
    user = session_user()
    fallback = current_app.extensions["settings"].time_zone
    if user is None or user.is_claimant:
        return Clock(zones.first_zone(fallback), is_chosen=False)
    zone = zones.first_zone(user.time_zone, user.place_zone, fallback)
    return Clock(zone, is_chosen=zone.key == user.time_zone)


def dates_locale() -> Locale:
    """How this page or email writes dates and times: in its language, by the habits of the place whose clock it shows."""
    return languages.locale_of(current_language(), reader_clock().zone.key)


def browser_locale() -> Markup:
    """What the script of a page needs to write times as the server does: attributes for its root.

    Each only where English doesn't have it: the locale, if it is not the language's own; the words for the halves of a day, where ICU has
    "AM" and "PM" (Korean); how a day and a clock time are put together, where there is no comma between them (Korean again).
    """
    locale = dates_locale()
    tag, halves, both = str(locale).replace("_", "-"), times.half_days(locale), times.day_and_clock(locale)
    named = Markup(' data-locale="{}"').format(tag) if tag != current_language() else Markup()
    worded = Markup(' data-halves="{}|{}"').format(*halves) if halves else Markup()
    return named + worded + (Markup(' data-both="{}"').format(both) if both != "{1}, {0}" else Markup())


@contextmanager
def show_zone(name: str | None) -> Iterator[None]:
    """Write in this zone, whoever's request it is; in the operator's if it is None or does not exist any more."""
    before = g.get("clock")
    g.clock = Clock(zones.first_zone(name, current_app.extensions["settings"].time_zone), is_chosen=True)
    try:
        yield
    finally:
        g.clock = before
        if before is None:
            g.pop("clock")


def named(text: str, at: datetime, zone: ZoneInfo) -> str:
    """A time with the name of its zone, such as "7:30 AM Pacific Time"."""
    return f"{text} {times.zone_name(zone, at, dates_locale(), gettext)}"


def element(text: str, at: datetime, kind: str) -> Markup:
    """A `time` element; `kind` tells the script how to write it anew, "" that it must not."""
    rewritten = f" data-as={kind}" if kind else ""
    moment = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Markup(f'<time datetime="{moment}"{rewritten}>{escape(text)}</time>')  # noqa: S704 (all else is digits, or ours)


def moment_element(at: datetime, alone: bool = False, year: bool = False) -> Markup:
    """A moment on a page (see `times.moment`); `year`: for what is printed or kept."""
    clock = reader_clock()
    text = times.moment(at, clock.zone, dates_locale(), None if year else request_time(), gettext, alone)
    if clock.is_chosen:
        return element(text, at, "")
    return element(named(text, at, clock.zone), at, "year" if year else "alone" if alone else "moment")


def until_element(at: datetime) -> Markup:
    """When something ends, on a page: the time of day alone if that is today."""
    clock = reader_clock()
    text = times.until(at, clock.zone, dates_locale(), request_time(), gettext)
    return element(text, at, "") if clock.is_chosen else element(named(text, at, clock.zone), at, "until")


def moment_text(at: datetime) -> str:
    """A moment in plain text, which is read on any day and by any clock: with its year and the name of its zone."""
    zone = reader_clock().zone
    return named(times.moment(at, zone, dates_locale(), None, gettext), at, zone).replace(times.NO_BREAK, " ")


def zone_label(name: str) -> str:
    """A zone by its city and its name, such as "Los Angeles, Pacific Time"; "" if it does not exist any more."""
    zone = zones.find_zone(name)
    if not zone:
        return ""
    city, its_name = places.city_of(name, dates_locale()), times.zone_name(zone, request_time(), dates_locale(), gettext)
    return city if city in its_name else f"{city}, {its_name}"


def visit_time(visit: Visit) -> Markup:
    """When an appointment begins, always by the clock of its practice and with its name: "Thu, Dec 3, 7:30 AM Pacific Time"."""
    today = request_time().astimezone(visit.zone).date()
    on, clock = (
        times.day_name(visit.local.date(), dates_locale(), today),
        times.clock_time(visit.at, visit.zone, dates_locale()),
    )
    return element(named(times.join(on, clock, dates_locale()), visit.at, visit.zone), visit.at, "")


def month(on: date) -> str:
    """The short name of a month."""
    return times.month(on, dates_locale())


@pass_eval_context
def moment(context: EvalContext, at: datetime, alone: bool = False, year: bool = False) -> str:
    """For templates: a `time` element on a page, words in an email or a file."""
    return moment_element(at, alone, year) if context.autoescape else moment_text(at)


@pass_eval_context
def until(context: EvalContext, at: datetime) -> str:
    """For templates: when something ends."""
    return until_element(at) if context.autoescape else moment_text(at)


def day(on: date, width: str = "medium") -> str:
    """A date of its own, such as "Dec 3, 2026", or the day of a moment by the reader's clock."""
    if not isinstance(on, datetime):
        return times.day(on, dates_locale(), width)
    clock = reader_clock()
    text = times.day(on.astimezone(clock.zone).date(), dates_locale(), width)
    return element(text, on, "" if clock.is_chosen else width)
