"""Wrong passwords: limited by name and address, alike for unknown names, and never at the owner's cost (RL-6, RL-7, RL-9, EN-1)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal import passwords
from portal.crypto import token_hash
from portal.flows.sign_in import sign_in
from portal.models import Event, LimitCounter, Outbox
from portal.settings import config
from tests.support.limits import spend
from tests.support.mailbox import mails
from tests.support.moving import START
from tests.support.soak import length

BOX = "Don't ask for a code on this browser for 30 days"
SUBJECT = "Many wrong passwords were entered for your account"
WRONG = "Your username or password is incorrect. Check both and try again."
MINUTE = "Too many attempts. Try again in 1 minute."
HOURLY = (config.PASSWORD_TRIES_OF_NAME, config.PASSWORD_NAME_IN)
GUESSES = length(120, 1_000)  # any limit is reached by the hundredth
ADDRESSES = [f"127.0.{number // 250}.{1 + number % 250}" for number in range(length(30, 200))]


@pytest.fixture
def compared(monkeypatch):
    """The passwords that were compared."""
    seen, verify = [], passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda stored, password: seen.append(password) or verify(stored, password))
    return seen


def guess(browser, username, times=1, first=0):
    """Tries wrong passwords without following what the pages say; returns the answers."""
    fresh = browser.another()
    fresh.open("/sign-in")
    return [
        fresh.post("/sign-in", {"username": username, "password": f"harbor-lantern-{first + number}"}) for number in range(times)
    ]


def lock(plain, database, username):
    """Guesses from three addresses until the name is locked for strangers, at the hundredth; the others are written down."""
    assert guess(plain, username)[0].status_code == 422
    spend(database, config.PASSWORD_TRIES_OF_NAME - 9, *HOURLY, "name", username)
    strangers = [plain.another(ip=address) for address in ADDRESSES[1:4]]
    answers = [answer for stranger in strangers for answer in guess(stranger, username, 4)]
    assert [answer.status_code for answer in answers] == [422] * 9 + [429] * 3


def attack(plain, username, addresses, guesses):
    """Guesses from all the addresses in turn; returns how many were answered with the limit."""
    strangers = [plain.another(ip=address) for address in addresses]
    for each in strangers:
        each.open("/sign-in")
    form = {"username": username}
    answers = [
        strangers[number % len(strangers)].post("/sign-in", {**form, "password": f"guess-{number}"}) for number in range(guesses)
    ]
    return sum(answer.status_code == 429 for answer in answers)


# --- one address


def test_one_that_passed_the_first_look_beside_others_is_not_compared_either(plain, maria, compared, monkeypatch):
    guess(plain, "maria", times=5)
    monkeypatch.setattr(
        sign_in, "refuse_if_spent", lambda context, limits, counters: None
    )  # as if they had all looked at one moment
    [answer] = guess(plain, "maria")
    assert (answer.status_code, len(compared)) == (429, 5)


def test_five_of_one_name_in_a_minute_are_compared_and_the_sixth_is_told_how_long_to_wait(browser, maria, clock, compared):
    browser.open("/sign-in")
    for number in range(5):
        browser.fill("Sign in", Username="maria", Password=f"harbor-lantern-{number}")
        assert browser.problems == [WRONG]
        clock.move(seconds=4)
    browser.fill("Sign in", Username="maria", Password=maria.password)
    assert (browser.status, browser.problems) == (429, ["Too many attempts. Try again in 40 seconds."])
    assert browser.response.headers["Retry-After"] == "40"
    assert browser.field("Username")["value"] == "maria" and browser.field("Password")["value"] is None
    assert len(compared) == 5
    clock.move(seconds=39)
    browser.fill("Sign in", Username="maria", Password=maria.password)
    assert browser.problems == ["Too many attempts. Try again in 1 second."]
    clock.move(seconds=1)
    browser.fill("Sign in", Username="maria", Password=maria.password)
    assert browser.path == "/home"


def test_twenty_of_all_names_from_one_address_are_compared(plain, compared):
    answers = [answer for number in range(6) for answer in guess(plain, f"nobody.{number}", 4)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429] * 4
    assert len(compared) == 20
    assert guess(plain.another(ip="127.0.0.2"), "nobody.6")[0].status_code == 422


@pytest.mark.parametrize("same", ["MARIA", " maria ", "\uff4daria"])
def test_a_name_is_the_same_however_it_is_typed(plain, same):
    guess(plain, "maria", 5)
    assert guess(plain, same)[0].status_code == 429


def test_addresses_of_one_network_share_their_tries(plain, app, monkeypatch):
    monkeypatch.setattr("portal.web.headers.is_loopback_host", lambda host: True)
    guess(plain.another(ip="2001:db8:1:2::1"), "maria", 5)
    assert guess(plain.another(ip="2001:db8:1:2:ffff::9"), "maria")[0].status_code == 429
    assert guess(plain.another(ip="2001:db8:1:3::1"), "maria")[0].status_code == 422


def test_right_passwords_and_empty_fields_cost_nothing(plain, maria, database):
    for _ in range(config.PASSWORD_TRIES_OF_ADDRESS + 1):
        plain.another().enter(maria)
    fresh = plain.another()
    fresh.open("/sign-in")
    for _ in range(config.PASSWORD_TRIES_OF_ADDRESS // 2 + 1):
        fresh.post("/sign-in", {"username": "maria", "password": ""})
        fresh.post("/sign-in", {"username": " ", "password": "x"})
    spent = [row.spent for row in database.all(LimitCounter) if row.spent]
    assert spent == [config.NEW_BROWSER_EMAILS], "the emails about new browsers, and no try"


def test_a_right_password_gives_back_no_wrong_ones(plain, sam):
    """Somebody with an account of their own does not get more tries at other people's."""
    answers = []
    for number in range(8):
        answers += guess(plain, f"nobody.{number}", 3)
        plain.another().sign_in(sam)
    assert [answer.status_code for answer in answers].count(422) == 20


# --- unknown names


def seen_by_a_stranger(answer, username):
    """Returns status, headers, and body without what is random or was typed."""
    body = re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text).replace(f'value="{username}"', "")
    headers = {
        name: re.sub(r"=[^;]+;( Expires=[^;]+;)?", "=;", value, count=1)
        for name, value in answer.headers
        if name != "Content-Length"
    }
    return answer.status_code, headers, body


@pytest.mark.parametrize("username", ["nobody.knows", "sam", "jun", "harbor-lantern-2026", "x" * 5_000])
def test_unknown_and_known_names_wait_alike(plain, database, clock, username):
    known, other = plain.another(ip="127.0.0.2"), plain.another(ip="127.0.0.3")
    for expected in [422] * 5 + [429] * 2:
        answers = [seen_by_a_stranger(guess(browser, name)[0], name) for browser, name in ((known, "maria"), (other, username))]
        assert answers[0] == answers[1] and answers[0][0] == expected
        clock.move(seconds=1)


def test_no_typed_name_can_be_read_afterward(plain, database):
    for number in range(5):
        guess(plain.another(ip=ADDRESSES[number]), "a password typed as the name", 5)
    assert "typed as the name" not in str(database.everything())


def test_an_unknown_name_is_locked_for_strangers_as_a_known_one(plain, database, compared):
    for username in ("maria", "nobody.knows"):
        lock(plain, database, username)
    assert len(compared) == 2 * (1 + 9)


# --- many addresses: the owner goes on


@pytest.mark.long
@pytest.mark.parametrize("addresses", [ADDRESSES[:1], ADDRESSES], ids=["one address", "many addresses"])
def test_more_than_a_hundred_wrong_passwords_stop_no_owner(plain, sam, database, compared, addresses):
    known, trusted, session = plain.another(), plain.another(), plain.another()
    known.enter(sam).press("Sign out")
    sam.clock.next_code()
    session.enter(sam)
    sam.clock.next_code()
    trusted.sign_in(sam)
    trusted.tick(BOX)
    trusted.fill("Verify", Verification_Code=sam.code()).press("Sign out")
    del compared[:]
    refused = attack(plain, "sam", addresses, GUESSES)
    assert len(compared) == GUESSES - refused == (5 if len(addresses) == 1 else 100)
    session.open("/home")
    assert session.path == "/home"
    trusted.sign_in(sam)
    assert trusted.path == "/home"
    sam.clock.next_code()
    assert known.enter(sam).path == "/home"


def test_the_owner_of_a_known_browser_waits_for_own_mistakes_only(plain, maria, clock):
    known = plain.another().enter(maria)
    known.press("Sign out")
    guess(plain, "maria", 5)
    for number in range(5):
        known.fill("Sign in", Username="maria", Password=f"harbor-lantern-{number}")
        assert known.problems == [WRONG]
    known.fill("Sign in", Username="maria", Password=maria.password)
    assert known.problems == [MINUTE]
    clock.move(seconds=60)
    assert known.enter(maria).path == "/home"


def test_a_known_browser_gets_a_hundred_tries_an_hour(plain, maria, clock, database, compared):
    known = plain.another().enter(maria)
    known.press("Sign out")
    known.post("/sign-in", {"username": "maria", "password": "harbor-lantern"})
    spent = config.PASSWORD_TRIES_OF_NAME - 7  # no multiple of five, which a minute's limit would hide
    spend(database, spent, *HOURLY, "known browser, hourly", "maria", token_hash(known.cookie("browser")))
    del compared[:]
    for minute in range(3):
        clock.move(minutes=1)
        for number in range(5):
            known.post("/sign-in", {"username": "maria", "password": f"harbor-lantern-{minute}-{number}"})
    assert len(compared) == 7
    clock.move(minutes=22)
    known.open("/sign-in")
    known.fill("Sign in", Username="maria", Password=maria.password)
    assert known.problems == ["Too many attempts. Try again in 35 minutes."]


def test_a_browser_known_to_somebody_else_is_a_stranger(plain, maria, sam):
    others = plain.another().enter(maria)
    others.press("Sign out")
    assert [each.status_code for each in guess(plain, "sam", 5)] == [422] * 5
    others.fill("Sign in", Username="sam", Password=sam.password)
    assert others.status == 429


def test_a_claim_makes_no_browser_known(plain, sam):
    """The password alone is not a sign-in where a code is due."""
    thief = plain.another()
    thief.sign_in(sam)
    guess(plain, "sam", 5)
    thief.open("/sign-in")
    thief.fill("Sign in", Username="sam", Password=sam.password)
    assert thief.status == 429


def test_in_a_new_browser_a_link_for_a_new_password_is_the_way_in(plain, database, maria):
    lock(plain, database, "maria")
    new, other = plain.another(ip="127.1.1.1"), plain.another(ip="127.1.1.2")
    new.sign_in(maria)
    assert new.problems == ["Too many attempts. Try again in 1 hour."]
    new.press("Forgot password?")
    new.fill("Send link", Username_or_email_address="maria")
    new.open(mails(plain, subject="Choose a new password")[0].link)
    maria.password = "quiet meadow by the river"
    new.fill("Change password", New_password=maria.password)
    other.sign_in(maria)
    assert other.status == 429
    assert new.enter(maria).path == "/home"


# --- what is told and kept


def test_the_owner_hears_of_it_once_per_lock(plain, database, maria, clock):
    lock(plain, database, "maria")
    (mail,) = mails(plain, subject=SUBJECT)
    assert mail.to == "maria@example.test" and "Forgot password?" in mail.text
    events = database.all(Event, Event.event == "authn_login_lock")
    assert [(row.reason, row.subject_id) for row in events] == [("passwords", database.user(maria).id)]
    clock.move(minutes=61)
    lock(plain, database, "maria")
    assert len(mails(plain, subject=SUBJECT)) == 2


def test_a_locked_unknown_name_is_recorded_and_nobody_is_told(plain, database):
    lock(plain, database, "nobody.knows")
    assert [row.subject_id for row in database.all(Event, Event.event == "authn_login_lock")] == [None]
    assert database.all(Outbox) == []


def test_the_owner_reads_of_it_in_recent_activity(plain, database, maria):
    session = plain.another().enter(maria)
    lock(plain, database, "maria")
    session.open("/account/security")
    assert "Too many wrong passwords were entered" in session.text


# --- clocks


def test_after_a_clock_that_was_ahead_is_set_back_nobody_waits_for_the_future(plain, maria, clock, database):
    clock.move(days=365)
    guess(plain, "maria", 6)
    clock.now = START
    assert guess(plain, "maria")[0].status_code == 422
    assert plain.another().enter(maria).path == "/home"


def test_ended_counters_are_deleted_by_the_sweep(plain, app, clock, database):
    guess(plain, "maria")
    guess(plain, "nobody.knows")
    database.change(update(LimitCounter).where(LimitCounter.spent == 2).values(ends_at=START + timedelta(days=365)))
    assert len(database.all(LimitCounter)) == 5
    clock.move(minutes=30)
    app.extensions["queue"].order_due()
    assert len(database.all(LimitCounter)) == 2, "the two names of the hour are left"
    clock.move(minutes=31)
    app.extensions["queue"].order_due()
    assert database.all(LimitCounter) == []
