"""Probes say in a word whether the portal is alive and ready, to everyone; what is wrong, to observers only."""

import base64
import contextlib
import json
import logging
import os
import secrets
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from alembic.script import ScriptDirectory
from sqlalchemy import event

from portal.watch import readiness
from portal.watch.readiness import known_migrations
from tests.support.application import application
from tests.support.outbox import running_redis
from tests.support.postgres import running_postgres
from tests.support.rows import Rows
from tests.support.server import free_port, running_server
from tests.support.sites import Sites
from tests.support.wire import Wire

READ = {"PORTAL_METRICS_FROM": "127.0.0.1"}
OTHER_KEY = "2027b:" + base64.b64encode(secrets.token_bytes(32)).decode()
IN_TIME = 1.9  # seconds
HIDING = (
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Forwarded-Proto": "https"},
    {"Forwarded": "for=127.0.0.1"},
    {"Via": "1.1 proxy"},
    {"X-Real-IP": "203.0.113.9"},
    {"X-Forwarded-For": "127.0.0.1"},
)


def ask(app, path="/readyz", **how):
    """Returns the status and the body of an answer, which sets no cookie."""
    answer = app.test_client().open(path, **how)
    assert "Set-Cookie" not in answer.headers and answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.text.strip()


def failed(app):
    """Returns what an observer is told that the portal is not ready for."""
    status, text = ask(app)
    told = json.loads(text)
    assert (status, told["state"]) == ((503, "unready") if told["failed"] else (200, "ready"))
    return told["failed"]


def test_everybody_is_told_one_word(site):
    with application(site) as app:
        assert ask(app, "/healthz") == (200, "alive")
        assert ask(app) == (200, "ready")
        assert ask(app, headers={"Host": "10.1.2.3:5000", "Accept": "text/html"}) == (200, "ready")
        assert ask(app, method="HEAD") == (200, "")
        assert ask(app, method="POST") == (405, "method not allowed")


def test_a_probe_is_no_visit(site):
    with application(site) as app:
        heard = []
        event.listen(app.extensions["engine"], "before_cursor_execute", lambda *args: heard.append(args[2]))
        for path in ("/healthz", "/readyz"):
            ask(app, path, headers={"Cookie": "session=" + "a" * 43})
    assert heard == []


def test_a_database_without_tables_or_with_other_tables_is_not_ready(sites):
    site = sites.empty()
    with application(site, **READ) as app:
        assert failed(app) == "migrations"
    sites.remove(site)


@pytest.mark.parametrize(("applied", "answer"), [("0026", "migrations"), ("9999", None)])
def test_a_database_that_is_ahead_serves_and_one_that_is_behind_does_not(site, applied, answer):
    """While a newer version migrates, the older one goes on."""
    Rows(site).change(f"UPDATE alembic_version SET version_num = '{applied}'")
    with application(site, **READ) as app:
        assert failed(app) == answer


@pytest.mark.once("looks at files alone")
def test_the_migrations_are_read_as_alembic_reads_them():
    of_alembic = ScriptDirectory(str(readiness.MIGRATION_FILES), version_locations=[str(readiness.MIGRATION_FILES)])
    newest, names = known_migrations()
    assert (newest, names) == (of_alembic.get_current_head(), {each.revision for each in of_alembic.walk_revisions()})


def test_other_keys_are_not_ready_and_a_damaged_value_is_no_reason(site, bare_site):
    rows = Rows(site)
    rows.change("UPDATE users SET password_sealed = email_sealed WHERE id = (SELECT max(id) FROM users)")
    with application(site, **READ) as app:
        assert failed(app) is None
    with application(site, PORTAL_ENCRYPTION_KEYS=OTHER_KEY, **READ) as app:
        assert failed(app) == "keys"
    with application(bare_site, PORTAL_ENCRYPTION_KEYS=OTHER_KEY, **READ) as app:
        assert failed(app) is None, "there is nothing to open yet"


@pytest.mark.parametrize(("apart", "answer"), [(-3, "clock"), (-1, None), (1, None), (3, "clock")])
@pytest.mark.postgresql
def test_a_clock_that_is_apart_from_the_databases_is_not_ready(site, monkeypatch, apart, answer):
    with application(site, **READ) as app:
        real = readiness.clock.now
        monkeypatch.setattr(readiness.clock, "now", lambda: real() + timedelta(seconds=apart))
        assert failed(app) == answer


def test_redis_that_is_away_is_not_ready_unless_the_asker_can_do_without(site, tmp_path):
    port = free_port()
    settings = READ | {"PORTAL_REDIS_URL": f"redis://:psst@127.0.0.1:{port}/0"}
    with application(site, **settings) as app:
        assert failed(app) == "queue"
        assert ask(app, "/readyz?exclude=queue")[0] == 200
        assert ask(app, "/readyz?exclude=database")[0] == 503
    with running_redis(tmp_path, port), application(site, PORTAL_REDIS_URL=f"redis://127.0.0.1:{port}/0", **READ) as app:
        assert failed(app) is None


def test_redis_that_hangs_is_told_in_time(site, tmp_path):
    with running_redis(tmp_path, free_port()) as url, application(site, PORTAL_REDIS_URL=url, **READ) as app:
        with contextlib.closing(redis.Redis.from_url(url)) as client:
            pid = client.info("server")["process_id"]
        with stopped([pid]):
            began = time.monotonic()
            assert failed(app) == "queue"
            assert time.monotonic() - began < IN_TIME


@contextlib.contextmanager
def stopped(pids):
    """Holds processes for the duration of the block."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def family(pid):
    """Returns a process and its children."""
    return [pid, *(int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


@pytest.mark.long
def test_postgresql_that_hangs_is_told_in_time_and_once_it_goes_on_the_portal_is_ready(tmp_path):
    with running_postgres() as postgres:
        site = Sites(tmp_path, postgres, "hung").migrated()
        with running_server(site, workers=1, **READ) as server:
            assert Wire(server).get("/readyz").status == 200
            time.sleep(readiness.READY_KEPT_SECONDS + 0.1)
            with stopped(family(int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0]))):
                for path, status in (("/readyz", 503), ("/healthz", 200), ("/readyz", 503), ("/healthz", 200)):
                    began = time.monotonic()
                    answer = Wire(server).get(path)
                    assert (answer.status, time.monotonic() - began < IN_TIME) == (status, True)
                    assert path == "/healthz" or json.loads(answer.text) == {"state": "unready", "failed": "database"}
            deadline = time.monotonic() + 10
            while Wire(server).get("/readyz").status != 200:
                assert time.monotonic() < deadline, "it did not become ready again"
                time.sleep(0.1)


def test_a_database_that_is_away_is_told_without_a_word_about_where(site, caplog):
    url = f"postgresql+psycopg://portal:canary-7hQ2@127.0.0.1:{free_port()}/portal"
    keys = {"PORTAL_SECRET_KEY": secrets.token_urlsafe(32), "PORTAL_ENCRYPTION_KEYS": OTHER_KEY}
    with application(site, PORTAL_DATABASE_URL=url, **keys, **READ) as app, caplog.at_level(logging.INFO):
        assert failed(app) == "database"
        assert ask(app)[1].find("canary") == -1
    assert "the portal is not ready: database" in caplog.text and "canary" not in caplog.text


@pytest.mark.parametrize("headers", HIDING, ids=str)
def test_a_forged_or_forgetful_proxy_shows_nobody_the_details(site, headers):
    """Whoever comes through a proxy on the observer's machine is no observer."""
    with application(site, **READ) as app:
        assert ask(app, headers=headers) == (200, "ready")


def test_behind_a_trusted_proxy_the_client_counts(site):
    with application(site, PORTAL_TRUSTED_PROXIES="1", PORTAL_METRICS_FROM="10.0.0.0/8") as app:
        assert ask(app) == (200, "ready")
        assert ask(app, headers={"X-Forwarded-For": "10.1.2.3, 203.0.113.9"}) == (200, "ready")
        assert ask(app, headers={"X-Forwarded-For": "203.0.113.9, 10.1.2.3"})[1].startswith("{")
        assert ask(app, headers={"X-Forwarded-For": "10.1.2.3"}, environ_base={"REMOTE_ADDR": "203.0.113.9"}) == (200, "ready")
