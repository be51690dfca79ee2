"""The password page: what it tells strangers (nothing), where it leads, what it keeps of what was typed."""

import re
from urllib.parse import quote

import pytest
from sqlalchemy import update

from portal import passwords
from portal.models import Event, Session, User
from portal.settings import config
from tests.support.hashing import CHEAP

WRONG = "Your username or password is incorrect. Check both and try again."
MISTAKES = {
    "unknown user": ("nobody.knows", "harbor-lantern-2026"),
    "wrong password": ("maria", "harbor-lantern-2025"),
    "wrong password, two factors": ("sam", "harbor-lantern-2025"),
    "wrong password, another side": ("dr.chen", "harbor-lantern-2025"),
    "disabled": ("jun", "harbor-lantern-2026"),
    "wrong password after a reset": ("dr.novak", "harbor-lantern-2025"),
    "too long": ("maria", "harbor-lantern-2026" * 20),
    "NUL in the name": ("maria\0", "harbor-lantern-2026"),
    "NUL in the password": ("maria", "harbor-lantern-2026\0"),
    "a name of 10,000": ("m" * 10_000, "harbor-lantern-2026"),
}


def attempt(browser, username, password):
    """Returns what a stranger can compare: status, headers, body, all without what is random or was typed."""
    fresh = browser.another()
    fresh.open("/sign-in")
    answer = fresh.post("/sign-in", {"username": username, "password": password})
    body = re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text).replace(f'value="{username}"', "")
    headers = {
        (name, re.sub(r"=[^;]+;( Expires=[^;]+;)?", "=;", value, count=1))
        for name, value in answer.headers
        if name != "Content-Length"
    }
    return answer.status_code, headers, body


@pytest.mark.parametrize("typed", MISTAKES.values(), ids=MISTAKES)
def test_every_mistake_gets_the_same_answer(plain, database, typed):
    database.change(update(User).where(User.username == "jun").values(disabled_at=plain_now(database)))
    database.change(update(User).where(User.username == "dr.novak").values(two_factor="reset"))
    status, headers, body = attempt(plain, *typed)
    assert status == 422 and WRONG in body
    assert (status, headers, body) == attempt(plain, "maria", "another-wrong-one")


def plain_now(database):
    """Returns a moment that the database takes."""
    return database.all(User)[0].created_at


def test_a_mistake_is_told_above_the_form_and_the_name_is_kept(browser, maria):
    browser.open("/sign-in")
    browser.fill("Sign in", Username="maria", Password="harbor-lantern-2025")
    assert browser.status == 422
    assert browser.problems == [WRONG]
    assert browser.field("Username")["value"] == "maria"
    assert browser.field("Password")["value"] is None


def test_empty_fields_are_named_one_by_one(browser):
    browser.open("/sign-in")
    browser.press("Sign in")
    assert browser.problems == ["Enter your username.", "Enter your password."]
    browser.fill("Sign in", Username="maria")
    assert browser.problems == ["Enter your password."]


def test_nothing_is_kept_of_a_refused_sign_in_but_its_event_and_its_charges(plain, database):
    before = database.everything("sessions.last_seen_at")
    plain.open("/sign-in")
    plain.fill("Sign in", Username="maria", Password="harbor-lantern-2025")
    after = database.everything("sessions.last_seen_at")
    assert len(after.pop("events")) == len(before.pop("events")) + 1
    assert len(after.pop("limit_counters")) == len(before.pop("limit_counters")) + 3
    assert after == before


@pytest.mark.parametrize("typed", ["maria", " Maria ", "MARIA", "ｍａｒｉａ"])
def test_a_username_ignores_case_and_spaces_around_it(plain, maria, typed):
    plain.open("/sign-in")
    plain.fill("Sign in", Username=typed, Password=maria.password)
    assert plain.path == "/home"


def test_a_patient_without_a_second_factor_comes_home_at_once(browser, maria):
    browser.sign_in(maria)
    assert browser.path == "/home"
    assert "Hello, Maria Reyes" in browser.text


def test_a_patient_with_a_second_factor_is_asked_for_a_code(browser, sam):
    browser.sign_in(sam)
    assert (browser.path, browser.heading) == ("/sign-in/code", "Enter your verification code")
    browser.fill("Verify", Verification_Code=sam.code())
    assert browser.path == "/home"


def test_the_page_of_a_signed_in_person_leads_home(plain, maria):
    plain.enter(maria)
    plain.open("/sign-in")
    assert plain.path == "/home"
    plain.open("/")
    assert plain.path == "/home"


def test_both_doors_lead_to_the_sign_in_page(plain):
    for side in ("/", "/ehr"):
        plain.open(side)
        assert plain.heading == "Sign in"


OWN = ["/account/security", "/account?tab=1", "/find-a-provider", "/home#letters", "/gr%C3%BC%C3%9Fe"]
FOREIGN = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/home\\..\\\\evil.example",
    "https://evil.example/home",
    "https:evil.example",
    "javascript:alert(1)",
    "home",
    "/home\r\nX-Evil: 1",
    "/\t/evil.example",
    "/home\0",
    "/home with a space",
    "/" + "a" * 512,
    " /home",
]


@pytest.mark.parametrize("path", OWN)
def test_after_signing_in_a_person_goes_on_to_their_page(plain, maria, path):
    plain.open(f"/sign-in?next={quote(path)}")
    answer = plain.post("/sign-in?next=" + quote(path), {"username": "maria", "password": maria.password})
    assert answer.headers["Location"] == quote(path, safe="/?=#%")


@pytest.mark.parametrize("path", FOREIGN)
@pytest.mark.parametrize("person", ["maria", "sam"])
def test_another_place_than_ours_is_never_gone_to(request, plain, path, person):
    person = request.getfixturevalue(person)
    plain.enter(person, quote(path))
    assert plain.path == "/home"
    plain.open("/sign-in?next=" + quote(path))
    assert plain.path == "/home"


def test_the_page_asked_for_is_remembered_through_the_code(plain, sam):
    plain.open("/account/security")
    assert plain.path == "/sign-in"
    assert "Sign in to continue." in plain.notices
    plain.fill("Sign in", Username="sam", Password="a wrong one first")
    plain.fill("Sign in", Username="sam", Password=sam.password)
    plain.fill("Verify", Verification_Code=sam.wrong_code())
    plain.fill("Verify", Verification_Code=sam.code())
    assert plain.path == "/account/security"


def test_a_cheaper_hash_is_replaced_at_the_next_sign_in(plain, database, maria, monkeypatch):
    monkeypatch.setattr(passwords, "HASHER", passwords.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    before = database.user(maria).unseal(database.keys, "password")
    assert "m=8,t=1" in before
    plain.enter(maria)
    after = database.user(maria).unseal(database.keys, "password")
    assert "m=16,t=2" in after
    plain.another().enter(maria)
    assert database.user(maria).unseal(database.keys, "password") == after


def test_a_password_with_an_accent_is_one_password_on_two_keyboards(plain, database, maria):
    user = database.user(maria)
    user.seal(database.keys, "password", passwords.hash_password("caf\u00e9 am alten hafen"))
    database.change(update(User).where(User.id == user.id).values(password_sealed=user.password_sealed))
    maria.password = "cafe\u0301 am alten hafen"
    plain.sign_in(maria)
    assert plain.path == "/home"


@pytest.mark.parametrize("last", ["y", "x"])
def test_a_password_of_256_characters_counts_to_its_last(plain, database, maria, last):
    user = database.user(maria)
    user.seal(database.keys, "password", passwords.hash_password("x" * 255 + "y"))
    database.change(update(User).where(User.id == user.id).values(password_sealed=user.password_sealed))
    maria.password = "x" * 255 + last
    plain.sign_in(maria)
    assert (plain.path == "/home") == (last == "y")


def test_a_sealed_password_moved_to_another_account_opens_neither(plain, database, maria, jun):
    mine = CHEAP.hash("a password that i know")
    user = database.user(maria)
    user.seal(database.keys, "password", mine)
    database.change(update(User).where(User.username == "jun").values(password_sealed=user.password_sealed))
    jun.password = "a password that i know"
    plain.sign_in(jun)
    assert plain.problems == [WRONG]


def test_no_password_stands_readable_in_the_database(database, maria):
    kept = database.user(maria).password_sealed
    assert b"argon2" not in kept and maria.password.encode() not in kept


def test_the_fields_are_ready_for_a_password_manager(plain):
    plain.open("/sign-in")
    username, password = plain.field("Username"), plain.field("Password")
    assert (username["autocomplete"], password["autocomplete"]) == ("username", "current-password")
    assert (username["type"], password["type"]) == ("text", "password")
    show = plain.page.one("button", type="button")
    assert (show["data-shows"], show.name) == (password["id"], "Show password")


def test_two_years_later_the_same_password_still_opens(plain, clock, maria):
    clock.move(days=730)
    plain.enter(maria)
    assert plain.path == "/home"


def test_a_refused_sign_in_begins_no_session(plain, database):
    plain.open("/sign-in")
    plain.fill("Sign in", Username="maria", Password="harbor-lantern-2025")
    assert database.all(Session) == []
    assert [(event.event, event.reason) for event in database.all(Event, Event.event == "authn_login_fail")] == [
        ("authn_login_fail", "sign_in_wrong")
    ]


def test_a_sessions_token_says_that_a_code_is_due_in_a_new_browser_and_only_there(browser, sam, maria):
    """So what is posted there waits in a line before it is read (portal/server/told_to_wait.py)."""

    def is_marked():
        return browser.client.get_cookie("session").value.startswith(config.NEW_BROWSER)

    browser.sign_in(sam)
    assert is_marked()
    browser.fill("Verify", Verification_Code=sam.code())
    assert browser.path == "/home" and not is_marked()
    browser.press("Sign out")
    browser.sign_in(sam)
    assert browser.path == "/sign-in/code" and not is_marked(), "the browser is known now"
    browser.sign_in(maria)
    assert browser.path == "/home" and not is_marked(), "no code is due"
