"""Showing it again before a change (RA-1 to RA-4): both factors, landing back on the task."""

from urllib.parse import quote

import pytest

from portal.models import Event

CONFIRM = "/account/security/confirm"
TASK = "/account/security/backup-codes"


@pytest.fixture
def stale(plain, clock, sam):
    """Sam's browser, six minutes after both factors were shown."""
    plain.enter(sam)
    clock.move(minutes=6)
    return plain


def show(browser, password, code):
    """Fills the page; returns its problems."""
    browser.fill("Continue", Current_password=password, Verification_Code=code)
    return browser.problems


@pytest.mark.parametrize("proof", ["app", "backup code"])
def test_both_factors_lead_back_to_the_task(stale, sam, proof):
    stale.open(TASK)
    assert stale.path == CONFIRM
    show(stale, sam.password, sam.code() if proof == "app" else sam.codes[0])
    assert stale.path == TASK


def test_the_password_alone_is_refused(stale, sam):
    stale.open(TASK)
    assert show(stale, sam.password, "") == ["Enter the 6-digit code."]
    assert show(stale, sam.password, sam.wrong_code())[0].startswith("That code did not match.")
    stale.open(TASK)
    assert stale.path == CONFIRM


def test_the_code_alone_is_refused_and_not_spent(stale, sam):
    stale.open(TASK)
    assert show(stale, "", sam.code()) == ["Enter your password."]
    said = show(stale, "not the password", sam.code())
    assert said == ["That's not your current password. Check it and try again. You have 9 tries left before a pause."]
    assert stale.field("Current password")["value"] is None
    show(stale, sam.password, sam.code())
    assert stale.path == TASK


def test_both_missing_are_both_named(stale):
    stale.open(TASK)
    assert show(stale, "", "") == ["Enter your password.", "Enter the 6-digit code."]


def test_a_code_that_signed_in_does_not_prove_it_again(plain, clock, sam):
    plain.enter(sam)
    spent = sam.code()
    clock.move(minutes=5, seconds=1)
    plain.open(TASK)
    assert "about 5 minutes slow" in show(plain, sam.password, spent)[0]


def test_wrong_tries_leave_the_session_as_it_was(stale, sam):
    before = stale.cookie()
    stale.open(TASK)
    show(stale, sam.password, sam.wrong_code())
    assert stale.cookie() == before
    stale.open("/home")
    assert stale.path == "/home"


def test_within_five_minutes_nothing_is_asked(plain, clock, sam):
    plain.enter(sam)
    clock.move(minutes=5)
    plain.open(TASK)
    assert plain.path == TASK
    plain.open(CONFIRM)
    assert plain.path == "/account/security"


def test_what_was_shown_is_fresh_for_five_minutes(stale, clock, sam):
    stale.open(TASK)
    show(stale, sam.password, sam.code())
    clock.move(minutes=5, seconds=1)
    stale.open(TASK)
    assert stale.path == CONFIRM


def test_a_patient_without_a_second_factor_shows_the_password(plain, clock, maria):
    plain.enter(maria)
    clock.move(minutes=6)
    plain.open(CONFIRM)
    assert len([box for box in plain.page.one("main").all("input") if box["type"] not in ("hidden", None)]) == 1
    plain.fill("Continue", Current_password="not the password")
    assert plain.problems[0].startswith("That's not your current password.")
    plain.fill("Continue", Current_password=maria.password)
    assert plain.path == "/account/security"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "/home\r\nX: 1", "x"])
def test_only_our_own_places_are_gone_on_to(stale, sam, target):
    stale.open(f"{CONFIRM}?next={quote(target)}")
    show(stale, sam.password, sam.code())
    assert stale.path == "/account/security"


def test_a_session_that_was_renewed_meanwhile_proves_nothing(stale, sam, monkeypatch, database):
    from portal.flows.sessions import sessions

    stale.open(TASK)
    monkeypatch.setattr(sessions, "renew_session", lambda context, **columns: None)
    assert show(stale, sam.password, sam.code())[0].startswith("That code was already used.")
    assert not database.all(Event, Event.event == "reauthentication", Event.result == "ok")


def test_the_password_manager_knows_whose_password_it_is(stale):
    stale.open(TASK)
    hidden = stale.page.one("input", autocomplete="username")
    assert hidden["value"] == "sam" and "hidden" in hidden


# --- what was typed is there again (RA-3)

PAGES = {
    "/account/email": ("Email address", "sam.new@example.test"),
    "/account/addresses": ("Email address", "sam.second@example.test"),
    "/account/phone": ("Mobile phone number", "608 555 0117"),
}


@pytest.mark.parametrize("path", PAGES)
def test_what_was_typed_is_there_again_and_gone_once_it_is_sent(browser, clock, sam, path):
    label, typed = PAGES[path]
    browser.enter(sam).open(path)
    button = next(each.name for each in browser.page.all("button") if each.name in ("Save", "Send link", "Add", "Continue"))
    clock.move(minutes=6)
    browser.fill(button, **{label.replace(" ", "_"): typed})
    assert browser.path == CONFIRM and typed not in browser.text and typed not in str(cookies(browser))
    show(browser, sam.password, sam.code())
    assert browser.path == path and browser.field(label)["value"] == typed
    browser.press(button)
    assert browser.status == 200 and browser.path == "/account"
    assert browser.open(path).field(label)["value"] is None and "draft" not in cookies(browser)


def cookies(browser):
    """Returns the browser's cookies by name."""
    return {cookie.key: cookie.value for cookie in browser.client._cookies.values()}


def test_a_draft_is_for_its_page_its_session_and_five_minutes(browser, clock, sam, maria):
    browser.enter(sam).open("/account/phone")
    clock.move(minutes=6)
    browser.fill("Save", Mobile_phone_number="608 555 0117")
    draft = cookies(browser)["draft"]
    show(browser, sam.password, sam.code())
    assert browser.open("/account/email").field("Email address")["value"] is None
    clock.move(seconds=299)
    assert browser.open("/account/phone").field("Mobile phone number")["value"] == "608 555 0117"
    clock.move(seconds=2)
    browser.open("/account/phone")
    show(browser, sam.password, sam.code())
    assert browser.path == "/account/phone" and browser.field("Mobile phone number")["value"] is None
    for other, kept in ((browser.another().enter(maria), draft), (browser.another().enter(maria), "not sealed at all")):
        other.client.set_cookie("draft", kept)
        assert other.open("/account/phone").field("Mobile phone number")["value"] is None


def test_a_password_is_never_kept(plain, clock, sam):
    plain.enter(sam).open("/account/security/disable")
    clock.move(minutes=6)
    plain.fill("Disable", Current_password=sam.password)
    plain.open("/account/security/two-factor?add=1")
    assert "draft" not in cookies(plain)
