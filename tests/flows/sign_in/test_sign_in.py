"""A text asked for at sign-in whose number can be read no more."""

import pytest
from sqlalchemy import update

from portal.flows.sign_in import sign_in
from portal.models import Authenticator, Event, SentCode
from tests.support.meanwhile import just_before
from tests.support.texts import turn_on_texts


@pytest.fixture
def texting(plain, clock, inbox, maria):
    """Maria's browser on the code page, a minute after her code was texted."""
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.open("/home").press("Sign out")
    clock.move(minutes=1)
    plain.sign_in(maria)
    clock.move(minutes=1)
    return plain


def test_a_number_whose_seal_breaks_gets_no_text_and_the_backup_codes_still_open(texting, database, inbox, maria, monkeypatch):
    sent, events = len(database.all(SentCode)), len(database.all(Event, Event.event == "code_sent"))
    broken = update(Authenticator).where(Authenticator.method == "sms").values(secret_sealed=b"k1\0broken")
    just_before(monkeypatch, sign_in, "begin_write", lambda: database.change(broken))
    texting.press("Send again")
    assert texting.status == 422 and texting.problems[0].startswith("We can't check codes from your phone right now")
    assert len(database.all(SentCode)) == sent and len(database.all(Event, Event.event == "code_sent")) == events
    texting.fill("Verify", Verification_Code=maria.codes[0])
    assert texting.path == "/home"
