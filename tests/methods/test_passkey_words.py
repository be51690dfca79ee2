"""What pages say to somebody who has a passkey: no sentence takes it for a code, or for a phone."""

import re

import pytest
from sqlalchemy import update

from portal import methods
from portal.models import Authenticator, BackupCode
from portal.settings import config
from tests.support.client import WIZARD
from tests.support.mailbox import mails
from tests.support.new_browsers import ask_everybody
from tests.support.passkeys import ORIGIN, SYNCABLE, Passkey, hand_in, options

SECURITY = "/account/security"
CREATE, USE = "Create a passkey", "Use your passkey"
WRONG = re.compile(
    r"(?i)phone's codes|(?<!backup )codes? from (?!the sheet)|get (?:your )?codes|this phone|your phone(?!, computer)|my phone|its codes"
)


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.setattr(methods, "ADDITIONAL", ["passkey"])


def add(browser, goal="", **what):
    browser.open(f"{WIZARD}{goal}")
    browser.choose("Passkey")
    browser.press("Continue")
    made = Passkey(ORIGIN, **what)
    hand_in(browser, CREATE, made.create(options(browser)))
    return made


@pytest.fixture
def alone(plain, maria):
    """Maria's browser at the codes of her set-up, and her passkey, which is all she has."""
    made = add(plain.enter(maria), count=1)
    plain.codes = plain.read_codes()
    return plain, made


def said(browser):
    """Returns what is wrong on the page."""
    return WRONG.findall(browser.page.one("main").text) + WRONG.findall(browser.page.one("title").text)


def test_set_up_speaks_of_neither(alone):
    plain, _ = alone
    assert said(plain) == [] and "When nothing else is at hand, one of these lets you in." in plain.text
    download = plain.get(f"{WIZARD}/backup-codes/download").text
    assert not WRONG.search(download) and "select Use a backup code" in download
    plain.open(f"{WIZARD}/backup-codes/sheet")
    assert said(plain) == [] and "select Use a backup code" in plain.text
    plain.open(f"{WIZARD}/backup-codes/check")
    plain.press("Do this later")
    assert said(plain) == [] and "Without them, losing a device could lock you out." in plain.text


@pytest.mark.parametrize(
    ("kind", "left", "told"),
    [
        (0, True, "If you lost the phone or device that you sign in with today, only your 10 backup codes would let you in"),
        (0, False, "If you lost the phone or device that you sign in with today, you would have no way in."),
        (SYNCABLE, True, "today, a way that you also have on another device would let you in. So would your 10 backup codes"),
        (SYNCABLE, False, "only a way that you also have on another device would let you in."),
    ],
)
def test_security_says_what_a_lost_device_would_mean(plain, maria, database, kind, left, told):
    add(plain.enter(maria), kind=kind)
    if not left:
        database.change(update(BackupCode).values(used_at=database.user(maria).created_at))
    plain.open(SECURITY)
    assert told in plain.text and said(plain) == []


@pytest.mark.parametrize("has_app", [False, True])
def test_confirming_new_browsers_is_offered_only_beside_codes(app, plain, monkeypatch, maria, has_app):
    ask_everybody(app, monkeypatch, "choice")
    plain.enter(maria)
    if has_app:
        plain.set_up(maria)
    add(plain, "?add=1" if has_app else "")
    plain.open(SECURITY)
    assert ("New browsers" in plain.text) is has_app, "a passkey is never confirmed by email"


def test_the_page_that_makes_one_leads_to_help(plain, maria):
    plain.enter(maria).open(WIZARD)
    plain.choose("Passkey")
    plain.press("Continue")
    plain.press("Help with this step")
    assert plain.status == 200 and "passkey" in plain.text


def test_the_question_for_one_has_the_focus_on_its_heading(alone, maria):
    plain, _ = alone
    plain.press("Sign out")
    plain.sign_in(maria)
    assert "autofocus" in plain.page.one("h1"), "there is no field that could have it"


def test_what_could_be_done_to_it_speaks_of_neither(alone, database, maria):
    plain, _ = alone
    own = database.all(Authenticator, Authenticator.user_id == database.user(maria).id)[0]
    for page in (
        "",
        f"/authenticators/{own.id}/name",
        f"/authenticators/{own.id}/remove",
        "/disable",
        "/backup-codes",
        "/activity",
    ):
        plain.open(f"{SECURITY}{page}")
        assert plain.status == 200 and said(plain) == [], page
    plain.open(f"{SECURITY}/authenticators/{own.id}/remove")
    assert plain.offers("Add another way") and "the only way in that works right now" in plain.text


def test_who_has_only_a_passkey_and_no_script_is_led_to_backup_codes(alone, maria):
    plain, _ = alone
    plain.press("Sign out")
    plain.sign_in(maria)
    assert said(plain) == []
    box = plain.page.one("input", id="trust")
    assert "hidden" in box.up("div").parent, "it stands beside a button that needs the script"
    plain.press("Can't use your passkey?")
    assert plain.heading == "Other ways in" and said(plain) == []
    assert "It needs JavaScript, and a phone, computer, or security key that has it." in plain.text
    plain.press("Use a backup code")
    assert said(plain) == [] and not plain.offers("Can't access your code?")
    plain.press("See all ways in")
    plain.press("Use a backup code")
    plain.fill("Verify", Backup_code=plain.codes[0])
    assert plain.path == "/home"


def test_while_backup_codes_pause_the_passkey_is_named_as_what_it_is(alone, maria):
    plain, made = alone
    plain.press("Sign out")
    plain.sign_in(maria)
    plain.press("Use a backup code")
    for _ in range(config.TRIES_BEFORE_PAUSE):
        plain.fill("Verify", Backup_code="0000-0000-0000-0000")
    assert "What you sign in with otherwise still works." in plain.text and said(plain) == []
    plain.press("Use it")
    hand_in(plain, USE, made.answer(options(plain)))
    assert plain.path == "/home"


def test_confirming_by_a_backup_code_asks_for_nothing_else(alone, clock, maria):
    plain, _ = alone
    clock.move(minutes=6)
    plain.open("/account/password")
    plain.press("Use a backup code")
    assert said(plain) == [] and "Use one of your backup codes." in plain.text and "app" not in plain.page.one("main").text
    plain.fill("Continue", Current_password=maria.password, Verification_Code=plain.codes[0])
    assert plain.path == "/account/password"


def test_a_trusted_browser_is_asked_for_no_code(plain, maria):
    made = add(plain.enter(maria), count=1)
    plain.press("Sign out")
    plain.sign_in(maria)
    plain.tick("Don't ask for this on this browser for 30 days")
    hand_in(plain, USE, made.answer(options(plain)))
    plain.press("Sign out")
    plain.sign_in(maria)
    plain.open(SECURITY)
    assert plain.heading == "Confirm it's you" and "confirm that it's you." in plain.text and said(plain) == []
    assert "you need one" not in plain.text


@pytest.mark.parametrize("beside", ["alone", "an app"])
def test_a_lost_device_is_stopped_and_taken_back(plain, maria, beside, database):
    plain.enter(maria)
    if beside == "an app":
        plain.set_up(maria)
    made = add(plain, "?add=1" if beside == "an app" else "", count=1)
    codes = maria.codes or plain.read_codes()
    plain.press("Sign out")
    plain.sign_in(maria)
    plain.press("Can't use your passkey?")
    assert (beside == "an app") == plain.offers("Enter a code")
    plain.press("I lost a device")
    assert plain.heading == "I lost a device" and said(plain) == []
    assert ("remove what you lost under Security" in plain.text) == (beside == "an app")
    plain.press("Stop all of them")
    assert plain.heading == "All your ways to confirm it's you are on hold" and said(plain) == []
    plain.press("Email me the link again")
    assert said(plain) == []
    plain.press("Back")
    assert said(plain) == [] and "nothing you confirm it's you with works" in plain.notices[0] and not plain.offers(USE)
    assert plain.offers("Found what you lost?")
    plain.press("Use a backup code")
    plain.fill("Verify", Backup_code=codes[0])
    plain.open(SECURITY)
    assert "nothing below works" in plain.text and "On hold" in plain.text and said(plain) == []
    plain.press("Use again: Passkey")
    assert plain.heading == "Found what you lost?" and said(plain) == []
    plain.press("Use it again")
    assert plain.notices[0] == "Everything you confirm it's you with works again." and said(plain) == []
    plain.open(f"{SECURITY}/activity")
    assert not WRONG.search(plain.text)
    plain.press("Sign out")
    plain.sign_in(maria)
    hand_in(plain, USE, made.answer(options(plain)))
    assert plain.path == "/home"
    plain.open(f"{SECURITY}/activity")
    assert "You signed in with Passkey." in plain.text
    told = [mail for mail in mails(plain, to="maria@example.test") if "lost" in mail.text]
    assert len(told) == 3 and [mail.subject for mail in told if WRONG.search(mail.text + mail.subject)] == []


def test_the_app_beside_it_is_one_of_the_other_ways_in(plain, maria, clock):
    plain.enter(maria).set_up(maria)
    add(plain, "?add=1")
    plain.press("Sign out")
    plain.sign_in(maria)
    plain.press("Can't use your passkey?")
    assert "Enter the code that it shows." in plain.text
    plain.press("Enter a code")
    clock.next_code()
    plain.fill("Verify", Verification_Code=maria.code())
    assert plain.path == "/home"


def test_the_link_takes_it_back_in_the_same_words(plain, maria):
    add(plain.enter(maria))
    plain.press("Sign out")
    plain.sign_in(maria)
    plain.open("/sign-in/lost-phone")
    plain.press("Stop all of them")
    [mail] = [mail for mail in mails(plain, to="maria@example.test") if "on hold" in mail.subject]
    plain.open(next(link for link in mail.links if "/phone-found/" in link))
    assert plain.heading == "Found what you lost?" and said(plain) == []
    plain.fill("Use it again", Password=maria.password)
    assert plain.heading == "Everything works again" and said(plain) == []


def test_who_has_an_app_alone_reads_the_words_of_before(plain, sam):
    plain.enter(sam)
    plain.press("Sign out")
    plain.sign_in(sam)
    plain.press("Can't access your code?")
    assert plain.heading == "Can't access your code?"
    plain.press("I lost my phone")
    assert plain.offers("Stop my phone's codes")
