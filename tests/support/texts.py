"""The texts that people's phones got: read from the outbox with the portal's own keys, as the gateway would."""

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
        """Returns the six digits of its last line, None where it carries none."""
        found = CODE_LINE.fullmatch(self.words.splitlines()[-1])
        return found and found[2]


class Inbox:
    """Everybody's texts."""

    def __init__(self, database):
        self.database = database

    def of(self, person):
        """Returns the texts of a person's account, oldest first."""
        user = self.database.all(User, User.username == person.username)[0]
        rows = self.database.all(Outbox, Outbox.user_id == user.id, Outbox.kind == "text")
        return [self._open(row) for row in sorted(rows, key=lambda row: row.created_at)]

    def code(self, person):
        """Returns the digits of the newest text."""
        return self.of(person)[-1].code

    def wrong_codes(self, person):
        """Yields digits that no text of the person ever had."""
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
    """The texts of everybody."""
    return Inbox(database)


def ask_for_texts(browser):
    """From Security to the question for a number."""
    browser.open("/account/security")
    browser.press("Enable")
    browser.choose("Text Message (SMS)")
    browser.press("Continue")
    assert browser.path == NUMBER
    return browser


def send_to(browser, number):
    """Types a number and has the code sent."""
    return browser.fill("Send Code", Mobile_phone_number=number)


def turn_on_texts(browser, inbox, person, number=MARIAS):
    """From Security to the backup codes, which the person keeps."""
    send_to(ask_for_texts(browser), number)
    browser.fill("Verify and Enable", Verification_Code=inbox.code(person))
    person.codes = browser.read_codes()
    return browser


def sign_in_by_text(browser, inbox, person):
    """Signs in to the end with the digits of the text that the password sends."""
    browser.sign_in(person)
    browser.fill("Verify", Verification_Code=inbox.code(person))
    assert browser.path == "/home"
    return browser


def confirm_by_text(browser, inbox, person):
    """Shows password and a texted code on the page "Confirm it's you"."""
    browser.press(next(label for label in ("Text me a code", "Send again") if browser.offers(label)))
    return browser.fill("Continue", Current_password=person.password, Verification_Code=inbox.code(person))
