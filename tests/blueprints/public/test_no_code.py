"""Can't access your code?: for strangers what holds for every account, for a claimant what the account really has (EN-4, RC-10)."""

import pytest
from sqlalchemy import insert, update

from portal.models import Authenticator, BackupCode, secret_place
from tests.support.texts import MARIAS, turn_on_texts

LABEL = "Can't access your code?"
PAGE = "/sign-in/no-code"


def at_the_code(browser, person):
    """Signs in with the password, and presses the link below the code field."""
    browser.sign_in(person)
    assert browser.path == "/sign-in/code"
    return browser.press(LABEL)


def offered(browser):
    """Returns the labels of the page's buttons and of links that look like one, in order; the first of them, if it is strong."""
    return [each.text for each in browser.page.one("main").all("a", "button") if "button" in each.classes]


@pytest.mark.parametrize("way", ["patient", "ehr"])
def test_the_first_screen_leads_there_and_strangers_read_what_holds_for_every_account(browser, sam, maria, way):
    start = "/sign-in" if way == "patient" else "/ehr"
    pages = set()
    for person in (None, maria, sam):
        other = browser.another()
        if person:
            other.enter(person).press("Sign out")
        other.open(start).press(LABEL)
        pages.add(other.text)
        assert (other.status, other.heading, other.path) == (200, LABEL, PAGE)
        assert other.offers("Contact Support") and "left" not in other.text and "•" not in other.text
    assert len(pages) == 1
    other.press("Contact Support")
    assert other.heading == "Contact Support"
    assert other.page.one("html")["data-brand"] == ("ehr" if way == "ehr" else "portal")
    other.press(LABEL).press("Back to sign in")
    assert other.heading == "Sign in"


def test_without_backup_codes_none_are_offered_and_support_comes_first(browser, database, clock, sam):
    database.change(update(BackupCode).values(used_at=clock.now))
    at_the_code(browser, sam)
    assert offered(browser) == ["Contact Support"] and "left" not in browser.text


def test_what_is_left_of_the_codes_is_counted(browser, database, clock, sam):
    database.change(update(BackupCode).where(BackupCode.number > 1).values(used_at=clock.now))
    at_the_code(browser, sam)
    assert "You have 1 code left, on the sheet or in the file you saved." in browser.text
    assert offered(browser) == ["Use a backup code", "Contact Support"]


def test_who_gets_texts_is_offered_one_after_the_codes_and_reads_nothing_of_apps(browser, inbox, clock, maria):
    turn_on_texts(browser.enter(maria), inbox, maria)
    browser.open("/home").press("Sign out")
    clock.move(minutes=2)
    at_the_code(browser, maria)
    assert offered(browser) == ["Use a backup code", "Send again", "Contact Support"]
    assert "We can text a 6-digit code to" in browser.text and MARIAS[-4:] not in browser.text and "app" not in browser.text
    before = len(inbox.of(maria))
    clock.move(minutes=1)
    browser.press("Send again")
    assert browser.path == "/sign-in/code" and len(inbox.of(maria)) == before + 1


def test_another_app_is_named(browser, database, sam):
    [row] = database.all(Authenticator, Authenticator.user_id == database.user(sam).id)
    columns = {column.name: getattr(row, column.name) for column in Authenticator.__table__.columns}
    sealed = database.keys.seal(sam.key, secret_place(row.user_id, "second"))
    database.change(insert(Authenticator).values(**columns | {"id": "second", "name": "Tablet", "secret_sealed": sealed}))
    at_the_code(browser, sam)
    assert "Codes from any of these work: Authenticator App, Tablet." in browser.text
    browser.press("Enter a code")
    assert browser.path == "/sign-in/code"


def test_a_provider_with_nothing_left_is_sent_to_the_administrator_by_name(browser, database, clock, dr_okafor):
    database.change(update(BackupCode).values(used_at=clock.now))
    at_the_code(browser, dr_okafor)
    order = ["Ask your practice administrator first: Robin Lee.", "Ask for emergency access", "Contact Support"]
    places = [browser.text.index(words) for words in order]
    assert places == sorted(places)


def test_support_is_one_press_from_every_page_of_the_code(browser, sam):
    browser.sign_in(sam).press("Use a backup code")
    browser.press("Contact Support")
    assert browser.path == "/contact-support"
    browser.press(LABEL)
    assert "Your account has these ways in." in browser.text, "a claimant goes back to the page of the account"
