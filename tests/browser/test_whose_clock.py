"""Without a choice, times are written by the browser's clock, and it is what Profile suggests; nothing is stored or sent for it."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.let_in import let_in
from tests.support.reader import Reader

NAMES = {"Asia/Seoul": "Seoul, Korean Time", "America/St_Johns": "St. John’s, Newfoundland Time"}
TIMES = "parts => parts.map(part => [part.dateTime, part.textContent.replaceAll('\\u202f', ' '), part.dataset.as || ''])"


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
