"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

import pytest

from portal import clock as portal_clock

START = datetime(2027, 3, 1, 12, 0, 10, tzinfo=UTC)  # ten seconds into a TOTP step


class MovedClock:
    """The portal's current time."""

    def __init__(self):
        self.now = START

    def move(self, **by):
        """Moves the time; the arguments are timedelta's."""
        self.now += timedelta(**by)

    def next_code(self):
        """Moves to the next TOTP step."""
        self.move(seconds=30)


@pytest.fixture
def clock():
    """The portal's clock, moved by the test."""
    moved = MovedClock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portal_clock, "now", lambda: moved.now)
        yield moved
