"""Wrong codes slow down, then lock (RL-1 to RL-5, RL-8, RL-9): per purse of an account, with the clock moved."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from portal.methods import totp
from portal.models import Authenticator, Event, Outbox, User, secret_place
from portal.settings import config

PAUSE = "Too many attempts. Try again in {} minutes."
AT_SIGN_IN = "Too many attempts. Try again in {} minutes, or use a backup code now."
FOR_AN_HOUR = "Too many attempts. Try again in 1 hour, or use a backup code now."
DISABLED = "There were too many wrong codes, so codes from your phone no longer work. Use a backup code, or Contact Support."
DISABLED_HERE = (
    "There were too many wrong codes, so codes from your phone no longer work in this browser. "
    "Use a backup code, or a browser you've signed in with before."
)
OTHER_CODE = "0000-0000-0000-0000"


def knock(browser, person, code):
    """Types a code as a claimant, signing in again where the claim ran out; returns what is wrong with it, or None."""
    browser.open("/sign-in/code")
    if browser.path != "/sign-in/code":
        browser.sign_in(person)
    browser.insist("Verify", Verification_Code=code)
    return browser.problems[0] if browser.status == 422 else None


def exhaust(browser, person, tries=10):
    """Types that many wrong codes; returns what the last one was told."""
    return [knock(browser, person, code) for code, _ in zip(person.wrong_codes(), range(tries), strict=False)][-1]


def fail(database, person, failures, purse=""):
    """Writes down how many wrong codes were typed so far, without the pauses that they began; "own_" is the owner's purse."""
    database.change(update(User).where(User.username == person.username).values({f"{purse or 'code_'}failures": failures}))
    of_person = Authenticator.user_id == database.user(person).id
    database.change(update(Authenticator).where(of_person).values({f"{purse}failures": failures}))


def count(database, model, *where):
    """Returns how many rows there are."""
    return len(database.all(model, *where))


def test_the_tenth_wrong_code_begins_a_pause_of_ten_minutes(browser, clock, sam):
    browser.sign_in(sam)
    assert "Too many" not in exhaust(browser, sam, 9)
    assert exhaust(browser, sam, 1) == AT_SIGN_IN.format(10)
    assert knock(browser, sam, sam.code()) == AT_SIGN_IN.format(10)
    clock.move(minutes=8, seconds=30)
    assert knock(browser, sam, sam.code()) == "Too many attempts. Try again in 1 minute and 30 seconds, or use a backup code now."
    clock.move(minutes=1, seconds=29)
    assert knock(browser, sam, sam.code()) == "Too many attempts. Try again in 1 second, or use a backup code now."
    clock.move(seconds=1)
    assert knock(browser, sam, sam.code()) is None


def test_each_pause_is_twice_the_last_up_to_an_hour(plain, clock, database, sam):
    plain.sign_in(sam)
    for pause, minutes in enumerate((10, 20, 40, 60, 60)):
        if pause >= 2:  # two were walked whole
            fail(database, sam, 10 * pause + 8)
        tries = 2 if pause >= 2 else 10
        assert exhaust(plain, sam, tries) == (FOR_AN_HOUR if minutes == 60 else AT_SIGN_IN.format(minutes))
        clock.move(minutes=minutes, seconds=-1)
        assert "Try again in 1 second," in knock(plain, sam, sam.code())
        clock.move(seconds=1)


def test_a_pause_that_a_clock_running_ahead_began_is_over(plain, clock, database, sam):
    plain.sign_in(sam)
    for wait in (timedelta(days=365), timedelta(hours=1, minutes=1, seconds=1)):
        database.change(update(User).where(User.username == "sam").values(codes_paused_until=clock.now + wait))
        assert "Too many" not in knock(plain, sam, sam.wrong_code())
    database.change(update(User).where(User.username == "sam").values(codes_paused_until=clock.now + timedelta(hours=1)))
    assert knock(plain, sam, sam.code()) == FOR_AN_HOUR


def test_during_a_pause_nothing_is_compared_charged_or_spent(plain, clock, database, sam):
    plain.sign_in(sam)
    exhaust(plain, sam)
    clock.move(minutes=9, seconds=40)
    used = sam.code()
    assert "Too many" in knock(plain, sam, used)
    assert database.user(sam).code_failures == 10
    clock.move(seconds=20)
    assert knock(plain, sam, used) is None


def test_the_count_is_the_accounts_across_browsers_and_addresses(plain, sam):
    thief = plain.another(ip="127.0.0.66")
    exhaust(plain, sam, 5)
    assert exhaust(thief, sam, 5) == AT_SIGN_IN.format(10)
    assert knock(plain, sam, sam.code()) == AT_SIGN_IN.format(10)


def test_another_account_in_the_same_browser_is_not_paused(plain, sam, dr_okafor):
    exhaust(plain, sam)
    plain.press("Cancel")
    assert knock(plain, dr_okafor, dr_okafor.code()) is None


def test_the_password_page_says_nothing_of_the_pause(plain, sam):
    exhaust(plain, sam)
    other = plain.another()
    other.open("/sign-in")
    assert other.heading == "Sign in" and "Too many" not in other.text
    other.fill("Sign in", Username=sam.username, Password=sam.password)
    assert other.path == "/sign-in/code" and "Try again in 10 minutes" in other.notices[0], "who has the password is told"


def test_backup_codes_do_not_wait_for_guesses_of_six_digits(plain, sam):
    exhaust(plain, sam)
    assert knock(plain, sam, OTHER_CODE).endswith("You have 9 tries left before a pause.")
    assert knock(plain, sam, sam.codes[0]) is None


def test_ten_wrong_backup_codes_pause_them_in_that_sign_in_alone(plain, clock, database, sam):
    plain.sign_in(sam)
    said = [knock(plain, sam, OTHER_CODE) for _ in range(10)]
    assert said[-1] == PAUSE.format(10) and all("Too many" not in sentence for sentence in said[:-1])
    clock.move(seconds=75)
    assert knock(plain, sam, sam.codes[0]) == "Too many attempts. Try again in 8 minutes and 45 seconds."
    assert knock(plain.another(), sam, sam.codes[0]) is None, "another sign-in cost a password, and 80 bits are not guessed"
    assert knock(plain, sam, sam.code()) is None


def test_wrong_backup_codes_of_many_sign_ins_fill_no_mailbox(plain, database, sam):
    for tries in (10, 10, 10, 10):
        thief = plain.another()
        for _ in range(tries):
            knock(thief, sam, OTHER_CODE)
    assert database.user(sam).backup_failures == 40
    told = database.all(Outbox, Outbox.template == "too_many_codes")
    assert [notice.facts["kind"] for notice in told] == ["backup_code"] * 3, "the 10th, the 20th, the 40th"
    assert knock(plain, sam, sam.codes[0]) is None
    assert database.user(sam).backup_failures == 0


def test_a_success_takes_back_only_the_failures_of_its_own_factor(plain, database, sam):
    plain.sign_in(sam)
    for _ in range(4):
        knock(plain, sam, OTHER_CODE)
    exhaust(plain, sam, 3)
    assert knock(plain, sam, sam.code()) is None
    user = database.user(sam)
    assert (user.code_failures, user.backup_failures) == (0, 4)
    assert [row.failures for row in database.all(Authenticator, Authenticator.user_id == user.id)] == [0]


def test_a_backup_codes_success_leaves_the_apps_failures(plain, database, sam):
    plain.sign_in(sam)
    exhaust(plain, sam, 3)
    for _ in range(2):
        knock(plain, sam, OTHER_CODE)
    assert knock(plain, sam, sam.codes[3]) is None
    user = database.user(sam)
    assert (user.code_failures, user.backup_failures) == (3, 0)
    assert [row.failures for row in database.all(Authenticator, Authenticator.user_id == user.id)] == [3]


def test_a_session_that_was_proved_counts_wrong_backup_codes_anew(plain, clock, sam):
    plain.sign_in(sam)
    for _ in range(9):
        knock(plain, sam, OTHER_CODE)
    assert knock(plain, sam, sam.code()) is None
    clock.move(minutes=6)
    plain.open("/account/security/backup-codes").fill("Continue", Current_password=sam.password, Verification_Code=OTHER_CODE)
    assert plain.problems[0].endswith("You have 9 tries left before a pause.")


def test_a_right_tenth_try_begins_no_pause(plain, clock, sam):
    plain.sign_in(sam)
    exhaust(plain, sam, 9)
    assert knock(plain, sam, sam.code()) is None
    plain.press("Sign out")
    clock.next_code()
    assert knock(plain, sam, sam.code()) is None


def test_new_backup_codes_do_not_reset_the_count(plain, clock, database, sam):
    plain.enter(sam)
    for code, _ in zip(sam.wrong_codes(), range(4), strict=False):
        knock(plain.another(), sam, code)
    plain.open("/account/security")
    plain.press("Regenerate Backup Codes")
    plain.press("Regenerate Backup Codes")
    assert database.user(sam).code_failures == 4


def test_the_hundredth_failure_disables_the_app_and_backup_codes_still_work(plain, clock, database, sam):
    plain.sign_in(sam)
    exhaust(plain, sam)
    fail(database, sam, 90)
    clock.move(minutes=60)
    assert "Too many" not in exhaust(plain, sam, 9)
    assert exhaust(plain, sam, 1) == DISABLED_HERE
    assert knock(plain, sam, sam.code()).startswith(DISABLED_HERE)
    assert knock(plain, sam, sam.codes[0]) is None
    plain.open("/account/security")
    assert "Blocked in new browsers" in plain.text
    assert count(database, Event, Event.event == "authenticator_disabled") == 1
    assert count(database, Outbox, Outbox.template == "authenticator_disabled") == 1


@pytest.mark.parametrize(("stopped", "said"), [("strangers_disabled_at", DISABLED_HERE), ("disabled_at", DISABLED)])
def test_a_new_browser_says_at_once_that_no_code_works_and_suggests_none(browser, clock, database, sam, stopped, said):
    own = Authenticator.user_id == database.user(sam).id
    database.change(update(Authenticator).where(own).values(failures=100, **{stopped: clock.now}))
    browser.sign_in(sam)
    assert browser.notices == [said] and "too." not in browser.text
    knock(browser, sam, sam.code())
    assert browser.problems == [said] and browser.notices == [], "told once"
    browser.press("Can't access your code?")
    assert browser.notices == [said] and "Wait for a fresh code." not in browser.text
    assert browser.offers("Use a backup code") and browser.offers("Contact Support")


def test_the_owners_hundredth_failure_disables_the_app_everywhere(plain, clock, database, sam):
    plain.enter(sam)
    plain.press("Sign out")
    for minutes in (10, 20):
        assert exhaust(plain, sam) == AT_SIGN_IN.format(minutes)
        clock.move(minutes=60)
    fail(database, sam, 90, "own_")
    assert "Too many" not in exhaust(plain, sam, 9)
    assert exhaust(plain, sam, 1) == DISABLED
    assert knock(plain.another(), sam, sam.code()).startswith(DISABLED)
    assert knock(plain, sam, sam.codes[0]) is None
    plain.open("/account/security")
    assert "Blocked" in plain.text and plain.offers("Contact Support")


def test_a_stopped_app_is_named_even_where_a_pause_begins(plain, clock, database, sam):
    database.change(update(Authenticator).values(disabled_at=clock.now))
    plain.sign_in(sam)
    assert exhaust(plain, sam, 9).startswith(DISABLED)
    assert exhaust(plain, sam, 1) == DISABLED
    clock.move(minutes=10)
    assert knock(plain, sam, sam.codes[0]) is None


def test_one_mail_and_one_event_for_each_pause(plain, clock, database, sam):
    plain.sign_in(sam)
    for pauses in (1, 2, 3):
        exhaust(plain, sam)
        for _ in range(5):
            knock(plain, sam, sam.code())
        assert count(database, Outbox, Outbox.template == "too_many_codes") == pauses
        assert count(database, Event, Event.event == "authn_login_lock") == pauses
        clock.move(minutes=60)


def test_wrong_codes_at_set_up_count_and_pause_too(browser, clock, database, maria):
    browser.enter(maria).begin_set_up(maria)
    for code, _ in zip(maria.wrong_codes(), range(10), strict=False):
        browser.insist("Verify and Enable", Verification_Code=code)
    assert browser.problems == [PAUSE.format(10)]
    browser.insist("Verify and Enable", Verification_Code=maria.code())
    assert browser.problems == [PAUSE.format(10)]
    assert count(database, Outbox, Outbox.template == "too_many_codes") == 1
    clock.move(minutes=10)
    browser.insist("Verify and Enable", Verification_Code=maria.code())
    assert browser.heading == "Save your backup codes"
    assert database.user(maria).own_failures == 0


def test_cancelling_a_set_up_does_not_reset_the_count(plain, database, maria):
    plain.enter(maria).begin_set_up(maria)
    for code, _ in zip(maria.wrong_codes(), range(4), strict=False):
        plain.insist("Verify and Enable", Verification_Code=code)
    plain.press("Cancel")
    plain.begin_set_up(maria)
    assert database.user(maria).own_failures == 4
    plain.insist("Verify and Enable", Verification_Code=maria.code())
    assert database.user(maria).own_failures == 0, "what is over and done would count against her for ever"


def test_a_right_password_forgives_all_typing_errors_and_no_wrong_codes(plain, clock, database, sam):
    plain.enter(sam)
    clock.move(minutes=6)
    plain.open("/account/security/confirm")
    for _ in range(2):
        plain.insist("Continue", Current_password=sam.password, Verification_Code=sam.wrong_code())
    for _ in range(3):
        plain.insist("Continue", Current_password="a wrong password", Verification_Code="123456")
    assert (database.user(sam).own_failures, database.user(sam).password_failures) == (5, 3)
    plain.insist("Continue", Current_password=sam.password, Verification_Code="12345")
    plain.insist("Continue", Current_password=sam.password, Verification_Code=sam.wrong_code())
    assert (database.user(sam).own_failures, database.user(sam).password_failures) == (3, 0)


def test_guessing_the_password_of_an_open_session_is_paused_too(plain, clock, sam):
    plain.enter(sam)
    clock.move(minutes=6)
    plain.open("/account/security/confirm")
    for _ in range(10):
        plain.insist("Continue", Current_password="a wrong password", Verification_Code="123456")
    assert plain.problems == [PAUSE.format(10)]
    plain.insist("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert plain.problems == [PAUSE.format(10)]


def test_a_right_hundredth_answer_stops_neither_its_app_nor_another(plain, database, sam):
    user_id = database.user(sam).id
    sealed = database.keys.seal("A" * 32, secret_place(user_id, "other"))
    other = {"id": "other", "user_id": user_id, "method": "totp", "name": "Other", "secret_sealed": sealed}
    database.change(insert(Authenticator).values(**other, remembered=totp.INITIAL_STATE, created_at=sam.clock.now))
    of_sam = Authenticator.user_id == user_id
    database.change(update(Authenticator).where(of_sam).values(failures=config.FAILURES_TO_DISABLE - 1))
    plain.enter(sam)
    rows = {row.id == "other": (row.failures, row.disabled_at) for row in database.all(Authenticator, of_sam)}
    assert rows == {True: (config.FAILURES_TO_DISABLE - 1, None), False: (0, None)}
