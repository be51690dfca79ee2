"""A code that was held back: told on the page, in the trail and by mail, and never sent after all (SM-7)."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.flows.messages import outbox
from portal.gateways import HELD, SENT
from portal.models import Event, Outbox, User
from portal.queue import Queue
from portal.web.emails import compose_email
from tests.support.outbox import row_of
from tests.support.texts import CODE, MARIAS, OTHERS, ask_for_texts, send_to, turn_on_texts


class Held:
    """A gateway behind a look at the number that says "changed"."""

    def hand_over(self, message):
        return HELD


@pytest.fixture
def asked(plain, inbox, maria):
    """Maria's browser; a code to a number is on its way."""
    return send_to(ask_for_texts(plain.enter(maria)), MARIAS)


def texts(database):
    """Returns the rows of texts, oldest first."""
    return sorted(database.all(Outbox, Outbox.kind == "text"), key=lambda row: row.created_at)


def notices(database):
    return database.all(Outbox, Outbox.template == "number_changed")


def carry(app, clock, row, gateway=None):
    """Carries a row now."""
    with app.test_request_context():
        gateways = {"text": gateway or Held()}
        return outbox.deliver_row(app.extensions["keys"], clock.now, row.id, gateways, compose_email)


def test_a_held_code_is_not_tried_again_and_its_words_are_wiped(app, clock, database, asked):
    row = texts(database)[0]
    assert carry(app, clock, row) is None
    row = row_of(app, row.id)
    assert (row.state, row.outcome, row.body_sealed) == ("failed", HELD, None)
    assert outbox.delivery_state(row, clock.now) == "held"
    clock.move(minutes=2)
    with app.app_context():
        assert row.id not in outbox.list_due_rows(clock.now)


def test_the_page_says_why_no_code_comes_and_to_use_another_way(app, clock, database, plain, inbox, maria):
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.press("Sign out")
    clock.move(minutes=2)
    plain.sign_in(maria)
    carry(app, clock, texts(database)[-1])
    plain.open("/sign-in/code")
    assert plain.notices == [
        "The number ••• ••• ••64 recently moved to another SIM card or carrier, so we don't send codes there. Use another way instead."
    ]
    plain.fill("Verify", Verification_Code=maria.codes[0])
    assert plain.path == "/home"


def test_the_page_of_the_set_up_says_so_too(app, clock, database, asked):
    carry(app, clock, texts(database)[0])
    asked.open(CODE)
    assert "recently moved to another SIM card or carrier" in asked.text and asked.offers("Change the number")


def test_the_person_is_told_by_mail_and_the_trail_says_it(app, clock, database, asked, maria):
    carry(app, clock, texts(database)[0])
    [event] = database.all(Event, Event.event == "number_changed")
    assert (event.subject_id, event.actor_id, event.result, event.reason) == (database.user(maria).id, None, "refused", "held")
    assert event.ip == "127.0.0.1" and "Chrome" in event.user_agent and event.session_hash is None
    [mail] = notices(database)
    with app.test_request_context():
        subject, text, *_ = compose_email(mail.template, mail.facts, {"not_me": "a-token"})
    assert subject == "We didn't text you a code"
    assert "Chrome on Linux, IP address 127.0.0.1" in text
    assert "another SIM card" in text and "authenticator app or a backup code" in text and "/not-me/a-token" in text
    assert MARIAS[1:] not in text and MARIAS[-4:] not in text


def test_recent_activity_says_it_in_words(app, clock, database, asked):
    carry(app, clock, texts(database)[0])
    asked.open("/account/security/activity")
    assert "your number had recently moved to another SIM card or carrier" in asked.text


def test_one_mail_a_day_is_enough_however_often_a_code_is_asked_for(app, clock, database, asked):
    carry(app, clock, texts(database)[0])
    clock.move(minutes=2)
    asked.press("Send again")
    carry(app, clock, texts(database)[-1])
    assert len(database.all(Event, Event.event == "number_changed")) == 2 and len(notices(database)) == 1
    database.change(update(Outbox).where(Outbox.template == "number_changed").values(created_at=clock.now.replace(year=2026)))
    clock.move(minutes=2)
    asked.press("Send again")
    carry(app, clock, texts(database)[-1])
    assert len(notices(database)) == 2


def test_a_carrier_that_lost_its_claim_tells_nothing(app, clock, database, asked):
    row = texts(database)[0]
    with app.test_request_context():
        claimed = outbox.claim_row(clock.now, row.id)
        outbox.record_outcome(clock.now, claimed, SENT)
        outbox.record_outcome(clock.now, claimed, HELD, lambda: pytest.fail("told"))
    assert row_of(app, row.id).state == "sent"


def test_a_code_is_checked_and_the_news_to_an_old_number_is_not(app, clock, database, plain, inbox, maria, number_check, gateway):
    number_check.answer = "changed"
    settings = replace(app.extensions["settings"], text_urls=(gateway.url(),), number_check_url=number_check.url)
    carrier = Queue(app, settings).make_text_gateway()
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.open("/account/security")
    plain.press("Update Phone")
    plain.press("Continue")
    clock.move(minutes=1)
    send_to(plain, OTHERS)
    plain.fill("Verify and Enable", Verification_Code=inbox.code(maria) or inbox.of(maria)[-2].code)
    for row in texts(database):
        carry(app, clock, row, carrier)
    assert {each["number"] for each in number_check.asked} == {MARIAS, OTHERS}
    assert [(number, "no longer text your codes" in words) for number, words, _ in gateway.taken] == [(MARIAS, True)]


def test_without_the_setting_nobody_is_asked(app, gateway):
    settings = replace(app.extensions["settings"], text_urls=(gateway.url(),))
    assert type(Queue(app, settings).make_text_gateway()).__name__ == "TextGateway"


def test_a_user_without_an_address_is_not_in_the_way(app, clock, database, asked):
    database.change(update(User).values(email_sealed=None))
    carry(app, clock, texts(database)[0])
    assert notices(database) == [] and len(database.all(Event, Event.event == "number_changed")) == 1
