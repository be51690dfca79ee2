"""Sign out while the database does not answer: the cookie goes at once, the session ends when the database is back (SE-9)."""

import contextlib
import time

import pytest
import sqlalchemy
from sqlalchemy import event, func, select

from portal.models import Event, Session
from portal.settings import config
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import Wire

LIVE = "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.username = :name AND s.ended_at IS NULL"
FILLER = """
INSERT INTO events (at, event, result, request_id, ip, user_agent, app_version) VALUES ('2027-01-01', 'filler', 'ok', '', '', '', '')
"""
ENDED = "SELECT count(*) FROM events e JOIN users u ON u.id = e.subject_id WHERE u.username = :name AND event = 'session_end'"


@pytest.fixture(scope="module")
def portal(sites):
    """A portal of one process, which remembers for all its requests."""
    site = sites.seeded()
    with running_server(site, workers=1) as server:
        yield server
    sites.remove(site)


def until(true, seconds=15):
    """Waits until something is so; returns whether it came to be."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    return true()


def keep_cookies(person):
    """Returns another browser with the cookies of this one, as somebody has it who copied them."""
    return person.tab()


@pytest.mark.long
@pytest.mark.parametrize(
    "statement", ["SELECT 1 FROM sessions FOR UPDATE", "LOCK TABLE users, sessions IN ACCESS EXCLUSIVE MODE"]
)
def test_who_signs_out_of_a_locked_database_is_signed_out(portal, statement):
    facts, person = Rows(portal.site), Wire(portal)
    person.sign_in("jun")
    person.get("/account")
    copied = keep_cookies(person)
    before = facts.one(ENDED, name="jun")
    with facts.held(statement):
        answer = person.post("/sign-out")
        assert (answer.status, answer.location.split("?")[0]) == (303, "/sign-in")
        assert any("session=;" in value and "Max-Age=0" in value for name, value in answer.headers if name == "Set-Cookie")
        assert "You're signed out" in person.get("/sign-in?out=1").lines
        assert facts.one(LIVE, name="jun") == 1 if facts.is_sqlite else True
        assert copied.get("/account").location.startswith("/sign-in"), (
            "the token opens nothing here, though its row does not say so"
        )
    assert until(lambda: facts.one(LIVE, name="jun") == 0), "it ends by itself when the database is back"
    assert until(lambda: facts.one(ENDED, name="jun") == before + 1)
    assert copied.get("/account").location.startswith("/sign-in")


def test_a_forged_sign_out_of_a_locked_database_signs_nobody_out(portal):
    facts, person = Rows(portal.site), Wire(portal)
    person.sign_in("maria")
    with facts.held("LOCK TABLE users, sessions, events IN ACCESS EXCLUSIVE MODE"):
        assert person.post("/sign-out", csrf_token="another session's").status == 503
    assert person.get("/account").status == 200


def count_pages(connection):
    """Returns how many pages SQLite's file has, without those that the tests before have left free."""
    with contextlib.closing(connection):
        connection.driver_connection.execute("VACUUM")
        (pages,) = connection.driver_connection.execute("PRAGMA page_count").fetchone()
    return pages


@pytest.fixture
def refusing(app, monkeypatch):
    """Returns what makes the database refuse writes, and accept them again.

    SQLite's file cannot grow, as on a full disk. PostgreSQL is read-only, as a standby is after a failover: another kind of error.
    """
    engine, limits = app.extensions["engine"], {}

    def limit(connection, record):
        for statement in limits.values():
            connection.execute(statement)
            connection.commit()

    def refuse():
        if engine.dialect.name == "sqlite":
            limits["now"] = f"PRAGMA max_page_count={count_pages(engine.raw_connection())}"
        else:
            limits["now"] = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
        engine.dispose()
        with pytest.raises(sqlalchemy.exc.DBAPIError, match=r"full|read-only"), engine.connect() as connection:
            for _ in range(10_000):
                connection.exec_driver_sql(FILLER)
                connection.commit()

    def accept():
        limits.clear()
        engine.dispose()

    monkeypatch.setattr(config, "LATE_SIGN_OUT_SECONDS", 0.2)
    event.listen(engine, "connect", limit)
    yield refuse, accept
    event.remove(engine, "connect", limit)
    accept()


def test_who_signs_out_on_a_full_disk_is_signed_out(plain, app, database, maria, refusing):
    refuse, accept = refusing
    plain.enter(maria).open("/account")
    copied = plain.cookie()
    refuse()
    plain.press("Sign out")
    assert plain.path == "/sign-in" and plain.notices == ["You're signed out."] and plain.cookie() != copied
    assert [row.ended_at for row in database.all(Session)] == [None]
    plain.client.set_cookie("session", copied)
    assert plain.open("/account").path == "/sign-in"
    accept()

    def ended():
        with app.extensions["engine"].connect() as connection:
            return connection.scalar(select(func.count()).where(Session.ended_reason == "signed_out"))

    assert until(lambda: ended() == 1)
    assert until(lambda: not app.extensions["late_sign_outs"].waiting)
    [row] = database.all(Event, Event.event == "session_end")
    assert (row.subject_id, row.reason) == (database.user(maria).id, "signed_out")
