"""Nothing but SQL between BEGIN and COMMIT: SQLite's one write lock, and PostgreSQL's locks on rows, are held for that long."""

import time

import pytest
from sqlalchemy import event

LONGEST = 0.06  # seconds of the processor outside SQL in one write transaction; an argon2 hash or a page takes longer


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


def walk(plain, maria):
    """Signs in, sets up, signs in with a code, makes new backup codes, changes the password, forgets it."""
    plain.enter(maria).set_up(maria)
    maria.clock.next_code()
    plain.open("/account/security")
    plain.press("Regenerate Backup Codes")
    plain.press("Regenerate Backup Codes")
    maria.codes = plain.read_codes()
    plain.open("/account/password")
    plain.fill("Change password", Current_password=maria.password, New_password="quiet meadow by the river")
    maria.password = "quiet meadow by the river"
    other = plain.another()
    other.enter(maria)
    other.press("Sign out")
    other.open("/forgot-password")
    other.fill("Send link", Username_or_email_address="maria")


def test_write_transactions_hold_their_locks_for_sql_alone(plain, maria, held):
    walk(plain, maria)
    assert len(held.times) > 10
    assert max(held.times) < LONGEST
