""" "I lost my phone": with the password alone, codes stop at once; a backup code, or link and password, bring them back (RC-9)."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.flows.factors.lost_phone import FOUND_LINK
from portal.flows.sign_in import found_phone
from portal.models import Authenticator, BackupCode, Event, Link, TrustedBrowser
from tests.support.mailbox import mails, told
from tests.support.markup import squeeze
from tests.support.meanwhile import just_before
from tests.support.texts import turn_on_texts

LOST = "/sign-in/lost-phone"
REPORTED, WORKS = "Codes from your phone are on hold", "Codes from your phone work again"
BY_MAIL = "Your password was set by email, so an email can't make the codes work again."
ON_HOLD = "Your phone was reported as lost, so its codes don't work. Use a backup code, or Contact Support."


def report(browser, person):
    """Reports the person's phone as lost, with the password alone."""
    browser.sign_in(person)
    browser.open(LOST)
    browser.press("Stop my phone's codes")
    return browser


def held(database, person):
    """Returns whether each of the person's authenticators is on hold."""
    rows = database.all(Authenticator, Authenticator.user_id == database.user(person).id)
    return [row.suspended_at is not None for row in rows]


def test_the_password_alone_stops_the_codes_at_once_and_tells_the_owner(browser, clock, database, sam):
    report(browser, sam)
    assert browser.heading == "Your phone's codes are on hold" and held(database, sam) == [True]
    assert told(browser, REPORTED) == ["sam@example.test"]
    browser.open("/sign-in/code")
    assert ON_HOLD in browser.notices[0]
    browser.fill("Verify", Verification_Code=sam.code())
    assert browser.status == 422 and browser.problems == [ON_HOLD] and browser.path == "/sign-in/code"
    assert [each.reason for each in database.all(Event, Event.event == "authenticator_suspended")] == [None]


def test_the_page_for_people_without_a_code_leads_to_it_until_it_is_done(browser, sam):
    browser.sign_in(sam)
    browser.press("Can't access your code?").press("I lost my phone")
    assert browser.heading == "I lost my phone"
    browser.press("Stop my phone's codes")
    browser.open("/sign-in/no-code")
    assert ON_HOLD in browser.notices[0] and not browser.offers("I lost my phone")
    browser.press("Back to the code").press("Found your phone?")
    assert browser.offers("Email me the link again")


def test_opening_the_page_stops_nothing(plain, database, sam):
    plain.sign_in(sam)
    plain.open(LOST)
    assert plain.heading == "I lost my phone" and held(database, sam) == [False]


def test_who_has_no_backup_codes_left_reads_what_it_costs_first(plain, clock, database, sam):
    database.change(update(BackupCode).values(used_at=clock.now))
    plain.sign_in(sam)
    plain.open(LOST)
    assert "only support can help you back in" in plain.text and "keep working" not in plain.text
    plain.press("Stop my phone's codes")
    assert plain.offers("Contact Support") and not plain.offers("Use a backup code")
    [mail] = mails(plain, subject=REPORTED)
    assert "no backup codes left" in mail.text and "still work" not in mail.text


def test_a_stranger_stops_nothing(plain, database, sam):
    token = plain.open("/sign-in").token
    assert plain.client.post(LOST, data={"csrf_token": token}).headers["Location"].startswith("/sign-in")
    assert held(database, sam) == [False]


def test_wrong_codes_meanwhile_count_against_nobody(plain, database, sam):
    report(plain, sam)
    plain.open("/sign-in/code").fill("Verify", Verification_Code=sam.wrong_code())
    assert plain.problems == [ON_HOLD]
    assert (database.user(sam).code_failures, database.user(sam).own_failures) == (0, 0)


def test_what_the_phone_may_have_open_ends_and_the_own_claim_stays(plain, database, sam):
    phone = plain.another()
    phone.sign_in(sam)
    phone.tick("Don't ask for a code on this browser for 30 days")
    phone.fill("Verify", Verification_Code=sam.code())
    before = database.user(sam).generation
    report(plain, sam)
    assert plain.open(LOST).status == 200
    assert "You were signed out here because a phone or device of yours was reported as lost." in phone.open("/home").notices[0]
    assert phone.sign_in(sam).path == "/sign-in/code"
    assert [row.ended_at is not None for row in database.all(TrustedBrowser)] == [True]
    assert database.user(sam).generation == before  # a recovery or a reset that waits goes on


def test_reported_twice_it_is_told_once(plain, database, sam):
    plain.sign_in(sam)
    token = plain.open(LOST).token
    for _ in range(2):
        plain.client.post(LOST, data={"csrf_token": token})
    assert told(plain, REPORTED) == ["sam@example.test"]
    assert len(database.all(Event, Event.event == "authenticator_suspended")) == 1


def test_a_backup_code_gets_in_and_the_security_page_brings_the_phone_back(browser, clock, database, sam):
    report(browser, sam)
    browser.press("Use a backup code").fill("Verify", Backup_code=sam.codes.pop())
    browser.open("/account/security")
    assert "While your phone is lost, your 9 backup codes are the only way in." in browser.text
    assert "Unblock" not in browser.text
    browser.press("Use again: Authenticator App")
    assert browser.heading == "Found your phone?" and held(database, sam) == [True]
    browser.press("Use my phone again")
    assert browser.path == "/account/security" and browser.notices == [f"{WORKS}."] and held(database, sam) == [False]
    assert told(browser, WORKS) == ["sam@example.test"]
    clock.next_code()
    assert browser.another().enter(sam).path == "/home"


def test_bringing_it_back_needs_a_second_factor_of_the_last_five_minutes(plain, clock, database, sam):
    report(plain, sam)
    plain.press("Use a backup code").fill("Verify", Backup_code=sam.codes.pop())
    clock.move(minutes=6)
    token = plain.open("/account/security").token
    plain.client.post("/account/security/authenticators/found", data={"csrf_token": token})
    assert held(database, sam) == [True]
    plain.press("Use again: Authenticator App")
    assert plain.path == "/account/security/confirm"


def test_link_and_password_together_bring_it_back(browser, clock, database, sam):
    report(browser, sam)
    [mail] = mails(browser, subject=REPORTED)
    finder = browser.another()
    finder.open(mail.link)
    assert finder.heading == "Found your phone?" and held(database, sam) == [True]
    finder.fill("Use my phone again", Password="wrong on purpose")
    assert finder.status == 422 and held(database, sam) == [True]
    finder.fill("Use my phone again", Password=sam.password)
    assert finder.heading == WORKS and held(database, sam) == [False]
    assert {event.subject_id for event in database.all(Event, Event.event == "authenticator_restored")} == {database.user(sam).id}
    assert finder.another().open(mail.link).heading == "This link doesn't work"
    clock.next_code()
    assert finder.enter(sam).path == "/home"


def test_a_password_set_by_email_takes_the_link_with_it(plain, database, sam):
    """Otherwise a thief who has the phone, with the mailbox on it, would bring its codes back."""
    report(plain, sam)
    [mail] = mails(plain, subject=REPORTED)
    thief = plain.another()
    thief.open("/forgot-password").fill("Send link", Username_or_email_address="sam")
    thief.open(mails(plain, subject="Choose a new password")[0].link)
    thief.fill("Change password", New_password="seven calm herons wait")
    thief.open(mail.link)
    assert thief.heading == "This link doesn't work" and held(database, sam) == [True]
    thief.sign_in(replace(sam, password="seven calm herons wait")).open(LOST).press("Email me the link again")
    assert BY_MAIL in thief.problems[0] and not mails(plain, subject="Use your phone's codes again")


def test_the_link_of_a_report_takes_nothing_back_with_a_password_that_was_set_by_email(plain, clock, database, sam):
    """Whoever reads the mailbox could report the phone first, and keep the link; the owner's report would change nothing."""
    thief = replace(sam, password="seven calm herons wait")
    plain.open("/forgot-password").fill("Send link", Username_or_email_address="sam")
    plain.open(mails(plain, subject="Choose a new password")[0].link)
    plain.fill("Change password", New_password=thief.password)
    report(plain, thief)
    plain.open(mails(plain, subject=REPORTED)[0].link)
    assert plain.status == 422 and BY_MAIL in plain.problems[0] and held(database, sam) == [True]
    assert "we can email you a new link" not in plain.text


def test_another_link_can_be_emailed_and_ends_the_first(plain, database, sam):
    report(plain, sam)
    plain.press("Email me the link again")
    assert "We sent you an email." in plain.notices[0]
    assert len(database.all(Event, Event.event == "authenticator_restore_asked")) == 1
    [first] = mails(plain, subject=REPORTED)
    [second] = mails(plain, subject="Use your phone's codes again")
    assert plain.another().open(first.link).heading == "This link doesn't work"
    assert plain.another().open(second.link).heading == "Found your phone?"


def test_links_do_not_fill_a_mailbox(plain, database, sam):
    report(plain, sam)
    for _ in range(4):
        plain.press("Email me the link again")
    assert plain.status == 422 and "We've already sent you several of these emails." in plain.problems[0]
    assert len(database.all(Link, Link.purpose == FOUND_LINK)) == 4


def test_the_link_ends_after_24_hours(plain, clock, database, sam):
    report(plain, sam)
    [mail] = mails(plain, subject=REPORTED)
    clock.move(hours=24)
    assert plain.open(mail.link).heading == "This link doesn't work"


def test_a_link_of_a_phone_that_works_again_says_so(plain, database, sam):
    report(plain, sam)
    [mail] = mails(plain, subject=REPORTED)
    database.change(update(Authenticator).values(suspended_at=None))
    assert plain.open(mail.link).heading == "This link doesn't work"


def test_of_two_who_use_the_link_at_once_one_brings_the_phone_back(plain, database, sam, clock, monkeypatch):
    report(plain, sam)
    [mail] = mails(plain, subject=REPORTED)
    finder = plain.another()
    finder.open(mail.link)
    just_before(monkeypatch, found_phone, "begin_write", lambda: database.change(update(Link).values(used_at=clock.now)))
    finder.fill("Use my phone again", Password=sam.password)
    assert finder.heading == "This link doesn't work" and held(database, sam) == [True]


@pytest.mark.parametrize("token", ["none", "a" * 43])
def test_a_mangled_link_says_so(plain, token):
    plain.open(f"/phone-found/{token}")
    assert plain.status == 422 and plain.heading == "This link doesn't work"


def test_a_lost_phone_that_was_blocked_too_is_both(plain, database, sam):
    database.change(update(Authenticator).values(disabled_at=sam.clock.now))
    report(plain, sam)
    plain.press("Use a backup code").fill("Verify", Backup_code=sam.codes.pop())
    plain.open("/account/security").press("Use again: Authenticator App")
    plain.press("Use my phone again")
    assert held(database, sam) == [False] and plain.offers("Unblock Authenticator App")


def test_a_new_app_replaces_the_lost_one(plain, clock, database, sam):
    report(plain, sam)
    plain.press("Use a backup code").fill("Verify", Backup_code=sam.codes.pop())
    plain.open("/account/security").press("Change Authenticator App")
    plain.press("Continue")
    sam.key = squeeze(plain.page.one("code", id="key").text)
    plain.fill("Verify and Enable", Verification_Code=sam.code())
    assert held(database, sam) == [False]


def test_a_provider_gets_the_same_page_and_the_administrator_sees_it(plain, database, admin_lee, dr_okafor):
    report(plain, dr_okafor)
    assert held(database, dr_okafor) == [True]
    lee = plain.another()
    lee.enter(admin_lee).open("/ehr/settings/team/security")
    assert "Phone lost" in lee.text


def test_the_test_bench_marks_the_phone(plain, sam):
    report(plain, sam).open("/test-bench")
    [entry] = [part for part in plain.page.walk() if "entry" in part.classes and "On hold" in part.text]
    assert "sam" in entry.text


def test_a_text_on_its_way_opens_nothing_and_no_other_follows(plain, clock, database, inbox, maria):
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.open("/home").press("Sign out")
    clock.move(minutes=1)
    plain.sign_in(maria)
    code, sent = inbox.code(maria), len(inbox.of(maria))
    plain.open(LOST).press("Stop my phone's codes")
    plain.open("/sign-in/code").fill("Verify", Verification_Code=code)
    assert plain.problems == [ON_HOLD]
    again = plain.another()
    again.sign_in(maria)
    assert ON_HOLD in again.notices[0] and len(inbox.of(maria)) == sent
