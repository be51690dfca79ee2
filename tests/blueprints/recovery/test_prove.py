"""The second proof of a recovery: password, text, or backup code, and what does not count (RC-1, RC-4, RC-6)."""

import pytest
from sqlalchemy import insert, update

from portal.flows.base import recovery_cases as states
from portal.models import Authenticator, BackupCode, Event, NoticeAddress, Outbox, SentCode
from portal.settings import config
from tests.support.mailbox import mails, told
from tests.support.recovered import (
    LINK_MAIL,
    WAITING_MAIL,
    address_of,
    begin_for,
    case_of,
    deliver,
    link_of,
    show_password,
    stop_link_in,
    sweep,
    wait_out,
)
from tests.support.texts import MARIAS, turn_on_texts

NEW = "quiet meadow by the river"


def events(database, name, **columns):
    """Returns the events of a name."""
    return [row for row in database.all(Event, Event.event == name) if all(getattr(row, key) == columns[key] for key in columns)]


def set_password_by_mail(browser, person, password=NEW):
    """Chooses a new password by an emailed link, in that browser."""
    browser.open("/forgot-password").fill("Send link", Username_or_email_address=person.username)
    browser.open(mails(browser, to=address_of(person), subject="Choose a new password")[0].link)
    browser.fill("Change password", New_password=password)
    assert browser.path.startswith("/sign-in")
    person.password = password
    return browser


def add_event(database, clock, person, name):
    """Adds a change of the account's contacts, made now."""
    row = {"at": clock.now, "event": name, "result": "ok", "subject_id": database.user(person).id, "role": "patient"}
    database.change(insert(Event).values(request_id="x", ip="", user_agent="x", app_version="x", **row))


@pytest.fixture
def texter(plain, inbox, clock, maria):
    """Maria, who gets her codes by text, at a number that she has had for more than 72 hours."""
    turn_on_texts(plain.another().enter(maria), inbox, maria)
    clock.move(hours=73)
    return maria


# --- the password


def test_code_and_password_begin_the_wait(browser, database, sam):
    reference = begin_for(browser, sam)
    assert browser.heading == "Show that it's you"
    browser.fill("Continue", Current_password=sam.password)
    assert (browser.path, browser.heading) == (f"/recovery/{reference}", "Your request is waiting")
    assert "24 hours after our emails" in browser.text
    case = case_of(database, sam)
    assert (case.state, case.password_at) == (states.WAITING, sam.clock.now) and case.browser_hash
    assert [event.case_id for event in events(database, "recovery_proof", factor="password", result="ok")] == [case.id]


def test_nothing_opens_before_the_day_is_over_and_then_the_link_is_mailed(app, plain, database, clock, sam):
    show_password(plain, sam)
    deliver(app)
    plain.press("Check again")
    assert "You can get back in from" in plain.text and not plain.offers("Check again")
    clock.move(hours=23, minutes=59, seconds=59)
    sweep(app)
    assert case_of(database, sam).state == states.WAITING and not mails(plain, subject=LINK_MAIL)
    clock.move(seconds=1)
    sweep(app)
    assert case_of(database, sam).state == states.READY
    assert told(plain, LINK_MAIL) == [address_of(sam)] and plain.open(plain.path).heading == "You can set up again"
    assert plain.another().open(link_of(plain, sam)).heading == "Set up two-factor authentication again"


def test_a_wrong_password_is_charged_and_the_tenth_is_followed_by_a_pause(plain, database, sam):
    begin_for(plain, sam)
    for left in range(9, 0, -1):
        plain.fill("Continue", Current_password="wrong on purpose")
        assert plain.status == 422 and f"{left} tr" in plain.problems[0]
    plain.fill("Continue", Current_password="wrong on purpose")
    plain.fill("Continue", Current_password=sam.password)
    assert plain.status == 422 and "Try again in 10 minutes" in plain.problems[0]
    assert case_of(database, sam).state == states.PROVING and case_of(database, sam).password_at is None
    assert len(events(database, "recovery_proof", reason="wrong_password")) == 10
    assert told(plain, "Several wrong codes were entered") == [address_of(sam)]
    sam.clock.move(minutes=10)
    assert plain.fill("Continue", Current_password=sam.password).heading == "Your request is waiting"
    assert database.user(sam).code_failures == 0


def test_an_empty_password_is_asked_for_again(plain, sam):
    begin_for(plain, sam)
    plain.press("Continue")
    assert (plain.status, plain.problems) == (422, ["Enter your password."])


@pytest.mark.parametrize("hours", [0, 73, 2000])
def test_a_password_that_was_set_by_mail_is_the_mailbox_again(plain, database, clock, sam, hours):
    """Also after a long time: who reads the mailbox can set one, and wait."""
    set_password_by_mail(plain.another(), sam)
    clock.move(hours=hours)
    reference = begin_for(plain, sam)
    assert "Your password was set by email, so it can't be the second proof yet." in plain.text
    assert plain.offers("Use a backup code") and plain.offers("Have support check who I am")
    answer = plain.post(f"/recovery/{reference}/password", {"password": sam.password})
    assert answer.status_code == 422 and case_of(database, sam).state == states.PROVING


def test_a_password_that_was_set_by_mail_counts_72_hours_later_if_a_code_has_joined_it(plain, clock, sam):
    set_password_by_mail(plain.another(), sam)
    plain.another().enter(sam)
    begin_for(plain, sam)
    assert "Your password was set by email" in plain.text
    clock.move(hours=73)
    begin_for(plain, sam)
    assert plain.fill("Continue", Current_password=sam.password).heading == "Your request is waiting"


def test_a_password_set_by_mail_in_between_takes_the_proof_back(app, plain, database, clock, sam):
    show_password(plain, sam)
    set_password_by_mail(plain.another(), sam)
    case = case_of(database, sam)
    assert (case.state, case.password_at, case.notice_ids) == (states.PROVING, None, [])
    wait_out(app, clock, hours=23)
    assert case_of(database, sam).state == states.PROVING and not mails(plain, subject=LINK_MAIL)


# --- a text


def test_a_texted_code_begins_the_wait_and_no_page_shows_the_number(browser, database, inbox, texter):
    begin_for(browser, texter)
    browser.press("I don't know my password")
    assert browser.heading == "Show that it's you another way"
    browser.press("Get a text message")
    browser.press("Text me a code")
    assert "We texted a 6-digit code" in browser.text and MARIAS[-4:] not in browser.text
    assert inbox.of(texter)[-1].to == MARIAS and "get back into your Medximity account" in inbox.of(texter)[-1].words
    browser.fill("Continue", Verification_Code=inbox.code(texter))
    assert browser.heading == "Your request is waiting"
    case = case_of(database, texter)
    assert (case.state, case.text_at, case.password_at) == (states.WAITING, texter.clock.now, None)
    assert len(events(database, "recovery_proof", factor="text", result="ok")) == 1


def test_five_wrong_codes_end_a_text(plain, database, inbox, texter):
    begin_for(plain, texter)
    plain.press("I don't know my password").press("Get a text message").press("Text me a code")
    right, wrong = inbox.code(texter), inbox.wrong_codes(texter)
    for _ in range(config.TEXT_TRIES):
        plain.fill("Continue", Verification_Code=next(wrong))
        assert plain.status == 422
    assert not [label for label in plain.page.all("label") if label.text == "Verification Code"]
    reference = case_of(database, texter) and plain.path.split("/")[2]
    assert plain.post(f"/recovery/{reference}/text", {"code": right}).status_code == 422
    assert case_of(database, texter).state == states.PROVING
    plain.open(f"/recovery/{reference}/text").press("Send again")
    assert plain.status == 422 and "less than a minute ago" in plain.text
    texter.clock.move(minutes=1)
    plain.open(f"/recovery/{reference}/text").press("Send again")
    assert plain.fill("Continue", Verification_Code=inbox.code(texter)).heading == "Your request is waiting"


def test_a_code_of_the_sign_in_is_none_of_the_recovery(plain, database, inbox, texter):
    plain.another().sign_in(texter)
    of_sign_in = inbox.code(texter)
    begin_for(plain, texter)
    plain.press("I don't know my password").press("Get a text message")
    answer = plain.post(plain.path, {"code": of_sign_in})
    assert answer.status_code == 422 and case_of(database, texter).state == states.PROVING
    assert len(database.all(SentCode, SentCode.used_at.is_not(None))) == 1  # of the set-up


CHANGED = {
    "a number that changed": lambda database, clock, person: add_event(database, clock, person, "phone_changed"),
    "a phone that was reported lost": lambda database, clock, person: database.change(
        update(Authenticator).values(suspended_at=clock.now)
    ),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_no_code_goes_to(plain, database, clock, inbox, texter, change):
    database.change(update(Authenticator).values(created_at=clock.now))  # only the number on file is old
    change(database, clock, texter)
    reference = begin_for(plain, texter)
    plain.press("I don't know my password")
    assert not plain.offers("Get a text message")
    before = len(inbox.of(texter))
    assert plain.post(f"/recovery/{reference}/text/send").status_code == 422
    assert len(inbox.of(texter)) == before


def test_a_number_that_is_younger_than_72_hours_shows_nothing(plain, clock, inbox, maria):
    turn_on_texts(plain.another().enter(maria), inbox, maria)
    clock.move(hours=71)
    begin_for(plain, maria)
    assert not plain.press("I don't know my password").offers("Get a text message")


# --- a backup code


def test_a_backup_code_opens_the_way_at_once(browser, app, database, sam):
    begin_for(browser, sam)
    browser.press("I don't know my password")
    browser.press("Use a backup code")
    browser.fill("Continue", Backup_code=sam.codes[3])
    assert browser.heading == "You can set up again"
    case = case_of(database, sam)
    assert (case.state, case.backup_code_at) == (states.READY, sam.clock.now)
    assert link_of(browser, sam) and told(browser, "A backup code was used") == [address_of(sam)]
    assert len(database.all(BackupCode, BackupCode.used_at.is_not(None))) == 1
    mate = browser.another()
    mate.sign_in(sam)
    mate.press("Use a backup code")
    assert mate.fill("Verify", Backup_code=sam.codes[3]).status == 422


def test_wrong_backup_codes_have_a_limit_of_their_own(plain, database, sam):
    reference = begin_for(plain, sam)
    plain.open(f"/recovery/{reference}/backup-code")
    for _ in range(config.RECOVERY_BACKUP_TRIES):
        plain.fill("Continue", Backup_code="0000-0000-0000-0000")
        assert "not one of your backup codes" in plain.problems[0]
    plain.fill("Continue", Backup_code=sam.codes[0])
    assert plain.status == 422 and "Too many attempts" in plain.problems[0]
    assert case_of(database, sam).state == states.PROVING
    assert not database.all(BackupCode, BackupCode.used_at.is_not(None))
    sam.clock.move(minutes=60)
    assert plain.fill("Continue", Backup_code=sam.codes[0]).heading == "You can set up again"


# --- who may not


def test_staff_go_through_support_and_ask_their_administrator_first(plain, database, dr_okafor, admin_lee):
    reference = begin_for(plain, dr_okafor)
    assert admin_lee.name in plain.text
    assert not plain.offers("Use a backup code") and not plain.offers("I don't know my password")
    for page, form in {
        "password": {"password": dr_okafor.password},
        "backup-code": {"code": dr_okafor.codes[0]},
        "text/send": {},
        "text": {"code": "123456"},
    }.items():
        assert plain.post(f"/recovery/{reference}/{page}", form).status_code == 422, page
    assert case_of(database, dr_okafor).state == states.PROVING
    assert not database.all(BackupCode, BackupCode.used_at.is_not(None))


def test_after_a_change_of_address_only_support_can_help(plain, database, clock, sam):
    add_event(database, clock, sam, "email_changed")
    reference = begin_for(plain, sam)
    assert "An email address of this account changed" in plain.text
    assert not plain.offers("Use a backup code")
    assert plain.post(f"/recovery/{reference}/password", {"password": sam.password}).status_code == 422
    assert case_of(database, sam).state == states.PROVING


def test_the_reference_number_alone_proves_nothing(plain, database, sam):
    reference = begin_for(plain, sam)
    thief = plain.another().open(f"/recovery/{reference}")
    for page in ("password", "text", "text/send", "backup-code", "link"):
        assert thief.post(f"/recovery/{reference}/{page}", {"password": sam.password, "code": sam.codes[0]}).status_code == 403
    assert case_of(database, sam).state == states.PROVING and database.user(sam).code_failures == 0


# --- who is told


def test_every_address_and_number_is_told_and_each_message_stops_it(app, plain, database, inbox, texter):
    user = database.user(texter)
    seal = app.extensions["keys"].seal("second@example.test", "notice_addresses:9:email")
    database.change(
        insert(NoticeAddress).values(
            id="9", user_id=user.id, email_sealed=seal, created_at=texter.clock.now, confirmed_at=texter.clock.now
        )
    )
    show_password(plain, texter)
    assert told(plain, WAITING_MAIL) == [address_of(texter), "second@example.test"]
    [news] = [text for text in inbox.of(texter) if "with a new phone" in text.words]
    assert news.to == MARIAS
    case = case_of(database, texter)
    assert set(case.notice_ids) == {row.id for row in database.all(Outbox, Outbox.template == "recovery_waiting")}
    stranger = plain.another().open(stop_link_in(news.words))
    assert stranger.status == 200
    stranger.press("Stop this request")
    assert case_of(database, texter).state == states.STOPPED
    [mail] = mails(plain, to="second@example.test", subject=WAITING_MAIL)
    assert any("/recovery/stop/" in link for link in mail.links)
