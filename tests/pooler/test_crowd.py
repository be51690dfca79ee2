"""Many people, gunicorn and the queue's worker behind a PgBouncer with three connections, and a PgBouncer that is killed in the middle."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from portal import clock
from tests.support import phone, rows, wire
from tests.support.application import application
from tests.support.crowd import add_many, add_patients
from tests.support.outbox import put_texts, row_of, running_worker, until
from tests.support.pgbouncer import running_pgbouncer
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CODE, Wire, at_once

pytestmark = [pytest.mark.postgresql, pytest.mark.long]
POOLED = {"PORTAL_DATABASE_POOLER": "transaction"}
PEOPLE, POOL, NEW = 20, 3, 2
PAGES = ("/home", "/account/security", "/account")
READ_SECONDS = 6  # the pooler is away in the second of them
AGAIN_SECONDS = 2  # the longest that pages fail once it is back
LINE = "We're very busy right now"


@pytest.fixture
def pooler(sites, postgres):
    """A PgBouncer with fewer connections than the portal has threads."""
    site = sites.seeded()
    with running_pgbouncer(postgres, site, POOL) as pooler:
        yield pooler
    sites.remove(site)


def walk(server, name, secret, number):
    """Signs somebody in, and reads some pages; returns every status."""
    person = Wire(server, ip=f"127.1.0.{number}")
    entry = phone.Entry("Medximity", name, secret, 6, 30, "SHA1")
    answers = [person.sign_in(name), person.get(CODE), person.post(CODE, code=entry.code())]
    return [answer.status for answer in answers + [person.get(path) for path in PAGES]]


def test_twenty_people_at_once_are_served_by_three_connections(pooler):
    """Each signs in with a code while two others set up, and the worker sends what they are told by email and text."""
    people, new = add_many(pooler.site, PEOPLE), add_patients(pooler.site, NEW)
    with running_server(pooler.pooled, **POOLED) as server, running_worker(pooler.pooled, **POOLED) as worker:
        deeds = [lambda at=at, name=name: walk(server, name, people[name], at) for at, name in enumerate(people, 1)]
        setting_up = [lambda name=name: wire.turn_on(Wire(server), name) for name in new]
        *walked, _, _ = at_once(*deeds, *setting_up)
        assert walked == [[303, 200, 303, 200, 200, 200]] * PEOPLE
        facts = Rows(pooler.site)
        assert {facts.state(name) for name in new} == {rows.ON}
        assert until(lambda: facts.one("SELECT count(*) FROM outbox WHERE state IN ('queued', 'claimed')") == 0)
        assert facts.one("SELECT count(*) FROM sessions WHERE level = 'aal2' AND ended_at IS NULL") == PEOPLE + NEW
        assert facts.one(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{pooler.site.folder.name}'") <= POOL + 1
        assert "Traceback" not in server.log.read_text() + worker.log.read_text()


def test_a_pooler_that_is_killed_is_back_within_seconds_and_the_worker_goes_on(pooler):
    """People who are in stay in; what was asked meanwhile is told that the portal is busy; no text is lost or doubled."""
    people = add_many(pooler.site, PEOPLE // 2)
    with (
        running_server(pooler.pooled, **POOLED) as server,
        running_worker(pooler.pooled, **POOLED) as worker,
        application(pooler.site) as app,
    ):
        readers = [Wire(server, ip=f"127.1.0.{at}") for at in range(1, len(people) + 1)]
        for reader, (name, secret) in zip(readers, people.items(), strict=True):
            reader.sign_in(name)
            reader.get(CODE)
            assert reader.post(CODE, code=phone.Entry("", name, secret, 6, 30, "SHA1").code()).went_in
        pool, asked = ThreadPoolExecutor(len(readers)), []
        stop = time.monotonic() + READ_SECONDS
        reading = [pool.submit(read_on, reader, stop, asked) for reader in readers]
        time.sleep(1)
        pooler.kill()
        sent = put_texts(app, clock.now(), ["123456 is your Medximity code"], timedelta(minutes=5))
        time.sleep(1)
        pooler.start()
        back = time.monotonic()
        for each in reading:
            each.result()
        pool.shutdown()
        late = [status for at, status in asked if at > back + AGAIN_SECONDS]
        assert {status for _, status in asked} == {200, 503}, "nobody met the fault, or somebody met something else"
        assert late and set(late) == {200}
        assert all(reader.signed_in() for reader in readers)
        assert until(lambda: row_of(app, sent[0]).state == "sent", 90), worker.log.read_text()
        assert worker.process.poll() is None
        assert "Traceback" not in worker.log.read_text()
        assert "Traceback" not in server.log.read_text()


def read_on(reader, stop, asked):
    """Opens a page again and again; notes when each answer began, and its status."""
    while time.monotonic() < stop:
        began, answer = time.monotonic(), reader.get(PAGES[1])
        assert answer.status == 200 or LINE in answer.lines, (answer.status, answer.lines)
        asked.append((began, answer.status))
        time.sleep(0.05)
