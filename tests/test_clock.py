"""Stored ends and windows, and a clock that jumped ahead and was set back."""

from datetime import UTC, datetime, timedelta

import pytest

from portal import clock
from portal.settings import config

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
TEN = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("end", "ahead"),
    [
        (None, False),
        (NOW - SECOND, False),
        (NOW, False),
        (NOW + SECOND, True),
        (NOW + TEN, True),
        (NOW + TEN + config.CLOCK_TOLERANCE, True),
        (NOW + TEN + config.CLOCK_TOLERANCE + SECOND, False),
        (NOW + timedelta(days=365), False),
    ],
)
def test_an_end_further_ahead_than_its_longest_life_is_over(end, ahead):
    assert clock.is_ahead(end, NOW, TEN) is ahead


@pytest.mark.parametrize(
    ("start", "recent"),
    [(None, False), (NOW, True), (NOW - TEN, True), (NOW - TEN - SECOND, False), (NOW + SECOND, True), (NOW + TEN, False)],
)
def test_what_was_shown_in_the_future_is_not_recent(start, recent):
    assert clock.is_recent(start, NOW, TEN) is recent
