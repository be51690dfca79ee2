"""The audit trail of the app in this process."""

import pytest

from tests.support.trail import Trail


@pytest.fixture
def trail(app, clock):
    """The trail, with what the demo accounts have left in it, ten minutes ago."""
    clock.move(minutes=10)
    return Trail(app, clock)
