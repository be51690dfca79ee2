"""The audit trail of the app in this process."""

import secrets

import pytest

from portal.crypto import Keyring
from tests.support.trail import Trail


@pytest.fixture
def trail(app, clock):
    """The trail, with what the demo accounts have left in it, ten minutes ago."""
    clock.move(minutes=10)
    return Trail(app, clock)


@pytest.fixture
def rings(trail):
    """The old key, the ring with a new one before it, and the new one alone."""
    old = trail.app.extensions["settings"].encryption_keys
    fresh = ("k-new", secrets.token_bytes(32))
    return Keyring(old), Keyring((fresh, *old)), Keyring((fresh,))
