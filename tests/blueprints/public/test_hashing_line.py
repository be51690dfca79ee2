"""Few passwords are hashed at once, few requests wait for it, and every other page is answered meanwhile."""

from contextlib import ExitStack, contextmanager

from portal import passwords
from portal.crypto import token_hash
from portal.models import LimitCounter
from portal.settings import config, lines
from tests.support.mailbox import mails

BUSY = "We're very busy right now"
TWICE = "We're still working on it"
NEW = "quiet meadow by the river"


@contextmanager
def full_line():
    """Every place in line is taken by other requests."""
    with ExitStack() as taken:
        for _ in range(config.HASHES_AT_ONCE + config.HASHES_WAITING):
            assert passwords.PLACES.acquire(blocking=False), "a place was not given back"
            taken.callback(passwords.PLACES.release)
        yield


def test_the_line_leaves_threads_for_other_pages_and_sign_in_leaves_places_for_other_passwords():
    assert lines.SIGN_INS_AT_ONCE < config.HASHES_AT_ONCE + config.HASHES_WAITING < config.WEB_THREADS


def test_a_sign_in_for_which_the_line_before_the_threads_is_too_long_costs_no_try_either(plain, maria, database):
    with passwords.without_place():
        plain.sign_in(maria)
    assert (plain.status, plain.response.headers["Retry-After"]) == (503, "5")
    assert database.all(LimitCounter) == []
    assert plain.enter(maria).path == "/home"


def test_one_too_many_is_answered_at_once_and_costs_no_try(plain, maria, database):
    before = database.everything()
    with full_line():
        plain.sign_in(maria)
    assert (plain.status, plain.response.headers["Retry-After"]) == (503, "5")
    assert plain.problems == ["Many people are signing in right now. Wait a few seconds, then try again."]
    assert plain.field("Username")["value"] == "maria", "what was typed is kept"
    assert database.everything() == before
    assert database.all(LimitCounter) == []


def test_other_pages_are_answered_meanwhile(plain):
    with full_line():
        for path in ("/sign-in", "/help", "/forgot-password"):
            assert plain.open(path).status == 200


def test_who_is_told_to_wait_by_a_limit_needs_no_place(plain, maria):
    plain.open("/sign-in")
    for number in range(config.PASSWORD_TRIES):
        plain.post("/sign-in", {"username": "maria", "password": f"harbor-lantern-{number}"})
    with full_line():
        plain.sign_in(maria)
    assert plain.status == 429


def test_a_password_is_compared_again_once_there_is_a_place(plain, maria):
    with full_line():
        plain.sign_in(maria)
    assert plain.enter(maria).path == "/home"


def test_a_change_of_password_costs_no_try_either(plain, maria, database):
    plain.enter(maria)
    plain.open("/account/password")
    with full_line():
        plain.fill("Change password", Current_password=maria.password, New_password=NEW)
    assert (plain.status, plain.heading) == (503, BUSY)
    assert database.user(maria).code_failures == 0


def change_password(browser, person, new=NEW):
    browser.open("/account/password")
    return browser.fill("Change password", Current_password=person.password, New_password=new)


def test_a_session_hashes_one_password_at_a_time(plain, maria, jun, database):
    """Six forms sent at once would take both hashing slots and every place in line."""
    plain.enter(maria)
    plain.open("/account/password")
    with passwords.take_turn(token_hash(plain.cookie())):
        plain.fill("Change password", Current_password=maria.password, New_password=NEW)
        assert (plain.status, plain.heading, plain.response.headers["Retry-After"]) == (503, TWICE, "5")
        assert "Nothing was changed" not in plain.text and "may have worked" in plain.text, "of two clicks, the first may have"
        assert plain.press("Open it again").path == "/account/password"
        plain.fill("Change password", Current_password=maria.password, New_password=NEW)
        assert database.user(maria).password_failures == 0
        assert change_password(plain.another().enter(jun), jun).status == 200, "others are served"
    assert change_password(plain, maria).status == 200
    assert plain.notices == ["Your password has been changed. All other browsers are signed out."]


def link_by_email(plain, username):
    """Returns the path of a new link for a forgotten password."""
    plain.open("/forgot-password")
    plain.fill("Send link", Username_or_email_address=username)
    return mails(plain)[0].link


def choose(browser, link, password):
    browser.open(link)
    return browser.fill("Change password", New_password=password)


def test_an_emailed_link_hashes_one_password_at_a_time(plain, maria):
    link = link_by_email(plain, "maria")
    with passwords.take_turn(token_hash(link.rpartition("/")[2])):
        assert choose(plain, link, NEW).status == 503
    assert choose(plain, link, NEW).path == "/sign-in"


def test_new_passwords_by_a_link_are_charged_before_they_are_weighed(plain, maria, clock, monkeypatch):
    link = link_by_email(plain, "maria")
    choose(plain, link, "short")
    for _ in range(config.LINK_PASSWORDS):
        assert choose(plain, link, "passwordpassword").status == 422
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "refusal", lambda *_: 1 / 0)  # not weighed
        choose(plain, link, NEW)
    assert plain.problems == ["Too many attempts. Try again in 10 minutes."]
    clock.move(minutes=10, seconds=1)
    assert choose(plain, link, NEW).path == "/sign-in"
