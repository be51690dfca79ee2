"""Sessions: how long they live, what their token is, what ends them (SE-1 to SE-12)."""

import base64
from hashlib import sha256

import pytest
from sqlalchemy import update

from portal.models import Event, Session, User

IDLE = "You were signed out because you weren't active for a while. Sign in to continue."
OVERALL = "You were signed out because you had been signed in for 12 hours. Sign in to continue."
NEWER = "You were signed out here because you signed in on several other browsers."


def is_in(browser):
    """Returns whether the browser's next page is its own."""
    browser.open("/home")
    return browser.path == "/home"


def replay(browser, token):
    """Returns a browser that holds another one's session cookie, as a thief's would."""
    thief = browser.another()
    thief.client.set_cookie("session", token)
    return thief


# --- how long


def test_a_quiet_session_lives_for_15_minutes(plain, clock, maria):
    plain.enter(maria)
    clock.move(minutes=14, seconds=59)
    assert is_in(plain)
    clock.move(minutes=15, seconds=1)
    assert not is_in(plain)
    assert plain.notices == [IDLE]


def test_each_page_gives_another_15_minutes(plain, clock, maria):
    plain.enter(maria)
    for _ in range(4):
        clock.move(minutes=14)
        assert is_in(plain)


def test_a_busy_session_ends_after_12_hours(plain, clock, maria):
    plain.enter(maria)
    for _ in range(12 * 6 - 1):
        clock.move(minutes=10)
        plain.get("/account")
    clock.move(minutes=9, seconds=59)
    assert is_in(plain)
    clock.move(seconds=2)
    assert not is_in(plain)
    assert plain.notices == [OVERALL]


def test_asking_how_long_is_left_is_no_activity(plain, clock, maria):
    plain.enter(maria)
    for minutes in range(14, 0, -1):
        clock.move(minutes=1)
        assert plain.get("/session").json == {"seconds": minutes * 60}
    clock.move(minutes=1)
    assert plain.get("/session").json == {"seconds": 0}
    assert not is_in(plain)


def test_one_press_gives_15_more_minutes(plain, clock, maria):
    plain.enter(maria)
    for _ in range(12):
        clock.move(minutes=13)
        assert plain.post("/session/extend").json == {"seconds": 15 * 60}
    assert is_in(plain)


def test_extending_does_not_reach_beyond_12_hours(plain, clock, maria):
    plain.enter(maria)
    for _ in range(71):
        clock.move(minutes=10)
        plain.post("/session/extend")
    assert plain.post("/session/extend").json == {"seconds": 10 * 60}
    assert plain.get("/session").json == {"seconds": 10 * 60}


def test_strangers_and_claimants_have_nothing_to_extend(plain, clock, sam):
    plain.open("/sign-in")
    assert plain.get("/session").json == plain.post("/session/extend").json == {"seconds": 0}
    plain.sign_in(sam)
    assert plain.post("/session/extend").json == {"seconds": 0}


def test_the_page_tells_the_script_when_the_session_ends(plain, clock, maria):
    plain.enter(maria)
    assert plain.page.one("body")["data-seconds"] == "900"
    clock.move(seconds=40)
    plain.open("/home")
    assert plain.page.one("body")["data-seconds"] == "860", "within a minute nothing is written, and the page says what is true"
    clock.move(seconds=40)
    plain.open("/home")
    assert plain.page.one("body")["data-seconds"] == "900"
    dialog = plain.page.one("dialog")
    assert (dialog["data-ask"], dialog["data-extend"]) == ("/session", "/session/extend")
    assert dialog.one("button").text == "Stay signed in"


def test_last_seen_is_written_at_most_once_a_minute(plain, clock, database, maria):
    plain.enter(maria)
    written = set()
    for _ in range(20):
        clock.move(seconds=12)
        plain.open("/home")
        written.add(database.all(Session)[0].last_seen_at)
    assert len(written) == 20 * 12 // 60 + 1


def test_a_claim_lives_for_10_minutes(plain, clock, sam):
    plain.sign_in(sam)
    clock.move(minutes=9, seconds=59)
    plain.open("/sign-in/code")
    assert plain.path == "/sign-in/code"
    clock.move(seconds=2)
    plain.open("/sign-in/code")
    assert plain.path == "/sign-in"
    assert plain.notices == ["That took longer than 10 minutes. Enter your password again."]


def test_a_right_code_after_10_minutes_opens_nothing(plain, clock, sam):
    plain.sign_in(sam)
    clock.move(minutes=10, seconds=1)
    plain.fill("Verify", Verification_Code=sam.code())
    assert plain.path == "/sign-in"
    assert not is_in(plain)


def test_wrong_codes_do_not_lengthen_a_claim(plain, clock, sam):
    plain.sign_in(sam)
    for _ in range(9):
        clock.move(minutes=1)
        plain.fill("Verify", Verification_Code=sam.wrong_code())
    clock.move(minutes=1)
    plain.open("/sign-in/code")
    assert plain.path == "/sign-in"


# --- the token


def test_the_token_is_256_random_bits_and_only_its_hash_is_kept(plain, database, maria):
    plain.enter(maria)
    token = plain.cookie()
    assert len(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))) == 32
    kept = str(database.everything())
    assert token not in kept
    assert sha256(token.encode()).hexdigest() in kept


def test_the_cookie_is_for_this_site_alone_and_ends_with_the_browser(plain, maria):
    plain.open("/sign-in")
    plain.post("/sign-in", {"username": "maria", "password": maria.password})
    session, browser = sorted(plain.response.headers.getlist("Set-Cookie"), reverse=True)
    assert session.startswith("session=") and browser.startswith("browser=")
    flags = {flag.strip() for flag in session.split(";")[1:]}
    assert flags == {"HttpOnly", "Path=/", "SameSite=Lax"}


def test_the_token_changes_with_password_code_and_proof_and_the_old_ones_are_dead(plain, clock, sam):
    plain.open("/sign-in")
    tokens = [plain.cookie()]
    plain.sign_in(sam)
    tokens.append(plain.cookie())
    plain.fill("Verify", Verification_Code=sam.code())
    tokens.append(plain.cookie())
    clock.move(minutes=6)
    plain.open("/account/security/confirm")
    plain.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    tokens.append(plain.cookie())
    assert len(set(tokens)) == 4
    for old in tokens[:3]:
        thief = replay(plain, old)
        assert not is_in(thief)
        thief.open("/sign-in/code")
        assert thief.path == "/sign-in"
    assert is_in(plain)


def test_a_token_that_somebody_else_chose_is_not_taken_over(plain, maria):
    plain.client.set_cookie("session", "chosen-by-a-thief")
    plain.enter(maria)
    assert plain.cookie() != "chosen-by-a-thief"
    assert not is_in(replay(plain, "chosen-by-a-thief"))


def test_signing_in_again_in_the_same_browser_ends_the_claim_before(plain, sam):
    plain.sign_in(sam)
    first = plain.cookie()
    plain.sign_in(sam)
    thief = replay(plain, first)
    thief.open("/sign-in/code")
    assert thief.path == "/sign-in"


@pytest.mark.parametrize("token", ["", "x", "x" * 128, "x" * 129, "x" * 4000, "\u00e4"])
def test_a_cookie_that_means_nothing_is_nobody(plain, token):
    assert not is_in(replay(plain, token))


def test_a_session_of_before_the_proof_asks_both_clocks_anew(plain, clock, sam):
    plain.enter(sam)
    for _ in range(71):
        clock.move(minutes=10)
        plain.get("/account")
    plain.open("/account/security/confirm")
    plain.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    clock.move(minutes=11)
    assert is_in(plain)


# --- claimants


@pytest.mark.parametrize("path", ["/home", "/account", "/account/security", "/account/security/two-factor/backup-codes/download"])
def test_a_claimant_is_led_to_the_code_from_everywhere(browser, sam, path):
    browser.sign_in(sam)
    browser.open(path)
    assert browser.path == "/sign-in/code"


def test_a_claimant_reaches_help_and_the_way_out(browser, sam):
    browser.sign_in(sam)
    browser.press("Can't access your code?")
    browser.press("Contact Support")
    assert browser.heading == "Contact Support"
    browser.open("/sign-in/code")
    browser.press("Cancel")
    assert browser.path == "/sign-in"
    browser.open("/sign-in/code")
    assert browser.path == "/sign-in"


def test_a_person_who_is_in_has_no_business_on_the_code_page(plain, sam):
    plain.enter(sam)
    for path in ("/sign-in/code", "/sign-in/backup-code", "/sign-in/no-code"):
        plain.open(path)
        assert plain.path == "/home"


# --- ends


def test_signing_out_ends_it_on_the_server_and_clears_the_browser(browser, maria):
    browser.enter(maria)
    token = browser.cookie()
    browser.press("Sign out")
    assert browser.heading == "Sign in"
    assert browser.notices == ["You're signed out."]
    assert browser.cookie() != token
    assert not is_in(replay(browser, token))


def test_the_answer_to_signing_out_clears_cache_and_storage_but_not_cookies(plain, maria):
    plain.enter(maria)
    known = plain.cookie("browser")
    answer = plain.post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert plain.cookie() is None
    assert plain.cookie("browser") == known


def test_signing_out_twice_or_too_late_is_no_mistake(plain, clock, maria):
    plain.enter(maria)
    clock.move(minutes=20)
    plain.press("Sign out")
    assert plain.heading == "Sign in"
    assert plain.post("/sign-out").status_code == 303


def test_every_page_of_a_signed_in_person_has_the_way_out(plain, maria):
    plain.enter(maria)
    for path in ("/home", "/account", "/account/security", "/help", "/privacy", "/no-such-page"):
        plain.open(path)
        assert plain.offers("Sign out"), path


def test_a_sixth_sign_in_ends_the_oldest_and_tells_it(plain, clock, database, maria):
    browsers = [plain.another() for _ in range(6)]
    for browser in browsers:
        clock.move(seconds=70)
        browser.enter(maria)
    oldest, *others = browsers
    assert not is_in(oldest)
    assert oldest.notices == [NEWER]
    assert all(is_in(browser) for browser in others)
    ends = [event for event in database.all(Event, Event.event == "session_end") if event.reason == "newer_sign_ins"]
    assert len(ends) == 1


def test_the_oldest_is_the_one_that_was_quiet_longest(plain, clock, maria):
    first, second, *rest = [plain.another() for _ in range(6)]
    for browser in (first, second, *rest[:-1]):
        clock.move(seconds=70)
        browser.enter(maria)
    clock.move(seconds=70)
    assert is_in(first)
    rest[-1].enter(maria)
    assert is_in(first) and not is_in(second)


def test_a_disabled_account_is_out_at_its_next_click(plain, clock, database, maria):
    plain.enter(maria)
    database.change(update(User).where(User.username == "maria").values(disabled_at=clock.now))
    assert not is_in(plain)


def test_turning_it_on_ends_every_other_session_and_says_why(browser, maria):
    other = browser.another().enter(maria)
    browser.enter(maria).set_up(maria)
    assert not is_in(other)
    assert other.notices == ["You were signed out here because your two-factor authentication changed. Sign in to continue."]
    assert is_in(browser)


def test_the_use_of_an_ended_session_is_recorded(plain, clock, database, maria):
    plain.enter(maria)
    clock.move(minutes=16)
    plain.open("/home")
    used = database.all(Event, Event.event == "session_use_after_expire")
    assert [(event.reason, event.result, event.subject_id) for event in used] == [("idle", "refused", database.user(maria).id)]


def test_no_cookie_is_set_where_nobody_signs_in_and_no_form_is_shown(plain):
    assert "Set-Cookie" not in plain.get("/session").headers


def test_cookies_hold_nothing_but_random_tokens(browser, maria):
    browser.enter(maria).set_up(maria)
    held = {cookie.key for cookie in browser.client._cookies.values()}
    assert held == {"session", "browser"}
    for name in held:
        assert len(browser.cookie(name)) == 43
