"""Without a choice, times are written by the browser's clock, and it is what Profile suggests; nothing is stored or sent for it."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import g

from portal.languages import load_catalogue, locale_of
from portal.web.times import Clock, browser_locale
from portal.words import times
from tests.support.let_in import let_in
from tests.support.reader import Reader

NAMES = {"Asia/Seoul": "Seoul, Korean Time", "America/St_Johns": "St. John’s, Newfoundland Time"}
TIMES = "parts => parts.map(part => [part.dateTime, part.textContent.replaceAll(/\\s/g, ' '), part.dataset.as || ''])"


def clock_time(text, zone):
    at = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    return f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"


@pytest.mark.parametrize("zone", NAMES)
def test_times_are_the_browsers_own_and_profile_suggests_it(town, browsers, zone):
    reader = Reader(browsers.open(town.url, timezone_id=zone))
    let_in(reader, town, town.newcomer(), "/account/security")
    shown = reader.page.locator("main time").evaluate_all(TIMES)
    assert shown and all(not waits and text.endswith(clock_time(at, zone)) for at, text, waits in shown), shown
    assert any(re.match("today, ", text) for _, text, _ in shown) and any(re.match("Today, ", text) for _, text, _ in shown)
    reader.page.goto(f"{town.url}/account/time-zone")
    field = reader.page.get_by_label("Time zone")
    assert field.evaluate("field => field.selectedOptions[0].text") == NAMES[zone]
    assert {cookie["name"] for cookie in reader.page.context.cookies()} <= {"session", "browser"}
    assert reader.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


@pytest.mark.once("times are written by the browser")
def test_the_browser_writes_a_time_as_the_server_does(town, browsers):
    """In the locale of the reader's place: a browser alone would write 15:30 in Spanish, and a newer one "PM 3:30" in Korean."""
    page = browsers.open(town.url, timezone_id="America/Puerto_Rico").page
    zone, now = ZoneInfo("America/Puerto_Rico"), datetime.now(UTC)
    moments = [
        datetime(year, 12, 3, hour, 5, tzinfo=UTC) for year in (now.year - 1, now.year + 1) for hour in (2, 12, 16, 23)
    ] + [now]
    drawn = {}
    page.route("**/drawn", lambda route: route.fulfill(body=drawn["page"], content_type="text/html; charset=utf-8"))
    for language, place in (("en", zone.key), ("es", ""), ("es", zone.key), ("ko", "")):
        with town.app.test_request_context():
            g.language, g.clock = language, Clock(ZoneInfo(place or "America/New_York"), is_chosen=True)
            root = browser_locale()
        locale = locale_of(language, place)
        parts = "".join(f'<time datetime="{at.isoformat()}" data-as=moment></time>' for at in moments)
        drawn["page"] = f'<!doctype html><html lang="{language}"{root}>{parts}<script src="/static/scripts.js"></script>'
        page.goto("/drawn")
        page.locator("time[data-as]").first.wait_for(state="detached")
        assert page.locator("time").all_inner_texts() == [
            times.moment(at, zone, locale, now, load_catalogue(language).gettext) for at in moments
        ]
