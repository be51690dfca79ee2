"""The texts that people received, decrypted from the outbox."""

import re
from dataclasses import dataclass, field

import pytest

from portal.flows.messages.notices import outbox_place
from portal.models import Outbox, User
from tests.support.client import WIZARD

MARIAS = "+15035550164"  # on file
OTHERS = "+16085550117"
NUMBER, CODE, SEND = f"{WIZARD}/sms/number", f"{WIZARD}/sms/code", f"{WIZARD}/sms/send"
CODE_LINE = re.compile(r"@(\S+) #(\d{6})")


@dataclass(frozen=True)
class Text:
    """One text."""

    row: str
    to: str
    words: str = field(repr=False)

    @property
    def code(self):
        """Returns the six digits of its last line, None if it has none."""
        found = CODE_LINE.fullmatch(self.words.splitlines()[-1])
        return found and found[2]


class Inbox:
    """All texts."""

    def __init__(self, database):
        self.database = database

    def of(self, person):
        """Returns the texts of a person's account whose words are kept, oldest first."""
        user = self.database.all(User, User.username == person.username)[0]
        rows = self.database.all(Outbox, Outbox.user_id == user.id, Outbox.kind == "text", Outbox.body_sealed.is_not(None))
        return [self._open(row) for row in sorted(rows, key=lambda row: row.created_at)]

    def code(self, person):
        """Returns the digits of the newest text."""
        return self.of(person)[-1].code

    def wrong_codes(self, person):
        """Yields codes that were never sent to the person."""
        sent = {text.code for text in self.of(person)}
        return (code for code in map(str, range(100_001, 999_999)) if code not in sent)

    def wrong_code(self, person):
        """Returns one of them."""
        return next(self.wrong_codes(person))

    def _open(self, row):
        keys = self.database.keys
        return Text(
            row.id,
            keys.open(row.to_sealed, outbox_place(row.id, "to")),
            keys.open(row.body_sealed, outbox_place(row.id, "body")),
        )


@pytest.fixture
def inbox(database):
    """All texts."""
    return Inbox(database)


def ask_for_texts(browser):
    """Goes from Security to the phone number step."""
    browser.open("/account/security")
    browser.press("Enable")
    browser.choose("Text Message (SMS)")
    browser.press("Continue")
    assert browser.path == NUMBER
    return browser


def send_to(browser, number):
    """Submits a phone number, which sends the code."""
    return browser.fill("Send Code", Mobile_phone_number=number)


def turn_on_texts(browser, inbox, person, number=MARIAS):
    """Goes from Security to the backup codes and saves them."""
    send_to(ask_for_texts(browser), number)
    browser.fill("Verify and Enable", Verification_Code=inbox.code(person))
    person.codes = browser.read_codes()
    return browser


def sign_in_by_text(browser, inbox, person):
    """Completes a sign-in with the code texted after the password."""
    browser.sign_in(person)
    browser.fill("Verify", Verification_Code=inbox.code(person))
    assert browser.path == "/home"
    return browser


def confirm_by_text(browser, inbox, person):
    """Submits password and texted code on the page "Confirm it's you"."""
    browser.press(next(label for label in ("Text me a code", "Send again") if browser.offers(label)))
    return browser.fill("Continue", Current_password=person.password, Verification_Code=inbox.code(person))
