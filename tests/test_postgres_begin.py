"""A transaction brings its settings with it, and a connection keeps none; one that was closed meanwhile is replaced unseen."""

import contextlib
import socket
import threading
import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal.db import db
from portal.engines import make_engine
from portal.settings import config
from portal.settings.postgres import begin_page, engine_options
from tests.support.application import application
from tests.support.rows import Rows

pytestmark = pytest.mark.postgresql
SETTINGS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "timezone")
PREPARED = "SELECT count(*) FROM pg_prepared_statements"
OFTEN = 10  # psycopg prepares what it has executed five times
PAGE = "/find-a-provider"


@pytest.fixture
def portal(site):
    """A portal on a site of this test's own."""
    with application(site) as app:
        yield app


def shown(connection):
    """Returns the settings of a connection, by their own words."""
    return [connection.execute(text(f"SHOW {name}")).scalar() for name in SETTINGS]


def test_the_limits_and_the_clock_hold_in_each_transaction(portal):
    expected = [f"{config.DATABASE_WAIT_SECONDS}s", f"{config.DATABASE_STATEMENT_SECONDS}s", "1min", "UTC"]
    assert config.DATABASE_IDLE_SECONDS == 60
    with portal.extensions["engine"].connect() as connection:
        for _ in range(2):
            assert shown(connection) == expected
            connection.commit()


def test_between_two_transactions_a_connection_has_the_servers_own_settings(portal):
    with portal.extensions["engine"].connect() as connection:
        assert shown(connection)[-1] == "UTC"
        connection.commit()
        driver = connection.connection.driver_connection
        assert [driver.execute(f"SHOW {name}").fetchone()[0] for name in SETTINGS] == ["0", "0", "0", "Asia/Seoul"]


def test_a_server_that_closes_every_connection_is_not_noticed(portal, caplog):
    engine, client = portal.extensions["engine"], portal.test_client()
    with contextlib.ExitStack() as busy:
        for _ in range(config.DATABASE_CONNECTIONS):
            busy.enter_context(engine.connect()).execute(text("SELECT 1"))
    assert engine.pool.checkedin() == config.DATABASE_CONNECTIONS
    closed = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    assert Rows(portal.extensions["settings"]).one(f"{closed} AND datname = current_database()") == config.DATABASE_CONNECTIONS
    assert client.get(PAGE).status_code == 200
    assert caplog.text == ""


def test_a_connection_that_was_closed_in_the_middle_is_told_as_busy(portal):
    with portal.extensions["engine"].connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
        Rows(portal.extensions["settings"]).one(f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT 1"))


def test_a_server_that_takes_no_writes_is_told_as_busy_and_left_for_the_next_connection(site):
    """As a standby does that is about to become the primary. `make faults` met it: pages answered 500."""
    rows = Rows(site)
    database = rows.one("SELECT current_database()")
    rows.change(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on')
    with application(site) as app:
        answer = app.test_client().get("/")
        assert answer.status_code < 400  # reads
        with app.extensions["engine"].connect() as connection:
            with pytest.raises(OperationalError, match="read-only"):
                connection.execute(text("UPDATE users SET two_factor = two_factor"))
            assert connection.invalidated
        with app.extensions["engine"].connect() as connection:
            driver = connection.connection.driver_connection
            driver.execute("SET default_transaction_read_only = off")
            driver.execute(f'ALTER DATABASE "{database}" RESET default_transaction_read_only')
            connection.invalidate()
        with app.extensions["engine"].connect() as connection:
            assert connection.execute(text("UPDATE users SET two_factor = two_factor")).rowcount


def test_a_transaction_that_was_left_idle_is_told_as_busy_too(site, monkeypatch):
    monkeypatch.setattr(config, "DATABASE_IDLE_SECONDS", 1)
    with application(site) as app, app.extensions["engine"].connect() as connection:
        connection.execute(text("SELECT 1"))
        time.sleep(1.5)
        with pytest.raises(OperationalError, match="idle"):
            connection.execute(text("SELECT 1"))


@pytest.mark.parametrize("as_session", [True, False])
def test_an_answer_that_is_made_does_not_care_that_the_database_goes_away(portal, caplog, as_session):
    with portal.app_context():
        connection = db.session.connection() if as_session else db.reading
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
        Rows(portal.extensions["settings"]).one(f"SELECT pg_terminate_backend({pid})")
    assert "gone away before the end of a transaction" in caplog.text
    assert portal.extensions["engine"].pool.checkedout() == 0
    assert portal.test_client().get(PAGE).status_code == 200


@contextlib.contextmanager
def hanging_up(folder):
    """Yields the port of a relay to the server that hangs up as soon as a transaction begins, and how often it did."""
    times = []

    def relay(listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, socket.socket(socket.AF_UNIX) as server:
                    server.connect(str(folder / "socket" / ".s.PGSQL.5432"))
                    while b"SET LOCAL" not in (sent := client.recv(9000)) and sent[:1] != b"X":
                        server.sendall(sent)
                        client.sendall(server.recv(9000))
                    times.append(sent)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=relay, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1], times
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_new_connection_that_fails_at_once_is_an_error_and_not_tried_for_ever(postgres):
    with hanging_up(postgres.folder) as (port, times):
        url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres?sslmode=disable&gssencmode=disable"
        engine = make_engine(url, engine_options(1), begin_page())
        with engine.connect() as connection, pytest.raises(OperationalError):
            connection.execute(text("SELECT 1"))
        engine.dispose()
    assert len([sent for sent in times if b"SET LOCAL" in sent]) == 1


@pytest.mark.parametrize(("pooler", "prepares"), [("none", True), ("transaction", False)])
def test_statements_are_prepared_only_where_no_pooler_stands(site, pooler, prepares):
    with application(site, PORTAL_DATABASE_POOLER=pooler) as app, app.extensions["engine"].connect() as connection:
        for _ in range(OFTEN):
            connection.execute(text("SELECT 1"))
        assert bool(connection.execute(text(PREPARED)).scalar()) == prepares


def test_a_server_without_a_pooler_is_not_taken_for_one(portal, caplog):
    with portal.extensions["engine"].connect() as connection:
        connection.execute(text("SELECT 1"))
    assert "pooler" not in caplog.text
