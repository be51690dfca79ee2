"""A worker that is told to stop, as by systemd, finishes what it has begun, and takes nothing else."""

import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

from portal import clock
from tests.support.application import application
from tests.support.outbox import Worker, put_texts, row_of, until
from tests.support.processes import ROOT

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


AT_ONCE = """
import os, signal, threading, time
from huey import MemoryHuey
from huey.consumer import Consumer
from portal.queue_consumer import make_consumer, stop_signals_held

huey, begun, take_signals = MemoryHuey(), threading.Event(), Consumer._set_signal_handlers

@huey.task()
def deliver():
    os.kill(os.getpid(), signal.SIGTERM)
    begun.set()
    time.sleep(0.3)
    print("delivered")

def take_signals_late(self):
    begun.wait(10)
    time.sleep(0.1)
    take_signals(self)

Consumer._set_signal_handlers = take_signals_late
deliver()
with stop_signals_held():
    make_consumer(huey, workers=1, graceful_signal="TERM").run()
"""


def test_a_stop_at_the_very_start_waits_for_what_has_begun():
    """huey 3.5.4 minds signals only once all its threads run: a stop in between would end the process at once."""
    ended = subprocess.run([sys.executable, "-c", AT_ONCE], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, "delivered\n"), ended.stderr
