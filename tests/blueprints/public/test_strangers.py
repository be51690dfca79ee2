"""Strangers who have the password spend every try they can; the owner's next step works at once (RL-1, RL-7)."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.models import Authenticator, Event, Outbox, User
from portal.settings import config
from tests.support.mailbox import mails
from tests.support.markup import parse
from tests.support.soak import length
from tests.support.texts import turn_on_texts

BOX = "Don't ask for a code on this browser for 30 days"
CODE_PAGE = "/sign-in/code"
GUESSES = length(120, 1_000)  # any limit is reached by the hundredth
ADDRESSES = length(25, 200)
EXTRA = length(2, 20)  # tries during a pause
WRONG_BACKUP_CODE = "0000-0000-0000-0000"
CONFIRM = "/account/security/confirm"


def thieves(browser, person, addresses):
    """Returns browsers with the password, on that many addresses, stopped at the code page."""
    found = [browser.another(ip=f"127.0.{at // 250 + 1}.{at % 250 + 1}") for at in range(addresses)]
    for each in found:
        each.sign_in(person)
        assert each.path == CODE_PAGE
    return found


def guess(browsers, codes):
    """Types the codes in turn; returns what the last page said."""
    for at, code in enumerate(codes):
        browser = browsers[at % len(browsers)]
        form, address = {"csrf_token": browser.token, "code": code}, {"REMOTE_ADDR": browser.ip}
        answer = browser.client.post(CODE_PAGE, data=form, environ_overrides=address)
        assert answer.status_code == 422
    return next(item.text for item in parse(answer.text)[0].all("li"))


def compared(database, person):
    """Returns how many wrong codes were compared at sign-in: refused for a reason of their own, or as the last before a pause."""
    of_user = Event.subject_id == database.user(person).id
    refused = [event.reason for event in database.all(Event, of_user, Event.event == "authn_login_fail")]
    ends = database.all(Event, of_user, Event.event.in_(["authn_login_lock", "authenticator_disabled"]))
    return len([reason for reason in refused if reason not in ("throttled", "disabled_here")]) + len(ends)


def known(browser, person, trust=False):
    """Returns a browser where the person completed a sign-in and signed out, trusted or not."""
    person.clock.next_code()
    browser.sign_in(person)
    if trust:
        browser.tick(BOX)
    browser.fill("Verify", Verification_Code=person.code())
    assert browser.path == "/home"
    return browser.press("Sign out")


def lets_in(browser, person, code):
    """Returns whether a sign-in with that code is complete."""
    browser.sign_in(person)
    browser.fill("Verify", Verification_Code=code)
    return browser.path == "/home"


def opens_with_backup_code(browser, person):
    """Returns whether a sign-in is complete with a backup code, by the link that stands there during a pause, too."""
    browser.sign_in(person).press("Use a backup code")
    return browser.fill("Verify", Backup_code=person.codes[0]).path == "/home"


@pytest.mark.long
@pytest.mark.parametrize("addresses", [1, ADDRESSES], ids=["one address", "many addresses"])
def test_more_than_a_hundred_wrong_codes_stop_nothing_of_the_owners(plain, clock, database, sam, addresses):
    trusted, other, paper = known(plain.another(), sam, trust=True), known(plain.another(), sam), plain.another(ip="127.0.9.8")
    clock.next_code()
    plain.enter(sam)
    clock.move(minutes=6)
    strangers = thieves(plain, sam, addresses)
    codes = [code for code, _ in zip(sam.wrong_codes(), range(GUESSES), strict=False)]
    assert guess(strangers, codes) == "Too many attempts. Try again in 10 minutes, or use a backup code now."
    assert compared(database, sam) == config.TRIES_BEFORE_PAUSE
    clock.next_code()
    assert trusted.sign_in(sam).path == "/home"
    assert lets_in(other, sam, sam.code())
    assert opens_with_backup_code(paper, sam)
    clock.next_code()
    plain.open(CONFIRM)
    plain.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert plain.path == "/account/security"


def test_a_text_lets_its_owner_in_while_strangers_are_paused(plain, clock, database, inbox, maria):
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.open("/home").press("Sign out")
    clock.move(minutes=61)
    strangers = thieves(plain, maria, 1)
    said = guess(strangers, [code for code, _ in zip(inbox.wrong_codes(maria), range(10), strict=False)])
    assert said == "Too many attempts. Try again in 10 minutes, or use a backup code now."
    clock.move(minutes=2)
    plain.sign_in(maria)
    plain.fill("Verify", Verification_Code=inbox.code(maria))
    assert plain.path == "/home"


@pytest.mark.long
def test_a_stranger_gets_one_hundred_tries_and_the_app_works_on_for_its_owner(plain, clock, database, sam):
    owner = known(plain.another(), sam)
    for pause in [*config.PAUSES, *[config.PAUSES[-1]] * 7]:
        tries = config.TRIES_BEFORE_PAUSE + EXTRA
        guess(thieves(plain, sam, 2), [code for code, _ in zip(sam.wrong_codes(), range(tries), strict=False)])
        clock.move(seconds=pause.total_seconds())
    assert compared(database, sam) == config.FAILURES_TO_DISABLE
    [app] = database.all(Authenticator, Authenticator.user_id == database.user(sam).id)
    assert app.strangers_disabled_at is not None and app.disabled_at is None
    assert not lets_in(plain.another(), sam, sam.code())
    assert lets_in(owner, sam, sam.code())
    assert lets_in(plain.another(), sam, sam.codes[0])


def test_the_owners_success_gives_strangers_no_new_tries(plain, clock, database, sam):
    owner = known(plain.another(), sam)
    guess(thieves(plain, sam, 1), [code for code, _ in zip(sam.wrong_codes(), range(9), strict=False)])
    clock.next_code()
    assert lets_in(owner, sam, sam.code())
    [app] = database.all(Authenticator, Authenticator.user_id == database.user(sam).id)
    assert (app.failures, app.own_failures, database.user(sam).code_failures) == (9, 0, 9)


def test_ten_wrong_codes_stop_no_change_of_password_and_it_ends_their_pause(plain, clock, database, sam):
    plain.enter(sam)
    clock.move(minutes=6)
    strangers = thieves(plain, sam, 1)
    assert "Try again in 10 minutes" in guess(strangers, [code for code, _ in zip(sam.wrong_codes(), range(10), strict=False)])
    clock.next_code()
    new = "four quiet lanterns at sea"
    plain.open("/account/password")
    plain.fill("Change password", Current_password=sam.password, New_password=new, Verification_Code=sam.code())
    assert plain.path == "/account", plain.text
    user = database.user(sam)
    assert (user.codes_paused_until, user.code_failures) == (None, 10), "RL-2 goes on where it was"
    [app] = database.all(Authenticator, Authenticator.user_id == user.id)
    assert app.failures == 10, "RL-1's hundred stay"
    sam.password = new
    clock.next_code()
    assert lets_in(plain.another(ip="127.0.9.9"), sam, sam.code())


def test_ten_wrong_codes_stop_no_disable(plain, clock, database, sam):
    plain.enter(sam)
    guess(thieves(plain, sam, 1), [code for code, _ in zip(sam.wrong_codes(), range(10), strict=False)])
    plain.open("/account/security").press("Disable")
    plain.fill("Disable", Current_password=sam.password)
    assert database.user(sam).two_factor == "off"


def test_a_password_chosen_by_an_emailed_link_ends_the_pause(plain, clock, database, sam):
    until = clock.now + timedelta(minutes=40)
    state = {"codes_paused_until": until, "own_paused_until": until, "code_failures": 30}
    database.change(update(User).where(User.username == "sam").values(**state))
    plain.open("/forgot-password").fill("Send link", Username_or_email_address="sam")
    [mail] = mails(plain, to="sam@example.test", subject="Choose a new password")
    sam.password = "four quiet lanterns at sea"
    plain.open(mail.link).fill("Change password", New_password=sam.password)
    assert lets_in(plain.another(), sam, sam.code())


def test_who_knew_the_password_before_two_factor_was_on_stays_a_stranger(plain, clock, database, maria):
    thief = plain.another().enter(maria)
    thief.press("Sign out")
    plain.enter(maria).set_up(maria)
    thief.sign_in(maria)
    guess([thief], [code for code, _ in zip(maria.wrong_codes(), range(10), strict=False)])
    user = database.user(maria)
    assert (user.code_failures, user.own_failures) == (10, 0)


def test_wrong_backup_codes_of_strangers_stop_no_backup_code(plain, database, sam):
    for thief in thieves(plain, sam, 12):
        guess([thief], [WRONG_BACKUP_CODE] * 10)
    assert lets_in(plain.another(), sam, sam.codes[0])


NOTICES = {
    "strangers": "You can still sign in right now with a browser you've used before, or with one of your backup codes (10 left).",
    "own": "You can still sign in right now with your password and one of your backup codes (10 left).",
}


@pytest.mark.parametrize("purse", NOTICES)
def test_the_notice_of_a_pause_names_the_way_that_is_open(plain, clock, database, sam, purse):
    thief = known(plain.another(), sam) if purse == "own" else plain.another()
    thief.sign_in(sam)
    guess([thief], [code for code, _ in zip(sam.wrong_codes(), range(10), strict=False)])
    [notice] = database.all(Outbox, Outbox.template == "too_many_codes")
    assert notice.facts["minutes"] == 10 and notice.facts["codes_left"] == 10
    [mail] = mails(plain, to="sam@example.test", subject="Several wrong codes were entered")
    assert NOTICES[purse] in mail.text.replace("\n", " ")
    clock.next_code()
    assert opens_with_backup_code(plain.another(), sam), "it is true"
