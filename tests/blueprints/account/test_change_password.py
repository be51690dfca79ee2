"""A new password for who knows the old one: both proofs, every other browser out (PW-9, TB-5)."""

import pytest
import zxcvbn

from portal.models import Event
from tests.support.mailbox import told
from tests.support.texts import confirm_by_text, turn_on_texts

NEW = "quiet meadow by the river"


def change(browser, current, new=NEW, **more):
    """Opens the page from the Profile and sends it."""
    browser.open("/account")
    browser.press("Change password")
    return browser.fill("Change password", Current_password=current, New_password=new, **more)


def test_this_browser_stays_and_all_others_are_out(browser, maria, database):
    other = browser.another().enter(maria)
    browser.enter(maria)
    before = browser.cookie()
    change(browser, maria.password)
    assert browser.notices == ["Your password has been changed. All other browsers are signed out."]
    assert browser.cookie() != before
    other.open("/home")
    assert other.notices == ["You were signed out here because your password changed. Sign in to continue."]
    assert told(browser, "Your password was changed") == ["maria@example.test"]
    assert database.user(maria).generation == 1
    maria.password = NEW
    assert browser.another().enter(maria).path == "/home"


def test_a_wrong_current_password_changes_nothing_and_counts_as_a_try(browser, maria, database):
    change(browser.enter(maria), "not the one")
    assert browser.status == 422
    assert browser.problems == ["That's not your current password. Check it and try again. You have 9 tries left before a pause."]
    assert database.user(maria).own_failures == 1
    assert browser.another().enter(maria).path == "/home"


def test_only_after_the_current_one_is_a_new_password_weighed(browser, maria, database, monkeypatch):
    """Weighing takes longer than anything else in the portal: whoever finds an open session must not have it for free."""
    weighed, weigh = [], zxcvbn.zxcvbn
    monkeypatch.setattr(zxcvbn, "zxcvbn", lambda text: weighed.append(text) or weigh(text))
    change(browser.enter(maria), "not the one", "mariamariamaria")
    assert "not your current password" in browser.problems[0] and weighed == []
    change(browser, maria.password, "mariamariamaria")
    assert browser.problems == ["Your username and our product names are easy to guess. Choose other words."]
    assert database.user(maria).code_failures == 0


def test_a_new_password_that_is_too_short_costs_no_try(browser, maria, database):
    change(browser.enter(maria), "not the one", "fourteen chars")
    assert browser.problems == ["Use at least 15 characters. A few words in a row work well."]
    assert database.user(maria).code_failures == 0


def test_a_code_is_asked_where_the_last_one_is_older_than_five_minutes(browser, sam, clock):
    browser.enter(sam)
    clock.move(minutes=6)
    browser.open("/account/password")
    browser.fill("Change password", Current_password=sam.password, Verification_Code="", New_password=NEW)
    assert browser.problems == ["Enter the 6-digit code."]
    browser.fill("Change password", Current_password=sam.password, Verification_Code=sam.wrong_code(), New_password=NEW)
    assert browser.status == 422 and "did not match" in browser.problems[0]
    browser.fill("Change password", Current_password=sam.password, Verification_Code=sam.code(), New_password=NEW)
    assert browser.path == "/account"


def test_a_form_that_went_stale_without_a_code_is_not_enough(plain, sam, clock, database):
    plain.enter(sam).open("/account/password")
    before = database.user(sam).password_sealed
    clock.move(minutes=6)
    plain.fill("Change password", Current_password=sam.password, New_password=NEW)
    assert plain.status == 422 and plain.problems == ["Enter the 6-digit code."]
    assert database.user(sam).password_sealed == before


def test_a_fresh_code_is_not_asked_for_twice(plain, sam):
    change(plain.enter(sam), sam.password)
    assert plain.path == "/account"


def test_no_code_is_spent_on_a_password_that_is_refused(plain, sam, clock):
    plain.enter(sam)
    clock.move(minutes=6)
    change(plain, sam.password, "short", Verification_Code=sam.code())
    assert plain.problems == ["Use at least 15 characters. A few words in a row work well."]
    plain.fill("Change password", Current_password=sam.password, New_password=NEW, Verification_Code=sam.code())
    assert plain.path == "/account"


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("", "Enter a new password."),
        ("harbor-lantern-2026", "That's the password you have now. Choose a different one."),
        ("maria-1990-1990", "Your username and our product names are easy to guess. Choose other words."),
    ],
)
def test_a_new_password_is_refused_with_its_reason(browser, maria, new, sentence):
    change(browser.enter(maria), maria.password, new)
    assert browser.status == 422 and browser.problems == [sentence]


def test_what_the_password_is_not_is_never_said_to_be_it(plain, maria, sam, clock):
    change(plain.enter(maria), "not the one she has", "not the one she has")
    assert plain.problems[0].startswith("That's not your current password.")
    other = plain.another().enter(sam)
    clock.move(minutes=6)
    change(other, sam.password, sam.password, Verification_Code=sam.code())
    assert other.problems == ["That's the password you have now. Choose a different one."]
    other.fill("Change password", Current_password=sam.password, New_password=NEW, Verification_Code=sam.code())
    assert other.path == "/account", "neither code nor session is spent"


def test_it_leaves_one_event_of_each_kind(plain, maria, database):
    change(plain.enter(maria), maria.password)
    trail = [row.event for row in database.all(Event, Event.subject_id == database.user(maria).id)]
    assert trail == ["authn_login_success", "reauthentication", "password_changed"]


def test_who_gets_codes_by_text_alone_is_sent_one_before_the_form_asks(plain, maria, clock, inbox):
    turn_on_texts(plain.enter(maria), inbox, maria)
    clock.move(minutes=6)
    plain.open("/account/password")
    assert plain.heading == "Confirm it's you"
    old = maria.password
    confirm_by_text(plain, inbox, maria)
    assert plain.path == "/account/password"
    plain.fill("Change password", Current_password=old, New_password=NEW)
    assert plain.path == "/account" and plain.status == 200
    clock.move(minutes=6)
    refused = plain.post("/account/password", {"password": NEW, "new_password": old})
    assert refused.headers["Location"].startswith("/account/security/confirm")
