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

TRIES, ROUND = 200, 40  # of each kind at most, and at once
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
    began = time.process_time()
    answer = client.post("/sign-in", data=form)
    took = time.process_time() - began
    assert answer.status_code == status
    return took


def measure(refuse):
    """Returns (seconds of a refusal of a known name, largest difference of another one, the difference that is allowed).

    They are medians: of few tries if not even half of what is allowed shows, else of all. `refuse` takes a username.
    """
    took = {kind: [] for kind in NAMES}
    for _ in range(TRIES // ROUND):
        for _ in range(ROUND):
            for kind, username in NAMES.items():
                took[kind].append(refuse(username))
        known, *others = (median(each) for each in took.values())
        largest, allowed = max(abs(other - known) for other in others), max(TOLERANCE_SECONDS, TOLERANCE_SHARE * known)
        if largest <= allowed / 2:
            break
    return known, largest, allowed


@pytest.mark.long
def test_an_unknown_a_disabled_and_a_known_name_take_as_long(dear, plain, clock):
    plain.open("/sign-in")
    token = plain.token

    def refuse(username):
        clock.move(hours=1)  # every limit begins anew
        return seconds(plain.client, token, username)

    known, largest, allowed = measure(refuse)
    assert known > TOLERANCE_SECONDS, "with less to compute, this test could not fail"
    assert largest <= allowed


def test_they_take_as_long_to_be_refused_by_a_limit_and_nothing_is_hashed(dear, plain):
    plain.open("/sign-in")
    for username in NAMES.values():
        for _ in range(config.PASSWORD_TRIES):
            seconds(plain.client, plain.token, username)
    known, largest, allowed = measure(lambda username: seconds(plain.client, plain.token, username, 429))
    began = time.process_time()
    passwords.verify(None, "harbor-lantern-2025")
    assert known < time.process_time() - began
    assert largest <= allowed
