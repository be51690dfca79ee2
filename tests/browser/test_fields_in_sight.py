"""The field for a code and its button lie inside the window: a code lasts 30 seconds, and nobody should scroll to enter it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from portal.models import Authenticator, EmergencyGrant
from tests.support.browser import PHONE
from tests.support.emergency import FIELD
from tests.support.let_in import EHR_SETUP, PORTAL_SETUP, let_in
from tests.support.people import Database
from tests.support.reader import Reader
from tests.support.scenes_recovery import ask as recover

LOOKS = {
    "desktop": {},
    "phone": {"size": PHONE},
    "phone without JavaScript": {"size": PHONE, "script": False},
}
WRONG = "000000"
# The parts that do not lie inside the window, or that something covers.
HIDDEN = """field => [field, field.form.querySelector(".strong")].filter(part => {
  const {top, bottom, left, width, height} = part.getBoundingClientRect();
  const seen = document.elementFromPoint(left + width / 2, top + height / 2);
  return top < 0 || bottom > innerHeight || seen !== part;
}).map(part => `${part.outerHTML.slice(0, 60)} ${part.getBoundingClientRect().top} to ${part.getBoundingClientRect().bottom}`)"""


class Gaze(Reader):
    """A reader who looks for the field, not farther than the window."""

    def looks_at(self, label):
        """Checks that the field and its button are in sight."""
        field = self.page.get_by_label(label, exact=True)
        expect(field).to_be_visible()
        assert (self.headline, label, field.evaluate(HIDDEN)) == (self.headline, label, [])
        return field

    def fails_at(self, label, button, wrong=WRONG):
        """Enters what is wrong; then the field has the focus, and the sentence beside it."""
        self.looks_at(label).fill(wrong)
        self.press(button)
        expect(self.page.get_by_label(label, exact=True)).to_be_focused()  # which scrolls there, after the page has loaded
        self.looks_at(label)
        assert self.refusal()


@pytest.fixture(params=LOOKS)
def gaze(request, town, browsers):
    return Gaze(browsers.borrow(town.url, **LOOKS[request.param]))


def test_setting_up_an_app_in_the_portal(gaze, town):
    let_in(gaze, town, town.newcomer(longest=True), PORTAL_SETUP)
    gaze.press("Continue")
    gaze.fails_at("Verification Code", "Verify and Enable")
    gaze.fails_at("Verification Code", "Verify and Enable", "12345")
    gaze.type("Verification Code", gaze.type_key().code())
    gaze.press("Verify and Enable")
    gaze.press("I have saved my backup codes")
    gaze.fails_at(f"Code {gaze.asked_number()}", "Done", "0000-0000-0000-0000")


def test_setting_up_an_app_in_the_ehr(gaze, town):
    let_in(gaze, town, town.newcomer("provider", longest=True), EHR_SETUP)
    gaze.press("Continue")
    gaze.fails_at("Verification Code", "Confirm and Activate")
    gaze.type("Verification Code", gaze.type_key().code())
    gaze.press("Confirm and Activate")
    gaze.press("I have saved my backup codes")
    gaze.fails_at(f"Code {gaze.asked_number()}", "Done", "0000-0000-0000-0000")


def test_the_number_of_a_request_for_emergency_access(gaze, town, browsers):
    provider, administrator = town.regular("provider"), town.regular("administrator")
    asker = Reader(browsers.borrow(town.url))
    asker.sign_in(provider, "/ehr")
    asker.page.goto("/sign-in/emergency")
    asker.type("Reason", "My phone fell into the sink, and a patient waits in room two. " * 8)
    asker.press("Ask for emergency access")
    number = asker.page.locator(".spoken code").inner_text()
    [row] = Database(town.app).all(EmergencyGrant, EmergencyGrant.provider_id == Database(town.app).user(provider).id)
    let_in(gaze, town, administrator, f"/ehr/settings/team/approvals/waiting/emergency/{row.id}")
    gaze.looks_at(FIELD)
    wrong = str(1000 + (int(number) - 999) % 9000)
    for typed in (wrong, "12345"):
        gaze.type(FIELD, typed)
        gaze.press("Approve")
        expect(gaze.looks_at(FIELD)).to_be_focused()
    gaze.type(FIELD, f"{number[:2]} - {number[2:]}")
    gaze.press("Approve")
    assert gaze.sees("Approved.")


def test_signing_in_with_an_app_or_a_backup_code(gaze, town):
    gaze.sign_in(town.regular())
    gaze.fails_at("Verification Code", "Verify")
    gaze.fails_at("Verification Code", "Verify", "12345")
    gaze.press("Use a backup code")
    gaze.fails_at("Backup code", "Verify", "0000-0000-0000-0000")


def test_setting_up_texts(gaze, town):
    patient = town.newcomer(longest=True)
    let_in(gaze, town, patient, PORTAL_SETUP)
    gaze.page.get_by_label("Text Message (SMS)").check()
    gaze.press("Continue")
    gaze.type("Mobile phone number", f"(971) 555-0{100 + town.id_of(patient) % 100}")
    gaze.press("Send Code")
    gaze.fails_at("Verification Code", "Verify and Enable")


def test_signing_in_and_confirming_by_text(gaze, town):
    patient = town.texter()
    gaze.sign_in(patient)
    gaze.fails_at("Verification Code", "Verify")
    gaze.type("Verification Code", town.text_code(patient))
    gaze.press("Verify")
    town.age(patient, minutes=6)
    gaze.page.goto("/account/security/backup-codes")
    gaze.press("Text me a code")
    gaze.looks_at("Verification Code").fill(WRONG)
    gaze.type("Current password", patient.password)
    gaze.press("Continue")
    gaze.looks_at("Verification Code")
    expect(gaze.looks_at("Current password")).to_be_focused()
    gaze.page.goto("/account/security/disable")
    gaze.press("Text me a code")
    gaze.type("Verification Code", WRONG)
    gaze.type("Current password", "wrong on purpose")
    gaze.press("Disable")
    expect(gaze.looks_at("Current password")).to_be_focused()


def test_a_button_for_another_text_counts_down_and_opens_in_silence_until_then(town, browsers):
    patient = town.texter()
    gaze = Gaze(browsers.open(town.url))
    gaze.page.clock.install()
    gaze.sign_in(patient)
    button = gaze.page.get_by_role("button", name=re.compile("^Send again"))
    gaze.page.clock.pause_at(gaze.page.evaluate("Date.now()") / 1000 + 1)
    gaze.page.clock.run_for(3000)
    first = button.inner_text()
    left = int(re.search(r"0:(\d\d)$", first)[1])
    gaze.page.clock.run_for(1000)
    assert button.inner_text() == f"Send again in 0:{left - 1:02}"
    gaze.type("Verification Code", "123")
    button.click(force=True)
    gaze.page.clock.run_for(100)
    assert "too early" in gaze.page.locator("#said").inner_text() and gaze.sees("It's too early for another text.")
    expect(gaze.page.get_by_label("Verification Code", exact=True)).to_have_value("123")
    gaze.page.clock.run_for(2000)
    assert "Send again in" not in gaze.page.locator("#said").inner_text(), "nobody hears each second"
    gaze.page.clock.run_for(left * 1000)
    assert button.inner_text() == "Send again" and button.get_attribute("aria-disabled") is None
    assert gaze.page.locator("#said").inner_text() == "You can send a new text now."


def test_getting_back_in(gaze, town):
    """The mailed code, and the proofs that are codes."""
    texter = town.texter()
    Database(town.app).change(update(Authenticator).values(created_at=datetime.now(UTC) - timedelta(days=7)))
    town.end_limits()
    recover(gaze, texter)
    gaze.fails_at("Code from the email", "Continue", "12345678")
    gaze.type("Code from the email", town.token(texter, "recovery_code"))
    gaze.press("Continue")
    request = gaze.page.url
    gaze.page.goto(f"{request}/backup-code")
    gaze.fails_at("Backup code", "Continue", "AAAA-AAAA-AAAA-AAAA")
    gaze.page.goto(f"{request}/text")
    gaze.press("Text me a code")
    gaze.fails_at("Verification Code", "Continue")


def test_a_pause_counts_down_and_ends_while_its_page_is_open(town, browsers):
    patient = town.regular()
    gaze = Gaze(browsers.open(town.url))
    gaze.page.clock.install()
    gaze.sign_in(patient)
    for number in range(10):
        gaze.type("Verification Code", f"00000{number}")
        gaze.press("Verify")
    expect(gaze.page.locator("#pause")).to_be_focused()
    assert gaze.page.get_by_label("Verification Code", exact=True).count() == 0
    gaze.page.clock.run_for(60_000)
    assert re.search(r"Try again in (8:5\d|9:00), or use a backup code now\.", gaze.text)
    assert not gaze.page.get_by_role("link", name="Try again").is_visible()
    gaze.page.clock.run_for(9 * 60_000 + 1_000)
    assert gaze.sees("You can try again now.") and gaze.page.locator("#said").inner_text() == "You can try again now."
    town.end_pauses(patient)
    gaze.press("Try again")
    gaze.type("Verification Code", patient.phone.code())
    gaze.press("Verify")
    assert gaze.headline == "Your care at a glance"


def test_nothing_is_cut_at_320_pixels_with_text_of_twice_the_size(town, browsers):
    gaze = Gaze(browsers.borrow(town.url, size=(320, 640)))
    let_in(gaze, town, town.newcomer(longest=True), PORTAL_SETUP)
    gaze.press("Continue")
    gaze.type("Verification Code", WRONG)
    gaze.press("Verify and Enable")
    gaze.page.evaluate("document.documentElement.style.fontSize = '225%'")
    assert gaze.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
