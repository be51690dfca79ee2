"""A worker that is told to stop, as by systemd, finishes what it has begun, and takes nothing else."""

import signal
import threading
import time
from datetime import timedelta

import pytest

from portal import clock
from tests.support.application import application
from tests.support.outbox import Worker, put_texts, row_of, until

STOP_SECONDS = 30


@pytest.fixture
def worker(site, gateway):
    """A running worker with a gateway for texts."""
    worker = Worker(site, PORTAL_SMS_URL=gateway.url()).start()
    yield worker
    worker.kill()


def test_the_text_that_it_has_begun_is_sent_and_written_down_and_the_next_one_waits(site, gateway, worker):
    goes_on = threading.Event()
    gateway.choose = lambda text: "accept" if goes_on.wait(STOP_SECONDS) else "hang"
    with application(site) as app:
        begun = put_texts(app, clock.now(), ["111111 is your Medximity code"], timedelta(minutes=5))
        assert until(lambda: gateway.asked, 90), worker.log.read_text()
        worker.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        later = put_texts(app, clock.now(), ["222222 is your Medximity code"], timedelta(minutes=5))
        assert worker.process.poll() is None, "it did not wait"
        goes_on.set()
        assert worker.process.wait(STOP_SECONDS) == 0
        assert (row_of(app, begun[0]).state, row_of(app, later[0]).state) == ("sent", "queued")
    assert gateway.words() == ["111111 is your Medximity code"]
    assert "Traceback" not in worker.log.read_text()
