"""The help article's steps for patients: text messages, a new phone or number, turning it off. By the words on the page alone.

Each text is read where it arrives: at a gateway that the queue's worker hands it to.
"""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.support.application import application
from tests.support.gateway import Gateway
from tests.support.guide import step
from tests.support.let_in import let_in
from tests.support.outbox import until
from tests.support.reader import Reader
from tests.support.server import running_server
from tests.support.town import Town

SECURITY = "/account/security"
TEXT = re.compile(
    r"(\d{6}) is your Medximity code, for [A-Z]\. [A-Z]\. It works for 10 minutes\. Never share it\.\s+@127\.0\.0\.1 #\1"
)


@pytest.fixture(scope="module")
def gateway():
    """The carrier's side of every text in this module."""
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture(scope="module")
def town(sites, gateway):
    """A portal whose worker hands texts to the gateway."""
    site = sites.seeded()
    settings = {"PORTAL_WORKER": "1", "PORTAL_SMS_URL": gateway.url()}
    with running_server(site, **settings) as server, application(site) as app:
        yield Town(server.url, app)
    sites.remove(site)


# For what tests without a browser see in both guises.
with_javascript = pytest.mark.parametrize("reader", ["light"], indirect=True)


class Phone:
    """A number as a person writes it, and the texts that arrive there, each read once."""

    def __init__(self, gateway, area, last):
        self.gateway, self.written, self.number = gateway, f"({area}) 555-{last}", f"+1{area}555{last}"
        self.read = 0

    def next(self):
        """Waits for the next text; returns its words."""
        assert until(lambda: len(self.texts()) > self.read, 20), "no text came"
        self.read += 1
        return self.texts()[self.read - 1]

    def texts(self):
        """Returns the words of every text to this number, in order."""
        return [words for number, words, _ in list(self.gateway.taken) if number == self.number]

    def code(self):
        """Returns the digits of the next text."""
        words = self.next()
        assert TEXT.fullmatch(words.strip()), re.sub(r"\d", "0", words)
        return words[:6]


@pytest.fixture
def phone_of(gateway):
    """Returns a patient's phone: the one of their number, or one that is new to the portal."""

    def phone(patient, area="503"):
        last = patient.number[-4:] or f"{int(re.search('[0-9]+', patient.username)[0]) % 100 + 100:04}"
        return Phone(gateway, area, last)

    return phone


def to_security(reader, patient):
    """Steps 2 and 3."""
    with step(reader, "patient 2", "patient 3"):
        reader.open_account_menu(patient)
        reader.press("Account Settings")
        reader.press("Security")


def choose_texts(reader):
    """Steps 4 and 5: the page says why the app is stronger before it asks for the number."""
    with step(reader, "patient 4"):
        reader.press("Enable")
    assert reader.sees("The app is the stronger choice")
    with step(reader, "patient 5", "patient 5.b2", "patient 7"):
        reader.choose("Text Message (SMS)")
        reader.press("Continue")


def connect(reader, phone):
    """Step 7."""
    with step(reader, "patient 7.1"):
        reader.type("Mobile phone number", phone.written)
        reader.press("Send Code")
    with step(reader, "patient 7.2"):
        reader.type("Verification Code", phone.code())
    with step(reader, "patient 7.3"):
        reader.press("Verify and Enable")


def sign_in_by_text(reader, patient, phone):
    """Password, then the digits of the text that it sent."""
    reader.sign_in(patient)
    assert reader.sees(f"••{phone.number[-2:]}") and not reader.sees(phone.number[-4:])
    reader.type("Verification Code", phone.code())
    reader.press("Verify")
    assert reader.sees("Appointments")


def test_whoever_chooses_text_messages_gets_a_code_each_time(reader, town, phone_of):
    patient = town.newcomer()
    phone = phone_of(patient)
    reader.sign_in(patient)
    to_security(reader, patient)
    choose_texts(reader)
    connect(reader, phone)
    with step(reader, "patient 8"):
        reader.save_codes()
    assert reader.sees("Two-factor authentication is on.")
    reader.sign_out(patient)
    with step(reader, "patient p2"):
        sign_in_by_text(reader, patient, phone)
    with step(reader, "not-working 4"):
        to_security(reader, patient)
        assert reader.sees(f"Codes go to ••• ••• ••{phone.number[-2:]}.")
    assert len(phone.texts()) == 2


def test_a_new_number_by_update_phone(reader, town, phone_of, browsers):
    patient = town.texter()
    old, new = phone_of(patient), phone_of(patient, "608")
    with step(reader, "switched 1"):
        sign_in_by_text(reader, patient, old)
    with step(reader, "switched 2"):
        to_security(reader, patient)
    with step(reader, "switched 3a"):
        reader.press("Update Phone")
    assert reader.page.get_by_label("Text Message (SMS)").is_checked()
    reader.press("Continue")
    reader.type("Mobile phone number", new.written)
    reader.press("Send Code")
    digits = new.code()
    sign_in_by_text(Reader(browsers.borrow(town.url)), patient, old)  # no gap: the old number works until the new one is proved
    reader.type("Verification Code", digits)
    reader.press("Verify and Enable")
    assert reader.headline == "Security" and reader.sees("Your change is saved.")
    assert "We no longer text your codes to this number." in old.next()
    reader.sign_out(patient)
    sign_in_by_text(reader, patient, new)
    assert len(old.texts()) == 3


def test_a_new_phone_by_change_authenticator_app(reader, town):
    patient, at = town.regular(), time.time()
    let_in(reader, town, patient, SECURITY)
    with step(reader, "switched 3b"):
        reader.press("Change Authenticator App")
    assert reader.page.get_by_label("Authenticator App").is_checked()
    reader.press("Continue")
    entry = reader.scan()[1]
    same = entry.secret == patient.phone.secret  # a failing test prints no secret
    assert not same
    reader.type("Verification Code", entry.code())
    reader.press("Verify and Enable")
    assert reader.headline == "Security" and reader.sees("Your change is saved.")
    reader.sign_out(patient)
    reader.sign_in(patient)
    reader.type("Verification Code", patient.phone.code(at + 30))
    reader.press("Verify")
    assert reader.refusal()
    reader.type("Verification Code", entry.code(time.time() + 30))
    reader.press("Verify")
    assert reader.sees("Appointments")


@pytest.mark.parametrize("way", ["text", "app"])
def test_how_to_turn_off_with_the_current_password(reader, town, phone_of, way):
    patient = town.texter() if way == "text" else town.regular()
    if way == "text":
        sign_in_by_text(reader, patient, phone_of(patient))
    else:
        let_in(reader, town, patient, "/home")
    with step(reader, "off p1"):
        to_security(reader, patient)
        reader.press("Disable")
        reader.type("Current password", "wrong on purpose")
        reader.press("Disable")
        assert "password" in reader.refusal().lower()
        reader.type("Current password", patient.password)
        reader.press("Disable")
    assert reader.headline == "Security" and reader.sees("Two-factor authentication is off.")
    reader.find("Enable")
    reader.sign_out(patient)
    reader.sign_in(patient)
    assert reader.sees("Appointments")
    assert way == "app" or len(phone_of(patient).texts()) == 1


@with_javascript
def test_a_number_that_gets_no_texts_is_told_beside_the_field_and_kept(reader, town):
    let_in(reader, town, town.newcomer(), SECURITY)
    choose_texts(reader)
    reader.type("Mobile phone number", "503 FLOWERS")
    reader.press("Send Code")
    assert "digits only" in reader.refusal()
    assert reader.page.get_by_label("Mobile phone number").input_value() == "503 FLOWERS"


@with_javascript
def test_send_again_too_early_says_how_long_to_wait_and_leaves_the_code_alone(reader, town, phone_of):
    patient = town.newcomer()
    let_in(reader, town, patient, SECURITY)
    choose_texts(reader)
    reader.type("Mobile phone number", phone_of(patient).written)
    reader.press("Send Code")
    reader.type("Verification Code", "123")
    waiting = reader.page.get_by_role("button", name=re.compile(r"^Send again in (0:\d\d|1:00)$"))
    waiting.click(force=True)
    assert reader.sees("It's too early for another text. Check your messages first. The button says when you can send one.")
    expect(reader.page.get_by_label("Verification Code", exact=True)).to_have_value("123")
    assert phone_of(patient).next() and len(phone_of(patient).texts()) == 1
