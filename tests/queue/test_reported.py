"""A running portal hears from its gateway, late, what became of a text; and a number that moved gets none."""

from datetime import timedelta

import pytest

from portal import clock
from tests.support.application import application
from tests.support.outbox import NUMBER, put_texts, row_of, until
from tests.support.server import running_server

WORDS = "482913 is your Medximity code"


@pytest.mark.parametrize(("state", "stage"), [("delivered", "delivered"), ("failed", "failed"), ("queued", "sent")])
def test_a_late_report_reaches_the_row(site, gateway, state, stage):
    with running_server(site, PORTAL_WORKER="1", PORTAL_SMS_URL=gateway.url()) as server, application(site) as app:
        [row_id] = put_texts(app, clock.now(), [WORDS], timedelta(minutes=10))
        assert until(lambda: row_of(app, row_id).state == "sent"), server.log.read_text()[-2000:]
        assert gateway.reports[WORDS].startswith(f"{server.url}/reports/texts/{row_id}")
        assert gateway.report(WORDS, state) == 204
        assert row_of(app, row_id).stage_at(clock.now()) == stage


def test_a_number_that_moved_gets_no_code_and_its_owner_gets_a_mail(site, gateway, number_check, mail_server):
    number_check.answer = "changed"
    settings = {"PORTAL_SMS_URL": gateway.url(), "PORTAL_NUMBER_CHECK_URL": number_check.url, "PORTAL_SMTP_URL": mail_server.url}
    with running_server(site, PORTAL_WORKER="1", **settings) as server, application(site) as app:
        [row_id] = put_texts(app, clock.now(), [WORDS], timedelta(minutes=10))
        assert until(lambda: mail_server.box), server.log.read_text()[-2000:]
        assert row_of(app, row_id).stage_at(clock.now()) == "held"
        assert "check-token" not in server.log.read_text() and NUMBER[1:] not in server.log.read_text()
    assert gateway.asked == [] and number_check.asked == [{"number": NUMBER}]
    assert mail_server.subjects("maria@example.test") == ["We didn't text you a code"]
