"""What HTMX does to a page: the step alone changes, the address and Back follow, the focus goes where one reads on."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import PHONE
from tests.support.let_in import PORTAL_SETUP, let_in
from tests.support.reader import Reader

SCAN = "/account/security/two-factor/totp/scan"
CODES = "/account/security/two-factor/backup-codes"


@pytest.fixture
def patient(town):
    return town.newcomer()


@pytest.fixture(params=[True, False], ids=["htmx", "without JavaScript"])
def reader(request, town, browsers, patient):
    """A patient before the choice of a method, in both guises."""
    return begin(town, browsers, patient, script=request.param)


@pytest.fixture
def swapping(town, browsers, patient):
    """The same with JavaScript, the page's header marked so that a new page would show."""
    reader = begin(town, browsers, patient)
    mark(reader)
    return reader


def begin(town, browsers, patient, script=True):
    reader = Reader(browsers.borrow(town.url, script=script))
    let_in(reader, town, patient, PORTAL_SETUP)
    return reader


def mark(reader):
    reader.page.get_by_role("banner").evaluate("header => header.setAttribute('data-same', '')")


def is_same_page(reader):
    return reader.page.locator("header[data-same]").count() == 1


def path(reader):
    return "/" + reader.page.url.split("/", 3)[3]


def has_focus(reader, locator):
    return locator.evaluate("part => part === document.activeElement")


def heading(reader):
    return reader.page.get_by_role("heading", level=1)


def test_only_the_step_is_swapped_and_address_title_and_focus_follow(swapping):
    swapping.press("Continue")
    for address in (SCAN, CODES, CODES + "/check"):
        assert is_same_page(swapping) and path(swapping) == address
        assert swapping.page.title() == f"{swapping.headline} – Medximity"
        assert has_focus(swapping, heading(swapping))
        if address == SCAN:
            swapping.type("Verification Code", swapping.type_key().code())
            swapping.press("Verify and Enable")
        elif address == CODES:
            swapping.press("I have saved my backup codes")
    swapping.press("Show the codes again")
    assert is_same_page(swapping) and path(swapping) == CODES


def test_a_refused_code_is_no_place_in_the_history_and_its_field_has_the_focus(swapping):
    swapping.press("Continue")
    length = swapping.page.evaluate("history.length")
    swapping.type("Verification Code", "12345")
    swapping.press("Verify and Enable")
    assert is_same_page(swapping) and path(swapping) == SCAN
    assert swapping.page.evaluate("history.length") == length
    assert has_focus(swapping, swapping.page.get_by_label("Verification Code", exact=True))
    assert swapping.page.title() == f"Error: {swapping.headline} – Medximity"


def test_the_summary_of_problems_leads_to_the_field_which_does_not_keep_a_code(reader):
    reader.press("Continue")
    reader.type("Verification Code", "12345")
    reader.press("Verify and Enable")
    assert reader.page.title().startswith("Error: ")
    sentence = reader.refusal()
    field = reader.page.get_by_label("Verification Code", exact=True)
    assert field.input_value() == "" and has_focus(reader, field)
    assert sentence in reader.page.get_by_role("main").aria_snapshot()
    heading(reader).focus()
    reader.page.get_by_role("link", name="There is a problem", exact=True).click()
    assert has_focus(reader, field)


INDENT = """() => {
  const [words, title] = [".problems li", ".problems h2"].map(part => document.querySelector(part).getBoundingClientRect().left);
  return words - title;
}"""


@pytest.mark.parametrize("script", [True, False], ids=["htmx", "without JavaScript"])
def test_the_summary_of_problems_stands_flush_among_whatever_text(town, browsers, script):
    reader = Reader(browsers.borrow(town.url, script=script))
    let_in(reader, town, town.regular(), f"{PORTAL_SETUP}?add=1")
    for address, label, wrong, button in (
        (f"{PORTAL_SETUP}?add=1", None, None, "Continue"),
        ("/account/security/two-factor/totp/scan", "Verification Code", "12345", "Verify and Enable"),
        ("/account/security/disable", "Current password", "wrong on purpose", "Disable"),
    ):
        reader.page.goto(address)
        if label:
            reader.type(label, wrong)
        reader.press(button)
        if label:
            assert (address, reader.page.evaluate(INDENT)) == (address, 0)


@pytest.mark.parametrize("width", [320, PHONE[0], 1280])
def test_no_line_of_a_heading_ends_within_two_factor(town, browsers, width):
    reader = Reader(browsers.borrow(town.url, size=(width, 664)))
    let_in(reader, town, town.regular(), "/account/security/disable")
    lines = """() => { const range = document.createRange(), words = document.querySelector("h1 .whole") || document.querySelector("h1");
      const text = words.firstChild, at = text.data.indexOf("two-factor");
      range.setStart(text, at); range.setEnd(text, at + 10); return range.getClientRects().length; }"""
    assert reader.page.evaluate(lines) == 1


def test_back_shows_the_step_before_and_after_the_last_code_no_secret(reader):
    page = reader.page
    reader.press("Continue")
    first = reader.scan()[0]
    reader.back()
    expect(page.get_by_label("Authenticator App")).to_be_checked()
    reader.press("Continue")
    same = reader.scan()[0] == first
    assert same
    reader.type("Verification Code", reader.type_key().code())
    reader.press("Verify and Enable")
    codes = reader.backup_codes()
    reader.press("I have saved my backup codes")
    reader.back()
    expect(page.get_by_role("link", name="I have saved my backup codes")).to_be_visible()
    same = reader.backup_codes() == codes
    assert same
    reader.press("I have saved my backup codes")
    asked = reader.asked_number()
    reader.type(f"Code {asked}", codes[asked])
    reader.press("Done")
    for _ in range(4):
        reader.back()
        shown = [code for code in codes.values() if code in page.content()]
        assert len(shown) == 0 and not reader.sees("Setup key")


def test_a_reload_changes_nothing(reader):
    reader.press("Continue")
    first = reader.scan()[0]
    reader.page.reload()
    same = reader.scan()[0] == first
    assert same
    reader.type("Verification Code", reader.type_key().code())
    reader.press("Verify and Enable")
    codes = reader.backup_codes()
    reader.page.reload()
    same = reader.backup_codes() == codes
    assert same


def test_pressing_verify_and_enable_twice_at_once_makes_one_set_of_codes(reader):
    reader.press("Continue")
    reader.type("Verification Code", reader.type_key().code())
    reader.find("Verify and Enable").dblclick()
    expect(reader.page.get_by_role("link", name="I have saved my backup codes")).to_be_visible()
    assert path(reader) == CODES
    assert reader.sees("Set 1,") and len(reader.backup_codes()) == 10


def test_signed_out_in_mid_wizard_the_whole_sign_in_page_comes_and_leads_back_to_the_step(reader, patient):
    reader.press("Continue")
    first, entry = reader.scan()
    mark(reader)
    reader.window.context.clear_cookies()
    reader.type("Verification Code", entry.code())
    reader.press("Verify and Enable")
    assert not is_same_page(reader) and reader.headline == "Sign in"
    assert reader.page.get_by_role("banner").count() == 1
    assert not reader.page.get_by_role("banner").get_by_text(patient.name).is_visible()
    reader.type("Username", patient.username)
    reader.type("Password", patient.password)
    reader.press("Sign in")
    same = path(reader) == SCAN and reader.scan()[0] == first
    assert same


def test_cancel_leads_back_to_security_and_forgets_the_key(reader):
    reader.press("Continue")
    first = reader.scan()[0]
    reader.press("Cancel")
    assert reader.headline == "Security"
    reader.press("Enable")
    reader.press("Continue")
    same = reader.scan()[0] == first
    assert not same


def test_do_this_later_is_remembered_on_the_home_page(reader):
    reader.press("Continue")
    reader.type("Verification Code", reader.type_key().code())
    reader.press("Verify and Enable")
    reader.press("I have saved my backup codes")
    reader.press("Do this later")
    assert reader.headline == "Security"
    reader.page.goto("/home")
    assert reader.sees("You haven't confirmed")
    reader.press("Do this now")
    assert len(reader.backup_codes()) == 10


def test_the_button_says_what_it_does_and_a_screen_reader_hears_it(swapping):
    swapping.press("Continue")
    swapping.page.route("**/totp/scan", lambda route: None)  # the answer does not come
    swapping.type("Verification Code", "123456")
    swapping.find("Verify and Enable").click()
    expect(swapping.page.get_by_role("button", name="Checking…")).to_be_visible()
    expect(swapping.page.get_by_role("status").filter(has_text="Checking…")).to_have_count(1)
    swapping.page.unroute_all()


def test_without_a_connection_the_page_stays_and_says_so(swapping):
    swapping.press("Continue")
    swapping.page.route("**/totp/scan", lambda route: route.abort("internetdisconnected"))
    swapping.type("Verification Code", "123456")
    swapping.find("Verify and Enable").click()
    expect(swapping.page.get_by_role("alert").filter(visible=True)).to_contain_text("Check your connection")
    expect(swapping.find("Verify and Enable")).to_be_enabled()
    assert is_same_page(swapping)
    assert swapping.window.complaints.pop(0).startswith("net::ERR_INTERNET_DISCONNECTED")
    swapping.window.complaints.clear()  # the browser's and htmx's own words about it


def test_after_sign_out_back_shows_nothing_private(town, browsers, patient):
    reader = Reader(browsers.borrow(town.url))
    let_in(reader, town, patient, "/home")
    reader.page.goto("/account")
    reader.sign_out(patient)
    assert reader.sees("You're signed out.")
    for _ in range(2):
        reader.back()
        assert reader.headline == "Sign in"
        assert patient.name not in reader.page.content()


def test_back_after_a_wrong_code_shows_the_code_page_again(town, browsers):
    """The refusal is the answer to a POST, which the browser will not send again: without the page it would show an error of its own."""
    patient = town.regular()
    reader = Reader(browsers.borrow(town.url))
    reader.sign_in(patient)
    reader.type("Verification Code", "000000")
    reader.press("Verify")
    assert reader.page.title().startswith("Error: ")
    reader.press("Can't access your code?")
    reader.back()
    expect(heading(reader)).to_have_text("Enter your verification code")
    reader.page.reload()
    expect(heading(reader)).to_have_text("Enter your verification code")
    assert not reader.page.title().startswith("Error: "), "the wrong code was sent again"
    reader.window.complaints.clear()  # the browser's own words about the 422
