"""The help article's steps for providers and practice administrators, walked in a browser by the words on the page alone."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.support.browser import PHONE
from tests.support.guide import step
from tests.support.let_in import EHR_SETUP, let_in
from tests.support.native import looks, reading
from tests.support.reader import BACKUP_CODE, Reader

CLIPBOARD = ["clipboard-read", "clipboard-write"]
LOOKS = {
    "light": {"permissions": CLIPBOARD},
    "dark, 320 px": {"scheme": "dark", "size": (320, 640), "permissions": CLIPBOARD},
    "without JavaScript": {"script": False},
    "Spanish, 390 px": {"language": "es", "size": PHONE, "permissions": CLIPBOARD},
    "Korean, 390 px": {"language": "ko", "size": PHONE, "permissions": CLIPBOARD},
}
GIVEN = "I have given the sealed copy to my practice administrator"


@pytest.fixture(params=looks(LOOKS))
def reader(request, town, browsers):
    """Somebody with the help article at hand: in light, in dark on a narrow phone, without JavaScript, in other languages."""
    with reading(town, browsers, **LOOKS[request.param]) as reader:
        yield reader


# For what the look does not change.
with_and_without_javascript = pytest.mark.parametrize("reader", ("light", "without JavaScript"), indirect=True)


def scan(reader, town):
    """Steps 4 to 6 for a new provider, for what comes after."""
    let_in(reader, town, town.newcomer("provider"), EHR_SETUP)
    reader.press("Continue")
    return reader.scan()[1]


def to_scan(reader, provider):
    """Steps 1 to 4; returns the entry of the app that was held to the page (steps 5 and 6)."""
    with step(reader, "provider 1", "provider p1", "what p4"):
        reader.sign_in(provider, "/ehr")
    sidebar(reader)
    with step(reader, "provider 2", "provider 2.picture"):
        reader.press("Settings")
        reader.press("Account Security")
    with step(reader, "provider 3"):
        reader.press("Set Up Now")
    with step(reader, "provider 4"):
        assert reader.field("Authenticator App").is_checked()
        reader.choose("Authenticator App")
        reader.press("Continue")
    with step(reader, "provider 5", "provider 6", "provider 6.picture"):
        return reader.scan()[1]


def sidebar(reader):
    """The sidebar stands left of the page, or above it where there is no room."""
    side = reader.page.get_by_role("navigation", name="DigitalPatientChart").bounding_box()
    heading = reader.page.get_by_role("heading", level=1).bounding_box()
    if reader.page.viewport_size["width"] > 700:
        assert side["x"] == 0 and side["x"] + side["width"] <= heading["x"]
    else:
        assert side["y"] + side["height"] <= heading["y"]


def activate(reader, entry, at=None):
    """Steps 7 and 8."""
    with step(reader, "provider 7"):
        reader.type("Verification Code", entry.code(at))
    with step(reader, "provider 8"):
        reader.press("Confirm and Activate")


def test_whoever_follows_the_steps_opens_charts_and_is_asked_for_a_code_each_time(reader, town, browsers):
    provider = town.newcomer("provider")
    entry = to_scan(reader, provider)
    assert (entry.issuer, entry.account) == ("DigitalPatientChart", provider.username)
    at = time.time()
    activate(reader, entry, at)
    if reader.page.get_by_role("button", name=reader.say("Copy")).count():  # needs JavaScript
        with step(reader, "provider 9b"):
            reader.touch("Copy")
            expect(reader.page.get_by_role("button", name=reader.say("Copied"))).to_be_visible()
            reader.backup_codes()
    with step(reader, "provider 9a"):
        reader.save("Download")
        reader.find("Print")
        codes = reader.save_codes()
    assert len(set(codes.values())) == 10
    assert reader.headline == reader.say("Charts") and reader.sees("Two-factor authentication is on.")
    reader.press("Rosa Alvarez")
    assert reader.headline == reader.say("Rosa Alvarez's chart")
    for steps in (1, 2):
        reader.sign_out(provider)
        reader.sign_in(provider, "/ehr")
        with step(reader, "provider p2"):
            reader.type("Verification Code", entry.code(at + 30) if steps == 1 else codes[3])
            reader.press("Verify")
        assert reader.headline == reader.say("Charts")


@with_and_without_javascript
def test_the_setup_key_typed_by_hand_does_the_same(reader, town):
    entry = scan(reader, town)
    same = "".join(reader.setup_key().split()) == entry.secret
    assert same
    activate(reader, entry)
    assert len(reader.backup_codes()) == 10


@with_and_without_javascript
def test_the_sealed_copy_is_handed_over_and_remembered(reader, town):
    activate(reader, scan(reader, town))
    reader.press("Print the sealed copy")
    assert reader.sees("For a sealed envelope.")
    reader.press("Back to your codes")
    reader.page.get_by_label(GIVEN).check()
    reader.save_codes()
    reader.press("Settings")
    reader.press("Account Security")
    assert reader.sees("Handed over") and not reader.sees("Not handed over yet")


@with_and_without_javascript
def test_the_sealed_copy_can_be_ticked_later(reader, town):
    provider = town.regular("provider")
    let_in(reader, town, provider, "/ehr/charts")
    reader.press("Settings")
    reader.press("Account Security")
    assert reader.sees("Not handed over yet")
    reader.page.get_by_label(GIVEN).check()
    reader.press("Save")
    assert reader.sees("Got it. Your practice administrator has the sealed copy.") and reader.sees("Handed over")


def test_the_sealed_sheet_is_one_page_that_is_read_at_arms_length(town, browsers, tmp_path):
    reader = Reader(browsers.borrow(town.url, kind="on paper"))
    activate(reader, scan(reader, town))
    codes = set(reader.backup_codes().values())
    reader.press("Print the sealed copy")
    reader.page.emulate_media(media="print")
    sheet = tmp_path / "sheet.pdf"
    reader.page.pdf(path=sheet, format="Letter", prefer_css_page_size=True)
    size = reader.page.evaluate("parseFloat(getComputedStyle(document.querySelector('.sheet code')).fontSize)")
    pages = len(re.findall(rb"/Type\s*/Page\b", sheet.read_bytes()))
    printed = set(BACKUP_CODE.findall(reader.page.locator("body").inner_text()))
    same = printed == codes
    assert pages == 1 and same
    assert round(size * 72 / 96) >= 16  # points
    assert not reader.page.get_by_role("banner").is_visible()


def test_there_is_nothing_to_turn_it_off_with(town, browsers):
    reader = Reader(browsers.borrow(town.url))
    let_in(reader, town, town.regular("provider"), "/ehr/charts")
    for address in ("/ehr/charts", "/ehr/settings", "/ehr/settings/security", "/ehr/settings/security/two-factor?add=1"):
        reader.page.goto(address)
        words = reader.page.content().lower()
        assert "disable" not in words.replace("hx-disable", "") and "turn off" not in words and "text message" not in words
    for address in ("/ehr/settings/security/disable", "/ehr/settings/security/off"):
        assert reader.page.goto(address).status == 404


@with_and_without_javascript
def test_a_practice_administrator_verifies_which_accounts_have_it(reader, town):
    """ "You can verify which staff accounts have 2FA enabled under Settings > Team Members > Security Status." """
    with_it, without = town.regular("provider"), town.newcomer("provider")
    let_in(reader, town, town.regular("administrator"), "/ehr/charts")
    with step(reader, "provider p3"):
        for label in ("Settings", "Team Members", "Security Status"):
            reader.press(label)
    assert reader.headline == "Security Status"
    for provider, state, shown in ((with_it, "On", "Authenticator App"), (without, "Off", "Not set up")):
        reader.page.get_by_label("Two-factor authentication", exact=True).select_option(state)
        reader.type("Search team members", provider.name)
        reader.press("Show")
        row = reader.page.get_by_role("row").filter(has_text=provider.name).first.inner_text()
        assert state in row.split() and shown in row


@with_and_without_javascript
def test_providers_cannot_disable_it(reader, town):
    """ "2FA cannot be disabled on provider accounts": nothing on the way there says so, and the patients' page is not theirs."""
    provider = town.regular("provider")
    let_in(reader, town, provider, "/ehr/charts")
    with step(reader, "off p2"):
        for label in ("Settings", "Account Security"):
            reader.press(label)
        for label in ("Disable", "Turn off", "Remove"):
            assert not reader.page.get_by_text(label, exact=True).filter(visible=True).count()
    for address in ("/account/security", "/account/security/disable"):
        reader.page.goto(address)
        assert reader.headline == "Charts"
    reader.sign_out(provider)
    reader.sign_in(provider, "/ehr")
    assert reader.page.get_by_label("Verification Code", exact=True).is_visible()


@with_and_without_javascript
def test_a_new_phone_takes_over_from_the_old_one(reader, town):
    provider = town.regular("provider")
    let_in(reader, town, provider, "/ehr/charts")
    reader.press("Settings")
    reader.press("Account Security")
    reader.press("Change Authenticator App")
    reader.press("Continue")
    entry = reader.scan()[1]
    assert entry.secret != provider.phone.secret
    at = time.time()
    activate(reader, entry, at)
    assert reader.sees("Your change is saved.")
    reader.sign_out(provider)
    reader.sign_in(provider, "/ehr")
    reader.type("Verification Code", entry.code(at + 30))
    reader.press("Verify")
    assert reader.headline == "Charts"


@with_and_without_javascript
def test_who_lost_the_phone_is_told_to_ask_the_administrator_by_name(reader, town):
    reader.sign_in(town.regular("provider"), "/ehr")
    with step(reader, "locked-out 3"):
        reader.press("Can't access your code?")
    assert reader.sees("Robin Lee")
