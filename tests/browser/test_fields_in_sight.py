"""The field for a code and its button lie inside the window: a code lasts 30 seconds, and nobody should scroll to enter it."""

import pytest
from playwright.sync_api import expect

from portal.models import EmergencyGrant
from tests.support.browser import DESKTOP, PHONE
from tests.support.emergency import FIELD
from tests.support.people import Database
from tests.support.reader import Reader
from tests.support.scenes_ehr import enter

LOOKS = {
    "desktop": {"size": DESKTOP},
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
        field = self.looks_at(label)
        expect(field).to_be_focused()
        assert self.refusal()


@pytest.fixture(params=LOOKS)
def gaze(request, town, browsers):
    return Gaze(browsers.open(town.url, **LOOKS[request.param]))


def test_setting_up_an_app_in_the_portal(gaze, town):
    gaze.sign_in(town.newcomer(longest=True))
    gaze.page.goto("/account/security")
    gaze.press("Enable")
    gaze.press("Continue")
    gaze.fails_at("Verification Code", "Verify and Enable")
    gaze.fails_at("Verification Code", "Verify and Enable", "12345")
    gaze.type("Verification Code", gaze.scan()[1].code())
    gaze.press("Verify and Enable")
    gaze.press("I have saved my backup codes")
    gaze.fails_at(f"Code {gaze.asked_number()}", "Done", "0000-0000-0000-0000")


def test_setting_up_an_app_in_the_ehr(gaze, town):
    gaze.sign_in(town.newcomer("provider", longest=True), "/ehr")
    gaze.page.goto("/ehr/settings/security")
    gaze.press("Set Up Now")
    gaze.press("Continue")
    gaze.fails_at("Verification Code", "Confirm and Activate")
    gaze.type("Verification Code", gaze.scan()[1].code())
    gaze.press("Confirm and Activate")
    gaze.press("I have saved my backup codes")
    gaze.fails_at(f"Code {gaze.asked_number()}", "Done", "0000-0000-0000-0000")


def test_the_number_of_a_request_for_emergency_access(gaze, town, browsers):
    provider, administrator = town.regular("provider"), town.regular("administrator")
    asker = Reader(browsers.open(town.url))
    asker.sign_in(provider, "/ehr")
    asker.page.goto("/sign-in/emergency")
    asker.type("Reason", "My phone fell into the sink.")
    asker.press("Ask for emergency access")
    number = asker.page.locator(".spoken code").inner_text()
    enter(gaze, administrator)
    [row] = Database(town.app).all(EmergencyGrant, EmergencyGrant.provider_id == Database(town.app).user(provider).id)
    gaze.page.goto(f"/ehr/settings/team/approvals/waiting/emergency/{row.id}")
    wrong = str(1000 + (int(number) - 999) % 9000)
    for typed in (wrong, "12345"):
        gaze.type(FIELD, typed)
        gaze.press("Approve")
        expect(gaze.looks_at(FIELD)).to_be_focused()
    gaze.type(FIELD, f"{number[:2]} - {number[2:]}")
    gaze.press("Approve")
    assert gaze.sees("Approved.")
