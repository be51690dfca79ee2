"""Few passwords are hashed at once, few requests wait for it, and every other page is answered meanwhile."""

from contextlib import ExitStack, contextmanager

from portal import passwords
from portal.models import LimitCounter
from portal.settings import config

BUSY = "We're very busy right now"


@contextmanager
def full_line():
    """Every place in line is taken by other requests."""
    with ExitStack() as taken:
        for _ in range(config.HASHES_AT_ONCE + config.HASHES_WAITING):
            assert passwords.PLACES.acquire(blocking=False), "a place was not given back"
            taken.callback(passwords.PLACES.release)
        yield


def test_the_line_leaves_threads_for_other_pages():
    assert config.HASHES_AT_ONCE + config.HASHES_WAITING < config.WEB_THREADS


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
        plain.fill("Change password", Current_password=maria.password, New_password="quiet meadow by the river")
    assert (plain.status, plain.heading) == (503, BUSY)
    assert database.user(maria).code_failures == 0
