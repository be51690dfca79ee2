"""A running portal hears from its gateway, late, what became of a text; and a number that moved gets none."""

from datetime import timedelta

from portal import clock
from tests.support.application import application
from tests.support.outbox import NUMBER, put_texts, row_of, until
from tests.support.server import running_server

WORDS = "482913 is your Medximity code"
STAGES = {"delivered": "delivered", "failed": "failed", "queued": "sent"}  # by what the gateway reports


def test_a_late_report_reaches_the_row(site, gateway):
    with running_server(site, PORTAL_WORKER="1", PORTAL_SMS_URL=gateway.url()) as server, application(site) as app:
        texts = {state: f"{number} is your Medximity code" for number, state in enumerate(STAGES, 482913)}
        rows = dict(zip(STAGES, put_texts(app, clock.now(), texts.values(), timedelta(minutes=10)), strict=True))
        assert until(lambda: {row_of(app, row_id).state for row_id in rows.values()} == {"sent"}), server.log.read_text()[-2000:]
        for state, row_id in rows.items():
            assert gateway.reports[texts[state]].startswith(f"{server.url}/reports/texts/{row_id}")
            assert gateway.report(texts[state], state) == 204
        assert {state: row_of(app, row_id).stage_at(clock.now()) for state, row_id in rows.items()} == STAGES


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
