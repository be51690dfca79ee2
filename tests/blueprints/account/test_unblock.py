"""Unblocking an app after a hundred wrong codes: password, a second factor that works, and the mailbox together (RC-1, RA-1)."""

import pytest
from sqlalchemy import update

from portal.models import Authenticator, Event, Outbox, User
from tests.support.mailbox import mails

SECURITY = "/account/security"
MAIL = "Unblock your codes"


@pytest.fixture(params=["strangers_disabled_at", "disabled_at"])
def blocked(request, database, clock, sam):
    """Sam's app is blocked: for strangers, or everywhere."""
    own = Authenticator.user_id == database.user(sam).id
    database.change(update(Authenticator).where(own).values(failures=100, **{request.param: clock.now}))
    return request.param


def app_of(database, person):
    """Returns the person's only authenticator."""
    [row] = database.all(Authenticator, Authenticator.user_id == database.user(person).id)
    return row


def with_backup_code(browser, person):
    """Signs in with a backup code, in a browser that is new to the account."""
    browser.sign_in(person)
    browser.fill("Verify", Verification_Code=person.codes.pop())
    assert browser.path == "/home"
    return browser


def ask(browser):
    """Asks for the link on the Security page; returns its path."""
    browser.open(SECURITY).press("Unblock Authenticator App")
    browser.press("Email me a link")
    assert "We sent you an email." in browser.notices[0]
    return mails(browser, to="sam@example.test", subject=MAIL)[0].link


def is_blocked(database, person):
    """Returns whether the person's app is blocked anywhere."""
    row = app_of(database, person)
    return row.disabled_at is not None or row.strangers_disabled_at is not None


def test_the_security_page_says_where_codes_work_while_an_app_is_blocked(browser, sam, blocked):
    with_backup_code(browser, sam).open(SECURITY)
    in_new_browsers = any("work only in browsers you've signed in with before" in notice for notice in browser.notices)
    everywhere = "codes from your phone no longer work" in browser.text
    assert (in_new_browsers, everywhere) == ((True, False) if blocked == "strangers_disabled_at" else (False, True))


def test_password_backup_code_and_mailbox_revive_the_app_for_all(browser, clock, database, sam, blocked):
    with_backup_code(browser, sam)
    browser.open(ask(browser))
    assert browser.heading == MAIL and is_blocked(database, sam)
    browser.press("Unblock")
    assert browser.path == SECURITY and "Blocked" not in browser.text
    row = app_of(database, sam)
    assert (row.failures, row.own_failures, row.disabled_at, row.strangers_disabled_at) == (0, 0, None, None)
    assert len(database.all(Outbox, Outbox.template == "authenticator_unblocked")) == 1
    for event in ("authenticator_unblock_asked", "authenticator_unblocked"):
        assert len(database.all(Event, Event.event == event)) == 1
    clock.next_code()
    fresh = browser.another()
    fresh.sign_in(sam)
    fresh.fill("Verify", Verification_Code=sam.code())
    assert fresh.path == "/home"


def test_a_known_browser_with_the_mailbox_revives_it_too(plain, clock, database, sam):
    plain.enter(sam)
    plain.press("Sign out")
    own = Authenticator.user_id == database.user(sam).id
    database.change(update(Authenticator).where(own).values(failures=100, strangers_disabled_at=clock.now))
    clock.next_code()
    plain.enter(sam)
    plain.open(ask(plain)).press("Unblock")
    assert not is_blocked(database, sam)


@pytest.mark.parametrize("blocked", ["strangers_disabled_at"], indirect=True)
def test_the_mailbox_alone_opens_nothing(plain, database, sam, blocked):
    link = ask(with_backup_code(plain, sam))
    thief = plain.another()
    assert thief.open(link).status == 403 and thief.heading == "Sign in to continue"
    thief.sign_in(sam)
    assert thief.path == "/sign-in/code", "mailbox and password"
    token = thief.token
    assert thief.open(link).status == 403
    answer = thief.post(link, token=token)
    assert answer.status_code == 403 and is_blocked(database, sam)


@pytest.mark.parametrize("blocked", ["strangers_disabled_at"], indirect=True)
def test_the_link_is_its_owners_works_once_and_for_a_day(plain, clock, database, sam, maria, blocked):
    with_backup_code(plain, sam)
    first = ask(plain)
    clock.move(seconds=1)  # the newest mail comes first
    second = ask(plain)
    assert plain.open(first).status == 404 and "already used" in plain.text
    hers = plain.another().enter(maria)
    assert hers.open(second).status == 404 and "another account" in hers.text
    clock.move(hours=24)
    with_backup_code(plain, sam)
    assert plain.open(second).status == 404 and "expired" in plain.text
    third = ask(plain)
    plain.open(third).press("Unblock")
    assert not is_blocked(database, sam)
    assert plain.open(third).status == 404


@pytest.mark.parametrize("blocked", ["strangers_disabled_at"], indirect=True)
def test_a_link_is_over_once_its_app_works_again(plain, database, sam, blocked):
    with_backup_code(plain, sam)
    link = ask(plain)
    tab = plain.open(link)
    database.change(
        update(Authenticator).where(Authenticator.user_id == database.user(sam).id).values(strangers_disabled_at=None)
    )
    tab.press("Unblock")
    assert tab.status == 404 and "already used" in tab.text
    assert database.all(Event, Event.event == "authenticator_unblocked") == []
    assert plain.open(link).status == 404


@pytest.mark.parametrize("blocked", ["strangers_disabled_at"], indirect=True)
def test_asking_needs_a_fresh_proof_and_is_limited(plain, clock, database, sam, blocked):
    with_backup_code(plain, sam)
    for _ in range(4):
        ask(plain)
    plain.open(SECURITY).press("Unblock Authenticator App")
    plain.press("Email me a link")
    assert plain.status == 422 and plain.problems[0].startswith("We've already sent you several of these emails.")
    clock.move(minutes=6)
    path = f"{SECURITY}/authenticators/{app_of(database, sam).id}/unblock"
    assert plain.post(path).headers["Location"].startswith(f"{SECURITY}/confirm")


@pytest.mark.parametrize("blocked", ["strangers_disabled_at"], indirect=True)
def test_without_an_address_the_page_says_what_to_do(plain, database, sam, blocked):
    with_backup_code(plain, sam)
    database.change(update(User).where(User.username == "sam").values(email_sealed=None))
    plain.open(SECURITY).press("Unblock Authenticator App")
    plain.press("Email me a link")
    assert plain.status == 422 and plain.problems[0].startswith("Your account has no email address")


def test_an_app_that_works_is_not_unblocked(plain, clock, database, sam):
    plain.enter(sam)
    path = f"{SECURITY}/authenticators/{app_of(database, sam).id}/unblock"
    assert plain.open(path).path == SECURITY
    assert plain.post(path).headers["Location"] == SECURITY
    assert database.all(Outbox, Outbox.template == "unblock_asked") == []


@pytest.mark.parametrize("blocked", ["strangers_disabled_at"], indirect=True)
def test_the_notice_leads_to_it(plain, clock, database, sam, blocked):
    own = Authenticator.user_id == database.user(sam).id
    database.change(update(Authenticator).where(own).values(failures=99, strangers_disabled_at=None))
    plain.sign_in(sam)
    plain.fill("Verify", Verification_Code=sam.wrong_code())
    [mail] = mails(plain, to="sam@example.test", subject="Codes from your phone are blocked")
    assert "select Unblock" in mail.text and "One of your backup codes works anywhere (10 left)." in mail.text
    ask(with_backup_code(plain, sam))
