"""Security lists sessions and trusted browsers, each with a way to end it, and what happened lately (SE-10, TB-6, RA-2, AU-8)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event as listening
from sqlalchemy import insert, update

from portal.models import Binding, Event, Session, TrustedBrowser, User
from tests.support.client import AGENT, WIZARD

SECURITY = "/account/security"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
BOX = "Don't ask for a code on this browser for 30 days"
ENDED = "You were signed out here because you ended this session from another browser. Sign in to continue."


def section(browser, heading):
    """Returns the part of the page below a heading."""
    return browser.page.one("h2", id=heading).up("section")


def rows(browser, heading):
    """Returns the rows of a section, its heading's row left out."""
    return [row for row in section(browser, heading).walk() if "row" in row.classes and not row.all("h2")]


def press_end(browser, heading, number):
    """Presses End in a row of a section."""
    form = rows(browser, heading)[number].one("form")
    return browser._go("POST", form["action"], {"csrf_token": form.one("input")["value"]})


def is_in(browser):
    """Returns whether the browser's next page is its own."""
    browser.open("/home")
    return browser.path == "/home"


def is_asked(browser, person):
    """Returns whether the next sign-in in this browser asks for a code."""
    browser.open("/home")
    browser.press("Sign out")
    return browser.sign_in(person).path == "/sign-in/code"


def trust(browser, person):
    """Signs in with a code and the box ticked."""
    person.clock.next_code()
    browser.sign_in(person)
    browser.tick(BOX)
    return browser.fill("Verify", Verification_Code=person.code())


# --- sessions


def test_sessions_say_browser_place_dates_and_which_one_this_is(browser, clock, maria):
    browser.another(agent=FIREFOX, ip="127.0.0.7").enter(maria)
    clock.move(minutes=2)
    browser.enter(maria).open(SECURITY)
    here, other = (row.text for row in rows(browser, "sessions"))
    assert here.startswith("Chrome on Linux This browser IP address 127.0.0.1 Signed in today, 4:02 AM Pacific Time")
    assert other.startswith("Firefox on Windows IP address 127.0.0.7 Signed in today, 4:00 AM Pacific Time")
    assert "This browser" not in other


def test_a_session_is_ended_and_its_next_click_says_why(browser, maria):
    other = browser.another().enter(maria)
    browser.enter(maria).open(SECURITY)
    press_end(browser, "sessions", 1)
    assert browser.path == SECURITY and browser.notices == ["Ended. You're no longer signed in there."]
    assert len(rows(browser, "sessions")) == 1
    assert not is_in(other)
    assert other.path == "/sign-in" and other.notices == [ENDED]
    assert is_in(browser)


def test_this_browsers_own_session_ends_by_signing_out(browser, maria):
    browser.enter(maria).open(SECURITY)
    assert rows(browser, "sessions")[0].one("form")["action"] == "/sign-out"


@pytest.mark.parametrize("how", ["one", "all"])
def test_a_key_that_the_ended_session_saw_is_forgotten(plain, database, maria, how):
    other = plain.another().enter(maria)
    other.open(WIZARD).press("Continue")
    (seen,) = database.all(Binding)
    plain.enter(maria).open(SECURITY)
    if how == "one":
        press_end(plain, "sessions", 1)
    else:
        plain.post(f"{SECURITY}/sessions")
    plain.open(WIZARD).press("Continue")
    (fresh,) = database.all(Binding)
    assert fresh.id != seen.id


def test_all_but_this_one_are_ended_at_once_claims_too(browser, sam):
    others = [browser.another().enter(sam), browser.another().sign_in(sam)]
    sam.clock.next_code()
    browser.enter(sam).open(SECURITY)
    section(browser, "sessions")
    browser._go("POST", f"{SECURITY}/sessions", {"csrf_token": browser.token}, browser.guise == "htmx")
    assert [is_in(other) for other in others] == [False, False]
    others[1].open("/sign-in/code")
    assert others[1].path == "/sign-in"
    assert is_in(browser)


def test_what_a_limit_has_ended_is_not_listed(plain, clock, maria):
    plain.another().enter(maria)
    clock.move(minutes=15)
    plain.enter(maria).open(SECURITY)
    assert len(rows(plain, "sessions")) == 1


def test_an_end_is_pressed_twice_without_harm(plain, database, maria):
    plain.another().enter(maria)
    plain.enter(maria).open(SECURITY)
    for _ in range(2):
        assert plain.post(f"{SECURITY}/sessions/1").headers["Location"].startswith(f"{SECURITY}?done=sessions.")
    assert len(database.all(Event, Event.reason == "ended_by_owner")) == 1


# --- one factor again (RA-2, RA-3)


@pytest.mark.parametrize("path", ["sessions/1", "sessions", "trusted-browsers/1", "trusted-browsers"])
def test_an_older_proof_is_asked_again_before_anything_ends(plain, clock, database, sam, path):
    trust(plain.another(), sam)
    clock.next_code()
    plain.enter(sam)
    clock.move(minutes=5, seconds=1)
    before = database.everything("sessions.last_seen_at")
    assert plain.post(f"{SECURITY}/{path}").headers["Location"] == f"{SECURITY}/confirm?next={SECURITY}/{path}"
    assert database.everything("sessions.last_seen_at") == before


def test_this_browser_is_signed_out_of_and_others_are_ended(browser, maria):
    browser.another().enter(maria)
    browser.enter(maria).open(SECURITY)
    here, other = rows(browser, "sessions")
    assert "This browser" in here.text and [button.text for button in here.all("button")] == ["Sign out"]
    assert "This browser" not in other.text and [button.text for button in other.all("button")] == ["End"]
    press_end(browser, "sessions", 0)
    assert browser.path == "/sign-in" and browser.notices == ["You're signed out."]


def test_the_task_goes_on_after_the_proof(browser, clock, sam):
    other = browser.another().enter(sam)
    clock.move(minutes=6)
    browser.enter(sam)
    clock.move(minutes=6)
    browser.open(SECURITY)
    press_end(browser, "sessions", 1)
    browser.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert browser.heading == "End this session"
    assert "Chrome on Linux" in browser.text
    browser.press("End")
    assert browser.path == SECURITY
    assert not is_in(other)


# --- only one's own


@pytest.mark.parametrize("kind", ["sessions", "trusted-browsers"])
def test_another_persons_is_not_found_and_the_try_is_recorded(plain, database, maria, sam, kind):
    other = trust(plain.another(), sam)
    theirs = database.all(Session if kind == "sessions" else TrustedBrowser)[-1].id
    plain.enter(maria).open("/account")
    assert plain.get(f"{SECURITY}/{kind}/{theirs}").status_code == 404
    assert plain.post(f"{SECURITY}/{kind}/{theirs}").status_code == 404
    tried = database.all(Event, Event.event == "authz_fail")
    assert [(event.reason, event.result, event.actor_id) for event in tried] == [("not_own", "refused", database.user(maria).id)]
    assert is_in(other)
    assert database.all(TrustedBrowser)[0].ended_at is None


@pytest.mark.parametrize("row_id", ["0", "999", "2147483648", "99999999999999999999999", "-1", "x", "1%00"])
@pytest.mark.parametrize("kind", ["sessions", "trusted-browsers"])
def test_an_address_that_names_nothing_is_not_found(plain, maria, kind, row_id):
    plain.enter(maria)
    assert plain.get(f"{SECURITY}/{kind}/{row_id}").status_code == 404
    assert plain.post(f"{SECURITY}/{kind}/{row_id}").status_code in (404, 405)


def test_a_page_that_asks_ends_nothing(plain, maria):
    other = plain.another().enter(maria)
    plain.enter(maria)
    for path in ("sessions", "sessions/1", "trusted-browsers"):
        plain.open(f"{SECURITY}/{path}")
        assert plain.status == 200
    assert is_in(other)


# --- trusted browsers


def test_trusted_browsers_say_browser_place_dates_and_which_one_this_is(browser, clock, sam):
    trust(browser.another(agent=FIREFOX, ip="127.0.0.7"), sam)
    clock.move(days=1)
    trust(browser, sam).open(SECURITY)
    here, other = (row.text for row in rows(browser, "trusted-browsers"))
    assert here.startswith("Chrome on Linux This browser IP address 127.0.0.1 Trusted since Mar 2, 2027 until Apr 1, 2027")
    assert other.startswith("Firefox on Windows IP address 127.0.0.7 Trusted since Mar 1, 2027 until Mar 31, 2027")


def test_a_trust_is_ended_and_its_browser_is_asked_again(browser, sam):
    other = trust(browser.another(), sam)
    trust(browser, sam).open(SECURITY)
    press_end(browser, "trusted-browsers", 1)
    assert len(rows(browser, "trusted-browsers")) == 1
    assert is_asked(other, sam)
    assert not is_asked(browser, sam)


def test_all_trust_is_ended_at_once_this_browsers_too(browser, sam):
    other = trust(browser.another(), sam)
    trust(browser, sam)
    browser.open(f"{SECURITY}/trusted-browsers")
    browser.press("End all")
    assert browser.path == SECURITY
    assert rows(browser, "trusted-browsers") == []
    assert browser.post(f"{SECURITY}/trusted-browsers").status_code == 303, "a second press finds none"
    assert is_asked(other, sam)
    assert is_asked(browser, sam)


def test_who_has_it_off_sees_no_trusted_browsers(plain, maria):
    plain.enter(maria).open(SECURITY)
    assert not plain.page.all("h2", id="trusted-browsers")


def test_more_than_three_fold_away(plain, clock, sam):
    for number in range(5):
        trust(plain.another(ip=f"127.0.0.{number + 2}"), sam)
    trust(plain, sam).open(SECURITY)
    folded = section(plain, "trusted-browsers").one("details")
    assert folded.one("summary").text == "and 3 more"
    assert len([row for row in folded.walk() if "row" in row.classes]) == 3
    assert len(rows(plain, "trusted-browsers")) == 6


# --- recent activity


def sentences(browser):
    """Returns what the list of events says, newest first."""
    return [item.one("b").text for item in browser.page.one("ol", **{"class": "happened"}).all("li")]


def test_recent_activity_tells_in_words_newest_first(browser, maria):
    browser.open("/sign-in")
    browser.fill("Sign in", Username="maria", Password="wrong on purpose")
    browser.enter(maria).open(SECURITY)
    browser.press("See all activity")
    assert browser.heading == "Recent activity"
    assert sentences(browser) == ["You signed in with your password.", "A wrong password was entered at sign-in."]
    assert "Today, 4:00 AM Pacific Time, Chrome on Linux, IP address 127.0.0.1" in browser.text


def test_security_shows_the_newest_three(plain, sam):
    plain.enter(sam)
    plain.open("/account/security/backup-codes")
    plain.press("Regenerate Backup Codes")
    plain.open(SECURITY)
    assert sentences(plain) == [
        "You generated a set of backup codes.",
        "You signed in with a verification code.",
        "You generated a set of backup codes.",
    ]


def lines(browser):
    """Returns each entry of the list of events as one line, newest first, without its time."""
    return [
        " ".join(part.text for part in item.all("b", "p")[:-1])
        for item in browser.page.one("ol", **{"class": "happened"}).all("li")
    ]


def test_turning_it_on_is_one_line_that_names_the_method(browser, maria):
    browser.another().enter(maria)
    browser.enter(maria).set_up(maria)
    browser.open(f"{SECURITY}/activity")
    assert lines(browser)[0].startswith("You added Authenticator App. You generated a set of backup codes.")
    assert "Your security settings changed, so your other sessions were ended." in lines(browser)[0]
    assert lines(browser)[1:3] == ["You started setting up two-factor authentication.", "You signed in with your password."]


def test_a_sign_in_with_a_code_is_one_line_and_a_password_without_one_stays(browser, sam, clock):
    browser.another().sign_in(sam)
    clock.next_code()
    browser.enter(sam).open(f"{SECURITY}/activity")
    assert sentences(browser)[:2] == [
        "You signed in with a verification code.",
        "Your password was entered, and we asked you to confirm it's you.",
    ]
    assert sentences(browser).count("Your password was entered, and we asked you to confirm it's you.") == 1


def test_a_sign_in_with_a_backup_code_is_one_line(plain, sam):
    plain.sign_in(sam)
    plain.fill("Verify", Verification_Code=sam.codes[0])
    plain.open(f"{SECURITY}/activity")
    assert lines(plain)[0] == "You signed in with a backup code. You used a backup code."


def test_what_follows_stands_alone_without_what_led_to_it(plain, maria):
    plain.another().enter(maria)
    plain.enter(maria).open(f"{SECURITY}/sessions").press("End all")
    plain.open(f"{SECURITY}/activity")
    assert lines(plain)[0] == "You ended a session on another browser."


def test_the_name_of_a_method_that_is_gone_is_left_open(plain, maria, database):
    told(database, maria, 1, event="authenticator_added", result="ok", reason=None, factor="carrier_pigeon")
    plain.enter(maria).open(f"{SECURITY}/activity")
    assert "You added a way to get verification codes." in sentences(plain)


def told(database, person, count, **columns):
    """Adds events of a person, each a minute older than the one before; the newest is an hour old."""
    user = database.user(person)
    values = {"event": "authn_login_fail", "result": "refused", "reason": "sign_in_wrong", "factor": "password", **columns}
    for number in range(count):
        at = person.clock.now - timedelta(hours=1, minutes=number)
        fixed = {"subject_id": user.id, "request_id": "-", "ip": "127.0.0.1", "user_agent": AGENT, "app_version": "-"}
        database.change(insert(Event).values(**{"at": at, **fixed, **values}))


def test_it_has_twenty_a_page(browser, database, maria):
    told(database, maria, 40)
    browser.enter(maria).open(f"{SECURITY}/activity")
    assert len(sentences(browser)) == 20 and not browser.offers("Newer")
    browser.press("Older")
    assert len(sentences(browser)) == 20 and browser.offers("Newer")
    browser.press("Older")
    assert len(sentences(browser)) == 1 and not browser.offers("Older")
    browser.press("Newer")
    assert browser.arguments == {"page": "2"}


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "99999999999999999999", "2.5"])
def test_a_page_that_is_none_is_the_first(plain, maria, number):
    plain.enter(maria).open(f"{SECURITY}/activity?page={number}")
    assert sentences(plain) == ["You signed in with your password."]


def test_a_page_past_the_end_leads_back(plain, maria):
    plain.enter(maria).open(f"{SECURITY}/activity?page=7")
    plain.press("See the latest")
    assert sentences(plain) == ["You signed in with your password."]


def test_it_reaches_back_90_days(plain, clock, maria):
    plain.enter(maria)
    clock.move(days=89, hours=23)
    plain.enter(maria).open(f"{SECURITY}/activity")
    assert len(sentences(plain)) == 2
    clock.move(hours=2)
    plain.enter(maria).open(f"{SECURITY}/activity")
    assert len(sentences(plain)) == 2


def test_nobody_sees_what_happened_to_somebody_else(plain, database, maria, sam):
    told(database, sam, 30)
    plain.enter(maria).open(f"{SECURITY}/activity")
    assert sentences(plain) == ["You signed in with your password."]


def test_a_trusted_session_shows_a_code_before_it_reads(plain, sam):
    trust(plain, sam).press("Sign out")
    plain.sign_in(sam)
    for path in ("", "/activity", "/sessions", "/trusted-browsers", "/sessions/1"):
        plain.open(SECURITY + path)
        assert plain.heading == "Confirm it's you"


# --- speed


def test_security_asks_the_database_twice_for_all_it_shows(plain, app, database, sam):
    trust(plain, sam)
    for _ in range(4):
        trust(plain.another(), sam)
    asked = []
    listener = (app.extensions["engine"], "before_cursor_execute", lambda *args: asked.append(args[2]))
    listening.listen(*listener)
    plain.open(SECURITY)
    listening.remove(*listener)
    assert plain.heading == "Security"
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 2, asked


def test_an_address_in_the_middle_of_a_line_has_no_capital_in_spanish(browser, maria, database, monkeypatch):
    monkeypatch.setitem(browser.app.extensions, "settings", replace(browser.app.extensions["settings"], languages=("en", "es")))
    database.change(update(User).values(language="es"))
    text = browser.enter(maria).open(f"{SECURITY}/activity").page.one("main").text
    assert ", dirección IP 127.0.0.1" in text and "Dirección" not in text
