"""What the page says after a real gateway's answer: a text that was refused is never called sent (rule 13)."""

import pytest

from portal.flows.messages import outbox
from portal.gateways import REFUSED, SENT, UNREACHABLE
from portal.gateways.text import TextGateway
from portal.models import Outbox
from portal.web.emails import compose_email
from tests.support.outbox import row_of
from tests.support.texts import CODE, MARIAS, ask_for_texts, send_to, turn_on_texts
from tests.support.vendors import URLS

ON_ITS_WAY = "We texted a 6-digit code to ••• ••• ••64."
TRYING = "We haven't been able to send your text yet. We're still trying."
SAID = {  # Vonage's status -> outcome, and what the page says in set-up and at sign-in
    "0": (SENT, ON_ITS_WAY, ON_ITS_WAY),
    "4": (
        REFUSED,
        "Your text didn't go through. Select Send again, or check the number.",
        "Your text didn't go through. Select Send again, or use a backup code.",
    ),
    "1": (
        UNREACHABLE,
        f"{TRYING} Check the number, or choose the authenticator app.",
        f"{TRYING} You can use a backup code right now.",
    ),
}


def carry(app, clock, database, vendor, status):
    """Carries the newest text to Vonage, which answers 200 with a status in its body; returns (row, when to try again)."""
    vendor.answers = []
    vendor.answer({"message-count": "1", "messages": [{"status": status}]})
    [*_, row] = sorted(database.all(Outbox, Outbox.kind == "text"), key=lambda row: row.created_at)
    with app.test_request_context():
        gateways = {"text": TextGateway((URLS["Vonage"],))}
        retry_at = outbox.deliver_row(app.extensions["keys"], clock.now, row.id, gateways, compose_email)
    return row_of(app, row.id), retry_at


def emails(database):
    """Returns the names of all notices."""
    return sorted(row.template for row in database.all(Outbox, Outbox.kind == "mail"))


@pytest.mark.parametrize("status", SAID)
def test_set_up_says_what_the_body_says(app, clock, plain, database, inbox, vendor, maria, status):
    outcome, words, _ = SAID[status]
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    told = emails(database)
    row, retry_at = carry(app, clock, database, vendor, status)
    assert (row.outcome, retry_at is not None) == (outcome, outcome == UNREACHABLE)
    plain.open(CODE)
    assert words in plain.text and "Send again" in plain.text
    assert (ON_ITS_WAY in plain.text) == (outcome == SENT)
    assert emails(database) == told, "no email says that a text was sent"


@pytest.mark.parametrize("status", SAID)
def test_sign_in_says_it_and_offers_the_other_ways(app, clock, plain, database, inbox, vendor, maria, status):
    outcome, _, words = SAID[status]
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.press("Sign out")
    clock.move(minutes=2)
    plain.sign_in(maria)
    row, _ = carry(app, clock, database, vendor, status)
    assert row.outcome == outcome
    plain.open("/sign-in/code")
    assert words in plain.text
    for way in ("Send again", "Use a backup code", "Can't access your code?"):
        assert way in plain.text


def test_a_text_refused_for_now_goes_out_once_the_gateway_takes_it(app, clock, plain, database, inbox, vendor, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    _, retry_at = carry(app, clock, database, vendor, "1")
    clock.move(seconds=(retry_at - clock.now).total_seconds())
    row, retry_at = carry(app, clock, database, vendor, "0")
    assert (row.state, retry_at, len(vendor.asked)) == ("sent", None, 2)
    plain.open(CODE)
    assert ON_ITS_WAY in plain.text


def test_a_text_refused_for_good_is_not_repeated_and_its_words_are_wiped(app, clock, plain, database, inbox, vendor, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    row, retry_at = carry(app, clock, database, vendor, "4")
    assert (row.state, retry_at, row.body_sealed) == ("failed", None, None)
    clock.move(minutes=1)
    carry(app, clock, database, vendor, "0")
    assert len(vendor.asked) == 1
