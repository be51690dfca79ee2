"""Through the real PgBouncer in transaction mode: limits hold inside a transaction, nothing is left for the next client."""

import time

import psycopg
import pytest
from sqlalchemy import text

from portal.settings import config
from tests.support.application import application
from tests.support.pgbouncer import PASSWORD, USER, running_pgbouncer
from tests.support.rows import Rows

pytestmark = pytest.mark.postgresql
POOLED = {"PORTAL_DATABASE_POOLER": "transaction"}
SETTINGS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "timezone")
OFTEN = 12  # psycopg prepares what it has executed five times
PAGE, BUSY = "/find-a-provider", "We're very busy right now"


@pytest.fixture(scope="module")
def narrow(sites, postgres):
    """A PgBouncer with a single server connection, for which nobody waits longer than a second; shared by tests that change nothing."""
    site = sites.seeded()
    with running_pgbouncer(postgres, site, pool=1, wait=1) as pooler:
        yield pooler
    sites.remove(site)


@pytest.fixture
def portal(narrow):
    """A portal behind it."""
    with application(narrow.pooled, **POOLED) as app:
        yield app


def shown(connection):
    """Returns the settings of a connection, by their own words."""
    return [connection.execute(text(f"SHOW {name}")).scalar() for name in SETTINGS]


def stranger(pooler):
    """Returns a connection of somebody else to the same pooler."""
    return psycopg.connect(host="127.0.0.1", port=pooler.port, user=USER, password=PASSWORD, dbname="portal", autocommit=True)


def test_limits_and_clock_hold_in_a_transaction_and_are_gone_for_the_next_client(portal, narrow):
    with portal.extensions["engine"].connect() as connection, stranger(narrow) as other:
        served = connection.execute(text("SELECT pg_backend_pid()")).scalar()
        assert shown(connection) == [f"{config.DATABASE_WAIT_SECONDS}s", f"{config.DATABASE_STATEMENT_SECONDS}s", "1min", "UTC"]
        connection.commit()
        assert other.execute("SELECT pg_backend_pid()").fetchone() == (served,)
        assert [other.execute(f"SHOW {name}").fetchone()[0] for name in SETTINGS] == ["0", "0", "0", "Asia/Seoul"]
        assert shown(connection)[-1] == "UTC"


def test_no_statement_is_prepared_that_the_next_client_would_miss(portal, narrow):
    with portal.extensions["engine"].connect() as connection, stranger(narrow) as other:
        for _ in range(OFTEN):
            connection.execute(text("SELECT 1"))
            connection.commit()
        assert other.execute("SELECT count(*) FROM pg_prepared_statements", prepare=False).fetchone() == (0,)


def test_whoever_waits_for_a_lock_is_told_in_time(narrow, monkeypatch):
    monkeypatch.setattr(config, "DATABASE_WAIT_SECONDS", 1)
    rows = Rows(narrow.site)
    with application(narrow.pooled, **POOLED) as app, rows.engine.begin() as other:
        other.execute(text("LOCK TABLE practices"))
        begun = time.monotonic()
        answer = app.test_client().get(PAGE)
        assert (answer.status_code, BUSY in answer.text) == (503, True)
        assert 0.9 < time.monotonic() - begun < 3


def test_whoever_gets_no_connection_of_the_pool_is_told_in_time_and_the_next_one_goes_on(portal, narrow):
    client = portal.test_client()
    with stranger(narrow) as other, other.transaction():
        other.execute("SELECT 1")
        begun = time.monotonic()
        answer = client.get(PAGE)
        assert (answer.status_code, BUSY in answer.text) == (503, True)
        assert 0.9 < time.monotonic() - begun < 4
    assert client.get(PAGE).status_code == 200


def test_an_idle_transaction_gives_the_connection_back(narrow, monkeypatch):
    monkeypatch.setattr(config, "DATABASE_IDLE_SECONDS", 1)
    with application(narrow.pooled, **POOLED) as app, app.extensions["engine"].connect() as left:
        left.execute(text("SELECT 1"))
        time.sleep(1.5)
        with stranger(narrow) as other:
            assert other.execute("SELECT 1").fetchone() == (1,)
        left.invalidate()


def test_a_pooler_that_no_setting_tells_of_is_named_in_the_log(narrow, caplog):
    with application(narrow.pooled) as app:
        assert app.test_client().get(PAGE).status_code == 200
    assert "set PORTAL_DATABASE_POOLER to transaction" in caplog.text


def test_migrations_go_through_it(sites, postgres):
    site = sites.empty()
    with running_pgbouncer(postgres, site, pool=1) as pooler:
        pooler.pooled.flask("db", "upgrade", **POOLED)
        pooler.pooled.flask("demo", "seed", **POOLED)
    assert Rows(site).one("SELECT count(*) FROM users WHERE username = 'maria'") == 1
    sites.remove(site)
