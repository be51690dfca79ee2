"""EN-2: the time of a refusal tells a stranger nothing. With the real cost of a password's hash."""

import time
from statistics import median

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from portal import passwords
from portal.models import User
from portal.settings import config
from tests.support.moving import START

TRIES = 200
TOLERANCE_SECONDS, TOLERANCE_SHARE = 0.010, 0.05
NAMES = {"wrong password": "maria", "unknown user": "nobody.knows", "disabled": "jun"}


@pytest.fixture
def dear(app, database, monkeypatch):
    """The portal with the hasher that it is run with, and everybody's password hashed by it."""
    hasher = PasswordHasher(config.ARGON2_PASSES, config.ARGON2_MEMORY_KIB, config.ARGON2_LANES)
    monkeypatch.setattr(passwords, "HASHER", hasher)
    passwords.dummy_hash.cache_clear()
    stored = hasher.hash("harbor-lantern-2026")
    for user in database.all(User):
        user.seal(database.keys, "password", stored)
        database.change(update(User).where(User.id == user.id).values(password_sealed=user.password_sealed))
    database.change(update(User).where(User.username == "jun").values(disabled_at=START))
    yield
    passwords.dummy_hash.cache_clear()


def seconds(client, token, username, status=422):
    """Returns how long one refusal took the processor: the wall clock would measure this machine's other work."""
    form = {"username": username, "password": "harbor-lantern-2025", "csrf_token": token}
    began = time.thread_time()
    answer = client.post("/sign-in", data=form)
    took = time.thread_time() - began
    assert answer.status_code == status
    return took


def test_an_unknown_a_disabled_and_a_known_name_take_as_long(dear, plain, clock):
    plain.open("/sign-in")
    token = plain.token
    took = {kind: [] for kind in NAMES}
    for _ in range(TRIES):
        clock.move(hours=1)  # every limit begins anew
        for kind, username in NAMES.items():
            took[kind].append(seconds(plain.client, token, username))
    known, *others = (median(each) for each in took.values())
    assert known > TOLERANCE_SECONDS, "with less to compute, this test could not fail"
    for other in others:
        assert abs(other - known) <= max(TOLERANCE_SECONDS, TOLERANCE_SHARE * known)


def test_they_take_as_long_to_be_refused_by_a_limit_and_nothing_is_hashed(dear, plain):
    plain.open("/sign-in")
    for username in NAMES.values():
        for _ in range(config.PASSWORD_TRIES):
            seconds(plain.client, plain.token, username)
    took = {kind: [] for kind in NAMES}
    for _ in range(TRIES):
        for kind, username in NAMES.items():
            took[kind].append(seconds(plain.client, plain.token, username, 429))
    known, *others = (median(each) for each in took.values())
    began = time.thread_time()
    passwords.verify(None, "harbor-lantern-2025")
    assert known < time.thread_time() - began
    for other in others:
        assert abs(other - known) <= max(TOLERANCE_SECONDS, TOLERANCE_SHARE * known)
