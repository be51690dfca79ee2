"""What may become of a row of the outbox: carried by one, once, while it lives; its words do not outlive it."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from portal.db import begin_write, change, db
from portal.flows.messages import outbox
from portal.gateways import KEPT, REFUSED, SENT, UNKNOWN, UNREACHABLE, Bench, Nowhere
from portal.models import Outbox
from portal.settings import config
from portal.web.emails import compose_email
from tests.support.outbox import NUMBER, put_texts, row_of

LIFE = timedelta(minutes=10)
WORDS = "482913 is your Medximity code"


@dataclass
class Scripted:
    """A gateway that answers as it is told, and then accepts."""

    answers: list = field(default_factory=list)
    taken: list = field(default_factory=list)

    def hand_over(self, message):
        self.taken.append(message)
        return self.answers.pop(0) if self.answers else SENT


@pytest.fixture
def text(app, clock):
    """A text that waits."""
    return put_texts(app, clock.now, [WORDS], LIFE)[0]


@pytest.fixture
def mail(plain, maria, database):
    """A mail that waits, with its link."""
    plain.enter(maria)
    return database.all(Outbox)[0].id


def carry(app, clock, row_id, gateway):
    """Carries a row now; returns when to try again."""
    with app.test_request_context():
        gateways = {"text": gateway, "mail": gateway}
        return outbox.deliver_row(app.extensions["keys"], clock.now, row_id, gateways, compose_email)


def due(app, clock):
    with app.app_context():
        return outbox.list_due_rows(clock.now)


def bury(app, clock):
    with app.app_context():
        outbox.close_expired_rows(clock.now)


def claim(app, clock, row_id):
    """Takes a row as a carrier that is killed afterwards."""
    with app.app_context():
        return outbox.claim_row(clock.now, row_id)


def state(app, clock, row_id):
    return outbox.delivery_state(row_of(app, row_id), clock.now)


def test_a_text_is_handed_over_once_and_its_words_are_wiped(app, clock, text):
    gateway = Scripted()
    assert due(app, clock) == [text]
    assert carry(app, clock, text, gateway) is None
    assert carry(app, clock, text, gateway) is None
    row = row_of(app, text)
    assert [(message.to, message.text) for message in gateway.taken] == [(NUMBER, WORDS)]
    assert (row.state, row.outcome, row.body_sealed, row.attempts, row.sent_at) == ("sent", SENT, None, 1, clock.now)
    assert due(app, clock) == [] and state(app, clock, text) == "sent"


def test_a_mail_is_handed_over_with_text_html_and_link_and_the_link_is_wiped(app, clock, mail):
    gateway = Scripted()
    carry(app, clock, mail, gateway)
    [message] = gateway.taken
    assert message.subject == "Sign-in from a new browser" and message.to == "maria@example.test"
    assert "/not-me/" in message.text and 'href="http://127.0.0.1:5000/not-me/' in message.html
    assert row_of(app, mail).body_sealed is None


def test_a_failed_try_is_repeated_after_a_rest_that_grows(app, clock, text):
    gateway = Scripted([UNREACHABLE] * 7)
    rests = []
    while (again := carry(app, clock, text, gateway)) is not None:
        assert state(app, clock, text) == "trying"
        assert carry(app, clock, text, gateway) is None and due(app, clock) == []
        rests.append((again - clock.now).total_seconds())
        clock.now = again
    assert rests == [2, 4, 8, 16, 32, 60, 60]
    assert len(gateway.taken) == 8 and state(app, clock, text) == "sent"


def test_a_text_that_nobody_takes_fails_before_it_dies(app, clock, text):
    gateway = Scripted([UNREACHABLE] * 99)
    while (again := carry(app, clock, text, gateway)) is not None:
        clock.now = again
        assert clock.now + config.TEXT_LEASE < row_of(app, text).expires_at
    assert (row_of(app, text).state, row_of(app, text).body_sealed) == ("failed", None)
    assert state(app, clock, text) == "failed"


@pytest.mark.parametrize("answer", [REFUSED, UNKNOWN])
def test_a_no_and_an_unknown_end_a_text(app, clock, text, answer):
    gateway = Scripted([answer])
    assert carry(app, clock, text, gateway) is None
    clock.move(minutes=2)
    assert carry(app, clock, text, gateway) is None and len(gateway.taken) == 1
    row = row_of(app, text)
    assert (row.state, row.outcome, row.body_sealed) == ("failed", answer, None)


@pytest.mark.parametrize("answer", [UNREACHABLE, UNKNOWN])
def test_a_mail_is_repeated_where_nobody_knows(app, clock, mail, answer):
    gateway = Scripted([answer] * 3)
    while (again := carry(app, clock, mail, gateway)) is not None:
        clock.now = again
    assert len(gateway.taken) == 4 and state(app, clock, mail) == "sent"
    assert len({message.id for message in gateway.taken}) == 1


def test_a_text_whose_carrier_was_killed_is_not_repeated_but_told_as_failed(app, clock, text):
    assert claim(app, clock, text)
    gateway = Scripted()
    assert carry(app, clock, text, gateway) is None and state(app, clock, text) == "waiting"
    clock.now += config.TEXT_LEASE
    assert state(app, clock, text) == "failed"
    assert carry(app, clock, text, gateway) is None and due(app, clock) == []
    bury(app, clock)
    row = row_of(app, text)
    assert (row.state, row.outcome, row.body_sealed) == ("failed", UNKNOWN, None)
    assert gateway.taken == []


def test_a_mail_whose_carrier_was_killed_is_repeated_after_the_lease(app, clock, mail):
    assert claim(app, clock, mail)
    gateway = Scripted()
    carry(app, clock, mail, gateway)
    assert gateway.taken == [] and due(app, clock) == []
    clock.now += config.MAIL_LEASE
    assert due(app, clock) == [mail]
    carry(app, clock, mail, gateway)
    assert len(gateway.taken) == 1 and row_of(app, mail).attempts == 2


def test_late_news_that_a_text_was_sent_is_believed_and_other_late_news_is_not(app, clock):
    ids = put_texts(app, clock.now, [WORDS, WORDS], LIFE)
    rows = [claim(app, clock, each) for each in ids]
    clock.now += config.TEXT_LEASE
    bury(app, clock)
    with app.app_context():
        outbox.record_outcome(clock.now, rows[0], SENT)
        outbox.record_outcome(clock.now, rows[1], UNREACHABLE)
    assert [row_of(app, each).state for each in ids] == ["sent", "failed"]


def test_a_carrier_that_lost_its_lease_does_not_speak_for_the_next(app, clock, mail):
    slow = claim(app, clock, mail)
    clock.now += config.MAIL_LEASE
    assert claim(app, clock, mail)
    with app.app_context():
        outbox.record_outcome(clock.now, slow, REFUSED)
    assert row_of(app, mail).state == "claimed"


def test_nothing_is_begun_that_could_arrive_after_its_death(app, clock, text):
    clock.now += LIFE - config.TEXT_LEASE
    gateway = Scripted()
    assert carry(app, clock, text, gateway) is None and gateway.taken == [] and due(app, clock) == []
    clock.now += config.TEXT_LEASE
    assert state(app, clock, text) == "failed"
    bury(app, clock)
    assert (row_of(app, text).state, row_of(app, text).body_sealed) == ("expired", None)


def test_a_notice_that_nobody_takes_for_three_days_dies_and_says_so(app, clock, mail, caplog):
    clock.now += config.MAIL_LIFE
    gateway = Scripted()
    carry(app, clock, mail, gateway)
    bury(app, clock)
    assert gateway.taken == [] and (row_of(app, mail).state, row_of(app, mail).body_sealed) == ("expired", None)
    assert "1 messages expired" in caplog.text


def test_the_test_bench_keeps_the_words_until_they_die(app, clock, text):
    carry(app, clock, text, Bench())
    row = row_of(app, text)
    assert (row.state, row.outcome) == ("sent", KEPT) and row.body_sealed
    clock.now += LIFE
    bury(app, clock)
    assert (row_of(app, text).state, row_of(app, text).body_sealed) == ("sent", None)


def test_with_neither_gateway_nor_bench_messages_wait_for_a_setting(app, clock, mail):
    again, gateway = carry(app, clock, mail, Nowhere()), Scripted()
    assert row_of(app, mail).state == "queued"
    clock.now = again
    carry(app, clock, mail, gateway)
    assert "/not-me/" in gateway.taken[0].text and row_of(app, mail).state == "sent"


def test_a_withdrawn_text_is_not_begun(app, clock, text):
    with app.app_context():
        begin_write()
        outbox.withdraw_rows(clock.now, text)
        db.session.commit()
    gateway = Scripted()
    assert carry(app, clock, text, gateway) is None and gateway.taken == []


def test_a_row_that_cannot_be_opened_fails(app, clock, text, database, caplog):
    database.change(update(Outbox).values(to_sealed=b"k1\0broken"))
    gateway = Scripted()
    assert carry(app, clock, text, gateway) is None and gateway.taken == []
    assert row_of(app, text).state == "failed" and "cannot be decrypted" in caplog.text


def test_a_row_that_is_not_there_is_nobodys_business(app, clock):
    assert carry(app, clock, "0" * 32, Scripted()) is None


def test_a_busy_database_does_not_cost_the_knowledge_that_a_mail_has_left(app, clock, mail, monkeypatch):
    busy = [OperationalError("busy", None, Exception())] * 5
    monkeypatch.setattr(outbox, "RECORD_PAUSE_SECONDS", 0.01)
    row = claim(app, clock, mail)

    def change_or_wait(statement):
        if busy:
            raise busy.pop()
        return change(statement)

    monkeypatch.setattr(outbox, "change", change_or_wait)
    with app.app_context():
        outbox.record_outcome(clock.now, row, SENT)
    assert row_of(app, mail).state == "sent"
    busy.extend([OperationalError("busy", None, Exception())] * 1000)
    monkeypatch.setattr(outbox, "RECORD_TIME", timedelta(seconds=0.1))
    with app.app_context(), pytest.raises(OperationalError):
        outbox.persist_result(update(Outbox))


def test_the_terminal_counts_what_is_on_its_way(app, clock, text):
    answer = app.test_cli_runner().invoke(args=["queue", "status"])
    assert answer.output.split() == ["text", "queued", "1"]
