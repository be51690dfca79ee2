"""Nothing but SQL between BEGIN and COMMIT: SQLite's one write lock, and PostgreSQL's locks on rows, are held for that long."""

import time

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event

from portal import passwords
from portal.settings import config

# What a write transaction may take of the processor outside SQL, in argon2 hashes, so that a busy machine changes nothing. Measured: 0.8
# for the longest, which turns two-factor authentication on with 17 statements, nearly all of it SQLAlchemy's.
LONGEST_IN_HASHES = 1.5


class Held:
    """The processor time that each write transaction took outside of SQL."""

    def __init__(self):
        self.times, self.began, self.asked, self.in_sql = [], None, None, 0.0

    def begin(self, connection):
        if connection.get_execution_options().get("writes"):
            self.began, self.in_sql = time.thread_time(), 0.0

    def ask(self, *_):
        self.asked = time.thread_time()

    def answer(self, *_):
        self.in_sql += time.thread_time() - self.asked

    def end(self, connection):
        if self.began is not None:
            self.times.append(time.thread_time() - self.began - self.in_sql)
            self.began = None


@pytest.fixture
def held(app):
    """What the write transactions of this test hold locks for."""
    found, engine = Held(), app.extensions["engine"]
    listeners = {
        "begin": found.begin,
        "before_cursor_execute": found.ask,
        "after_cursor_execute": found.answer,
        "commit": found.end,
        "rollback": found.end,
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    yield found
    for name, listener in listeners.items():
        event.remove(engine, name, listener)


def walk(plain, person):
    """Signs in, sets up, signs in with a code, makes new backup codes, changes the password, forgets it."""
    plain.enter(person).set_up(person)
    person.clock.next_code()
    plain.open("/account/security")
    plain.press("Regenerate Backup Codes")
    plain.press("Regenerate Backup Codes")
    person.codes = plain.read_codes()
    plain.open("/account/password")
    plain.fill("Change password", Current_password=person.password, New_password="quiet meadow by the river")
    person.password = "quiet meadow by the river"
    other = plain.another()
    other.enter(person)
    other.press("Sign out")
    other.open("/forgot-password")
    other.fill("Send link", Username_or_email_address=person.username)


class Hashing:
    """Stands for the threads that hash or weigh passwords; knows of each use whether a write transaction was open."""

    def __init__(self, held):
        self.held, self.taken = held, []

    def run(self, deed, *facts):
        self.taken.append(self.held.began is not None)
        return deed(*facts)


def seconds(deed):
    """Returns the processor time that something takes."""
    began = time.thread_time()
    deed()
    return time.thread_time() - began


def test_write_transactions_hold_their_locks_for_sql_alone(plain, maria, jun, held, monkeypatch):
    """In the better of two walks: on the first, SQLAlchemy builds its statements; on each, other processes may get in between."""
    real = PasswordHasher(config.ARGON2_PASSES, config.ARGON2_MEMORY_KIB, config.ARGON2_LANES)
    hashing = Hashing(held)
    monkeypatch.setattr(passwords, "HASHER", real)  # in other tests, a hash costs nothing
    monkeypatch.setattr(passwords, "HASHING", hashing)
    longest = []
    for browser, person in ((plain, maria), (plain.another(), jun)):
        held.times.clear()
        walk(browser, person)
        assert len(held.times) > 10
        longest.append(max(held.times) / min(seconds(lambda: real.hash("harbor-lantern-2026")) for _ in range(3)))
    assert len(hashing.taken) > 10 and not any(hashing.taken), "a password is hashed or weighed while locks are held"
    assert min(longest) < LONGEST_IN_HASHES
