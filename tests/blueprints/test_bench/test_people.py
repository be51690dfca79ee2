"""People to pick on the test bench: put into their state by the portal's own flows, and signed in as far as the password."""

from dataclasses import replace

import pytest

from portal.flows.operator.bench.cast import BY_NAME
from portal.models import Authenticator, BackupCode, Letter, Practice, Session, User

HERE = "/test-bench/people"
# username -> where the press ends, and what is said there
STATES = {
    "maria": ("/home", "Your care at a glance"),
    "sam": ("/sign-in/code", "Open your authenticator"),
    "bench.texts": ("/sign-in/code", "A text with a 6-digit co"),
    "bench.locked": ("/sign-in/code", "Can't access your code?"),
    "bench.hold": ("/sign-in/code", "Your phone was reported as lost"),
    "bench.paused": ("/sign-in/code", "Too many attempts. Try again in 10 minutes"),
    "bench.near": ("/ehr/settings/security", "Later"),
    "bench.past": ("/ehr/settings/security", "2 sign-ins"),
    "bench.reset": (f"{HERE}/bench.reset/sign-in", "Two-factor authentication for this account was reset."),
    "bench.admin": ("/sign-in/code", "Open your authenticator"),
    "support": ("/sign-in/code", "Open your authenticator"),
}


def pick(browser, username):
    """Presses the button of a person's card."""
    browser.open(HERE).press(f"Sign in as {BY_NAME[username].person.full_name}")
    return browser


def as_json(browser, username):
    """Returns a person as a script sees them."""
    return next(each for each in browser.get(f"{HERE}.json").json if each["username"] == username)


@pytest.mark.parametrize("username", STATES)
def test_one_press_leads_as_far_as_the_password_and_no_further(plain, username):
    path, words = STATES[username]
    pick(plain, username)
    assert plain.path == path and words in plain.text
    if path == "/sign-in/code":
        assert plain.open("/account/security").path == "/sign-in/code"


def test_each_time_what_they_did_is_forgotten(plain, maria, database):
    pick(plain, "maria").set_up(maria)
    letters = len(database.all(Letter))
    plain.open(HERE)
    plain.press("Keep changes and sign in as Maria Reyes")
    assert plain.path == "/sign-in/code"
    assert as_json(plain, "maria")["two_factor"] == "on"
    assert pick(plain, "maria").path == "/home"
    assert as_json(plain, "maria")["two_factor"] == "off"
    assert not database.all(Authenticator, Authenticator.user_id == database.user(maria).id)
    assert len(database.all(Letter)) == letters  # others have written them


def test_a_person_comes_from_a_browser_that_nobody_knows_and_leaves_no_session(plain, database):
    pick(plain, "bench.seven")
    [session] = database.all(Session)
    assert (session.level, session.browser_known) == ("claimant", False)


def test_the_codes_on_paper_are_those_that_work(plain, database):
    used = len(database.all(BackupCode, BackupCode.used_at.is_not(None)))
    pick(plain, "bench.seven")
    paper = as_json(plain, "bench.seven")["backup_codes"]
    assert (len(paper), len(database.all(BackupCode, BackupCode.used_at.is_not(None))) - used) == (7, 3)
    plain.open(HERE).press("Keep changes and sign in as Dana Cole")
    plain.fill("Verify", Verification_Code=paper[0])
    assert plain.path == "/home"


def test_someone_with_texts_on_has_saved_codes_too(plain):
    pick(plain, "bench.texts")
    assert len(as_json(plain, "bench.texts")["backup_codes"]) == 10


def test_who_is_needed_first_is_put_there_once(plain, database):
    pick(plain, "bench.near")
    pick(plain, "bench.reset")
    assert {row.name for row in database.all(Practice)} >= {"Hillside Clinic"}
    assert len(database.all(User, User.username == "bench.admin")) == 1


def test_limits_begin_anew(plain, database):
    for _ in range(6):
        plain.open("/sign-in").fill("Sign in", Username="bench.admin", Password="wrong on purpose")
    assert plain.status == 429
    assert pick(plain, "bench.admin").path == "/sign-in/code"


def test_who_is_not_there_yet_is_put_in_place_even_if_asked_for_as_they_are(plain):
    plain.open(HERE)
    answer = plain.client.post(f"{HERE}/bench.hold/sign-in-now", data={"csrf_token": plain.token})
    assert answer.location == "/sign-in/code"


def test_texts_that_are_switched_off_are_told_by_the_portals_own_sentence(world, plain, monkeypatch):
    plain.open(HERE)
    monkeypatch.setitem(world.app.extensions, "settings", without_texts(world))
    plain.press("Sign in as Tess Grant")
    assert plain.problems == ["Text messages are turned off right now, so we didn't send one. Use another way."]


def without_texts(world):
    """Returns the settings of a portal that sends no texts."""
    return replace(world.app.extensions["settings"], texts=False)


def test_nobody_else_can_be_signed_in_as(plain):
    plain.open(HERE)
    assert plain.client.post(f"{HERE}/nobody/sign-in", data={"csrf_token": plain.token}).status_code == 404


def test_a_press_from_elsewhere_is_refused(plain):
    assert plain.client.post(f"{HERE}/maria/sign-in").status_code == 403


def test_whose_phone_is_dead_sees_no_code_on_it(plain):
    pick(plain, "bench.locked")
    first = plain.get("/test-bench/phones/bench.locked.json").json[0]
    assert first["power"] == "dead"
    pick(plain, "bench.seven")
    assert plain.get("/test-bench/phones/bench.seven.json").json[0]["power"] == "on"
