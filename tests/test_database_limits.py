"""A database that hangs, or has no connection left, costs a page some seconds and a sentence; never a thread for good."""

import contextlib
import socket
import time

import pytest
from sqlalchemy import text

from portal.engines import make_engine
from portal.settings import config, postgres
from tests.support.application import application
from tests.support.rows import Rows

pytestmark = pytest.mark.postgresql
BUSY = "We're very busy right now"
PAGE = "/find-a-provider"  # reads the practices, for everybody
PRACTICES_HANG = (
    "ALTER TABLE practices RENAME TO kept_practices",
    "CREATE VIEW practices AS SELECT kept_practices.* FROM kept_practices, pg_sleep(30)",
)


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """The real limits, in seconds that a test can wait for."""
    monkeypatch.setattr(config, "DATABASE_WAIT_SECONDS", 1)
    monkeypatch.setattr(config, "DATABASE_STATEMENT_SECONDS", 1)
    monkeypatch.setattr(config, "DATABASE_IDLE_SECONDS", 1)


@pytest.fixture
def portal(sites):
    """A portal with one connection, on a site of this test's own."""
    site = sites.seeded()
    with application(site, PORTAL_DATABASE_CONNECTIONS="1") as app:
        yield app
    sites.remove(site)


@contextlib.contextmanager
def soon(seconds):
    """Fails where the block takes longer."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


def told_that_it_is_busy(answer):
    """Returns whether an answer is the page that says so, with the time to come back."""
    return (answer.status_code, BUSY in answer.text, answer.headers.get("Retry-After")) == (503, True, "5")


def test_who_finds_no_free_connection_is_told_and_the_next_one_goes_on(portal, caplog):
    client = portal.test_client()
    with portal.extensions["engine"].connect(), soon(4):
        assert told_that_it_is_busy(client.get(PAGE))
    assert "QueuePool limit" in caplog.text
    assert client.get(PAGE).status_code == 200


def test_a_statement_that_hangs_is_ended_and_its_connection_is_free_again(portal):
    facts, client = Rows(portal.extensions["settings"]), portal.test_client()
    facts.change(*PRACTICES_HANG)
    with soon(6):
        assert told_that_it_is_busy(client.get(PAGE))
    facts.change("DROP VIEW practices", "ALTER TABLE kept_practices RENAME TO practices")
    assert client.get(PAGE).status_code == 200


def test_a_transaction_that_was_left_open_gives_its_locks_back(portal):
    with portal.extensions["engine"].connect() as left:
        left.execute(text("UPDATE users SET full_name = 'Maria R.' WHERE username = 'maria'"))
        time.sleep(1.5)
        with soon(1):
            Rows(portal.extensions["settings"]).change("UPDATE users SET full_name = 'M. Reyes' WHERE username = 'maria'")
        left.invalidate()


def test_a_migration_may_take_its_time_and_waits_no_longer_for_a_lock(portal):
    with portal.extensions["migrations_engine"].connect() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "1s"
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "0"


def test_a_server_that_takes_the_connection_and_says_nothing_is_given_up(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://portal@127.0.0.1:{silent.getsockname()[1]}/portal"
        engine = make_engine(url, postgres.engine_options(1))
        with soon(5), pytest.raises(Exception, match="timeout"):
            engine.connect()
