"""The worker asks its gateways at its start whether they know their credentials, and holds nothing up for it."""

import logging
import time
from dataclasses import replace

import pytest

from portal.queue import Queue
from tests.support.outbox import until
from tests.support.vendors import SECRET, URLS


@pytest.fixture
def queue(app):
    """Makes the queue of a worker with these gateways."""
    return lambda *urls, **settings: Queue(app, replace(app.extensions["settings"], text_urls=urls, **settings))


def lines(caplog):
    """Returns (level, words) of what was logged of credentials."""
    return [(each.levelno, each.getMessage()) for each in caplog.records if each.name == "portal.gateways.credentials"]


def test_wrong_credentials_are_critical_and_end_nothing(queue, vendor, caplog):
    vendor.answer("", status=401)
    queue(URLS["Vonage"], URLS["Clickatell"]).ask_gateways()
    assert until(lambda: lines(caplog), 10)
    level, words = lines(caplog)[0]
    assert level == logging.CRITICAL and words.startswith("PORTAL_SMS_URL: address 1 (Vonage) refuses its credentials")
    assert SECRET not in caplog.text


def test_a_gateway_that_does_not_answer_is_not_waited_for(queue, vendor):
    vendor.answer({"value": 10.28})
    vendor.drip = 1
    began = time.monotonic()
    queue(URLS["Vonage"]).ask_gateways()
    assert time.monotonic() - began < 0.5
    assert until(lambda: vendor.asked, 10)


@pytest.mark.parametrize("settings", [{"texts": False}, {}])
def test_nobody_is_asked_where_no_text_goes_out(queue, vendor, settings):
    queue(*([URLS["Vonage"]] if settings else []), **settings).ask_gateways()
    time.sleep(0.3)
    assert vendor.asked == []


def test_the_worker_asks_before_its_first_task(queue, vendor, monkeypatch):
    vendor.answer({"value": 10.28})
    worker = queue(URLS["Vonage"])
    asked = []
    monkeypatch.setattr(worker, "order_due", lambda: asked.append(until(lambda: vendor.asked, 10)))
    monkeypatch.setattr("portal.queue.make_consumer", lambda *_, **options: Ended())
    worker.work()
    assert asked[0][0][1] == "/account/get-balance"


class Ended:
    """A consumer that has no work."""

    def run(self):
        """Ends."""
