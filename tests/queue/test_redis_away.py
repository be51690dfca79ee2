"""Redis that fails over by its Sentinels, and Redis that is away: a code is late by seconds, never lost, never sent twice."""

import contextlib
import logging
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest

from portal import clock
from portal.queue_stand_in import quiet_threads
from portal.settings.queue import QUEUE_ERRORS_KEPT
from tests.cluster.redis import Redis
from tests.support.application import application
from tests.support.outbox import put_texts, running_redis, running_worker, until
from tests.support.rows import Rows
from tests.support.server import free_port

LIFE = timedelta(minutes=10)
SOON = 20  # seconds: well before the next sweep


@contextlib.contextmanager
def running_sentinels(folder, down):
    """Yields Redis with a replica and three Sentinels, which give a silent master `down` milliseconds."""
    redis = Redis(Path(folder), [free_port() for _ in range(5)], down)
    try:
        yield redis.start()
    finally:
        redis.kill()


def put(site, url, *words):
    """Writes texts as a flow does, and hands them to the queue at `url`."""
    with application(site, PORTAL_REDIS_URL=url) as app:
        rows = put_texts(app, clock.now(), words, LIFE)
        return [app.extensions["queue"].enqueue(row) for row in rows]


@pytest.mark.long
def test_the_queue_moves_with_the_master(site, gateway, tmp_path):
    with running_sentinels(tmp_path, down=300) as redis:
        settings = {"PORTAL_REDIS_URL": redis.url, "PORTAL_SMS_URL": gateway.url()}
        with running_worker(site, **settings):
            assert put(site, redis.url, "before") == [True]
            assert until(lambda: gateway.words() == ["before"], SOON)
            first = redis.master()
            first.kill()
            assert until(lambda: redis.master() not in (None, first), SOON), "the Sentinels named no other master"
            assert until(lambda: put(site, redis.url, "after") == [True], SOON), "the pages did not find the new master"
            assert until(lambda: "after" in gateway.words(), SOON)


def test_workers_deliver_by_themselves_while_redis_is_away(site, gateway, tmp_path):
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    settings = {"PORTAL_REDIS_URL": url, "PORTAL_SMS_URL": gateway.url()}
    words = [f"alone {number}" for number in range(20)]
    with running_worker(site, **settings) as worker, running_worker(site, **settings):
        assert put(site, url, *words) == [False] * len(words)
        assert until(lambda: len(gateway.words()) >= len(words), SOON), worker.log.read_text()[-2000:]
        assert worker.log.read_text().count("Error reading from queue") == 2, "more than one from each worker"
        with running_redis(tmp_path, port):
            assert until(lambda: "the queue answers again" in worker.log.read_text(), SOON)
            assert put(site, url, "with the queue") == [True]
            assert until(lambda: "with the queue" in gateway.words(), SOON)
    assert sorted(gateway.words()) == sorted([*words, "with the queue"]), "one went out twice"
    assert Rows(site).all("SELECT DISTINCT state FROM outbox") == [("sent",)]


def test_each_error_of_the_queue_is_logged_once_a_minute_and_every_other_one_at_once(caplog):
    threads = logging.getLogger("huey.consumer.Worker")

    def fail(message, kind):
        try:
            raise kind
        except kind:
            threads.exception(message)

    with quiet_threads():
        for _ in range(3):
            fail("reading", ConnectionError)
            fail("reading", TimeoutError)
            fail("executing", TimeoutError)
            threads.error("no exception")
        logged = [record.message for record in caplog.records if record.name == threads.name]
        assert sorted(logged) == ["executing", *["no exception"] * 3, "reading", "reading"]
        for at in range(QUEUE_ERRORS_KEPT * 2):
            fail(f"task {at}", TimeoutError)
        fail("reading", ConnectionError)
    assert len([record for record in caplog.records if record.name == threads.name]) > QUEUE_ERRORS_KEPT * 2
    assert not threads.filters


def test_sentinels_that_are_silent_hold_a_page_up_for_a_second(site):
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        hosts = ",".join(f"127.0.0.1:{each.getsockname()[1]}" for each in silent)
        with application(site, PORTAL_REDIS_URL=f"redis+sentinel://:secret@{hosts}/portal") as app:
            began = time.monotonic()
            assert not app.extensions["queue"].enqueue("a row")
            assert time.monotonic() - began < 3, "the page waited for each of them"
