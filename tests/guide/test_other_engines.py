"""The help article's set-up, sign-in, and backup codes in WebKit, which iPhones browse with, and in Firefox.

The same lines of the article as in Chromium, marked alike; here once, to see what engines do differently.
"""

import base64
import subprocess
import time

import pytest

from tests.support.engines import firefox, webkit
from tests.support.guide import step
from tests.support.visitor import Visitor

# Gives the styles for paper to the screen, for a driver that cannot print.
AS_PRINTED = """
for (const sheet of document.styleSheets)
  for (const rule of sheet.cssRules)
    if (rule.media) rule.media.mediaText = /print/.test(rule.media.mediaText) ? "all" : "not all";
return document.body.innerText;
"""


# How far the ring around a code's last seconds went in a moment, and what the content policy refused meanwhile.
RING = """
const at = () => +document.querySelector(".countdown circle + circle").getAttribute("stroke-dashoffset");
const before = at(), refused = [];
document.addEventListener("securitypolicyviolation", event => refused.push(event.effectiveDirective));
return new Promise(done => setTimeout(() => done([at() !== before, refused]), 600));
"""


@pytest.fixture(scope="module", params=[webkit, firefox], ids=["WebKit", "Firefox"])
def window(request, town, tmp_path_factory):
    """A window of another engine, for both tests."""
    home = tmp_path_factory.mktemp("home")
    with request.param(home) as driver:
        yield Visitor(driver, town.url, home)


@pytest.fixture
def visitor(window):
    """Somebody with the help article at hand, signed in nowhere."""
    window.did.clear()
    window.driver.delete_all_cookies()
    return window


def printed(visitor, tmp_path):
    """Presses Print; returns the words of the sheet."""
    visitor.run("window.print = () => document.body.setAttribute('data-printed', '')")
    visitor.touch("Print")
    assert visitor.run("return 'printed' in document.body.dataset")
    if visitor.driver.caps["browserName"] != "firefox":
        return visitor.run(AS_PRINTED)
    sheet = tmp_path / "sheet.pdf"
    sheet.write_bytes(base64.b64decode(visitor.driver.print_page()))
    return subprocess.run(["pdftotext", "-layout", sheet, "-"], check=True, capture_output=True, text=True).stdout


def take_codes(visitor, tmp_path):
    """The codes are downloaded, printed, and shown to be saved; returns them."""
    codes = visitor.backup_codes()
    with step(visitor, "backup b1", "backup b2", "backup b4"):
        file = visitor.save("Download").read_text()
        sheet = printed(visitor, tmp_path)
    whole = all(code in file and code in sheet for code in codes.values())
    assert whole and "I have saved" not in sheet and "Keep this sheet in a locked drawer" in " ".join(sheet.split())
    visitor.open("/account/security/two-factor/backup-codes")  # with its own styles
    with step(visitor, "patient 8"):
        return visitor.save_codes()


def set_up(visitor, patient):
    """Steps 1 to 6 of the patient's part; returns the app's entry, and when it was proved."""
    with step(visitor, "patient 1"):
        visitor.sign_in(patient)
    with step(visitor, "patient 2", "patient 3"):
        visitor.open_account_menu(patient)
        for label in ("Account Settings", "Security"):
            visitor.press(label)
    with step(visitor, "patient 4", "patient 5", "patient 5.b1"):
        visitor.press("Enable")
        visitor.choose("Authenticator App")
        visitor.press("Continue")
    with step(visitor, "patient 6", "patient 6.1", "patient 6.2", "patient 6.3a"):
        entry, at = visitor.scan()[1], time.time()
    assert visitor.run(RING) == [True, []]
    with step(visitor, "patient 6.4", "patient 6.5"):
        visitor.type("Verification Code", entry.code(at))
        visitor.press("Verify and Enable")
    return entry, at


def test_a_patient_turns_it_on_saves_the_codes_and_signs_in_with_one(visitor, town, tmp_path):
    patient = town.newcomer()
    entry, at = set_up(visitor, patient)
    codes = take_codes(visitor, tmp_path)
    assert visitor.headline == "Security" and "Two-factor authentication is on." in visitor.whole_text()
    visitor.sign_out(patient)
    visitor.back()
    assert visitor.headline == "Sign in" and patient.name not in visitor.whole_text()
    with step(visitor, "patient p2"):
        visitor.sign_in(patient)
        assert visitor.run("return document.activeElement.labels[0].innerText") == "Verification Code"
        visitor.type("Verification Code", entry.code(at))
        visitor.press("Verify")
    assert "already used" in visitor.whole_text()
    with step(visitor, "backup p1"):
        visitor.type("Verification Code", codes[7].lower())
        visitor.press("Verify")
    assert visitor.headline == "Your care at a glance"


def test_a_provider_turns_it_on_and_opens_charts(visitor, town):
    with step(visitor, "provider 1", "provider p1"):
        visitor.sign_in(town.newcomer("provider"), "/ehr")
    with step(visitor, "provider 2", "provider 3"):
        for label in ("Settings", "Account Security", "Set Up Now"):
            visitor.press(label)
    with step(visitor, "provider 4"):
        visitor.choose("Authenticator App")
        visitor.press("Continue")
    with step(visitor, "provider 5", "provider 6"):
        entry = visitor.scan()[1]
    with step(visitor, "provider 7", "provider 8"):
        visitor.type("Verification Code", entry.code())
        visitor.press("Confirm and Activate")
    with step(visitor, "provider 9a"):
        visitor.save("Download")
        visitor.save_codes()
    assert visitor.headline == "Charts"
