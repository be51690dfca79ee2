"""One text through a real gateway: Kannel, with a fake of a carrier's centre behind it."""

import time
from datetime import timedelta

from portal import clock
from portal.flows.messages import delivery_reports
from portal.gateways import REFUSED, SENT, Message
from portal.gateways.text import TextGateway
from tests.support.application import application
from tests.support.outbox import put_texts, row_of, until
from tests.support.server import running_server

WORDS = "482913 is your Medximity code for M. R. It works for 10 minutes. Never share it.\n@127.0.0.1 #482913"


def test_kannel_delivers_a_text_and_refuses_a_stranger(kannel):
    text = Message("c" * 32, "+15035550164", WORDS)
    assert TextGateway((kannel.url,)).hand_over(text) == SENT
    deadline = time.monotonic() + 10
    while "482913" not in kannel.delivered and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "15035550164" in kannel.delivered and "#482913" in kannel.delivered
    assert TextGateway((kannel.url.replace("kannel-secret", "wrong"),)).hand_over(text) == REFUSED


def test_kannel_reports_the_delivery_to_the_running_portal(site, kannel):
    with running_server(site, PORTAL_WORKER="1", PORTAL_SMS_URL=kannel.reporting_url) as server, application(site) as app:
        [row_id] = put_texts(app, clock.now(), [WORDS], timedelta(minutes=10))
        assert until(lambda: row_of(app, row_id).delivered_at), (server.log.read_text()[-2000:], kannel.delivered[-500:])
        row = row_of(app, row_id)
        assert until(lambda: row_of(app, row_id).state == "sent")
        assert row.stage_at(clock.now()) == "delivered"
        token = delivery_reports.report_token(app.extensions["keys"], row_id)
        assert token not in server.log.read_text() and row_id + token[32:40] not in server.log.read_text()
