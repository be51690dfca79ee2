"""The practice run in Help: real checks and real sentences, for a key that opens nothing."""

import pytest
from sqlalchemy import inspect

from portal.models import Authenticator, Binding, LimitCounter
from portal.settings import config
from portal.words.practice_run import EXAMPLES
from tests.support.digits import totp, wrong_codes
from tests.support.markup import squeeze

RUN = "/help/practice-run"


class App:
    """The practice entry in an authenticator app."""

    def __init__(self, browser, clock):
        self.key, self.clock = squeeze(browser.page.one("code", id="key").text), clock

    def code(self, steps=0):
        """Returns the entry's code."""
        return totp(self.key, self.clock.now, steps)


@pytest.fixture
def entry(browser, clock):
    """The entry of somebody who came from Help, on the page that asks for its first code."""
    browser.open("/help")
    browser.press("Try one in a practice run")
    browser.press("Begin the practice run")
    return App(browser, clock)


def sentence(browser):
    """Returns the one problem that the page names."""
    [said] = browser.problems
    return said


def test_anybody_connects_an_app_and_signs_in_with_it(browser, entry, clock):
    assert browser.heading == "Connect your authenticator app"
    assert "Medximity practice run: delete when done" in browser.text
    browser.fill("Check code", Verification_Code=entry.code())
    assert (browser.heading, browser.path) == ("Enter your verification code", f"{RUN}/sign-in")
    clock.next_code()
    browser.fill("Verify", Verification_Code=entry.code())
    assert browser.heading == "That's how it works" and "delete the entry Medximity practice run" in browser.text


def test_each_slip_gets_the_sentence_that_the_real_page_has(browser, entry, clock):
    browser.fill("Check code", Verification_Code="12345")
    assert (browser.status, sentence(browser)) == (422, "The code must be 6 numbers.")
    wrong = next(wrong_codes(entry.key, clock.now))
    for said in ("Check the time on your phone", "Wait for a fresh code", "labeled for Medximity practice run"):
        browser.fill("Check code", Verification_Code=wrong)
        assert said in sentence(browser)
    browser.fill("Check code", Verification_Code=entry.code(-10))
    assert sentence(browser).startswith("Your phone's clock is about 5 minutes slow.")
    browser.fill("Check code", Verification_Code=entry.code(10))
    assert sentence(browser).startswith("Your phone's clock is about 5 minutes fast.")
    assert sentence(browser).endswith("You have 5 tries left before a pause.")
    browser.fill("Check code", Verification_Code=entry.code())
    browser.fill("Verify", Verification_Code=entry.code())
    assert sentence(browser).startswith("That code was already used.")


def test_nobody_is_asked_for_a_backup_code(plain, clock):
    entry = App(plain.open(f"{RUN}/connect"), clock)
    plain.open(f"{RUN}/sign-in")
    for _ in range(5):
        plain.fill("Verify", Verification_Code=next(wrong_codes(entry.key, clock.now)))
        assert sentence(plain).startswith("That code did not match.")


def test_a_code_that_a_hint_gave_away_is_spent_when_its_time_comes(browser, entry, clock):
    fast = entry.code(10)
    browser.fill("Check code", Verification_Code=fast)
    clock.move(minutes=5)
    browser.fill("Check code", Verification_Code=fast)
    assert sentence(browser).startswith("That code was already used.")


def test_many_wrong_codes_begin_a_pause_that_ends(browser, entry, clock):
    for wait in (3, *[0] * 9):
        browser.fill("Check code", Verification_Code=entry.code(-15))
        clock.move(minutes=wait)
    assert browser.status == 422 and "Try again in 7 minutes." in sentence(browser)
    assert "Your account takes codes as before." in browser.text and not browser.offers("Check code")
    clock.move(minutes=11)
    browser.press("Try again")
    browser.fill("Check code", Verification_Code=entry.code())
    assert browser.path == f"{RUN}/sign-in"


def test_right_codes_cost_no_try_but_count_for_their_address(plain, clock, monkeypatch):
    monkeypatch.setattr(config, "PRACTICE_TRIES_OF_ADDRESS", 12)
    plain.open(f"{RUN}/connect")
    entry = App(plain, clock)
    for _ in range(12):
        plain.open(f"{RUN}/connect")
        plain.fill("Check code", Verification_Code=entry.code())
        assert plain.status == 200
        clock.next_code()
    other = plain.another()
    other.open(f"{RUN}/connect").fill("Check code", Verification_Code="123456")
    assert other.status == 422 and "Too many attempts." in sentence(other)


def test_each_browser_has_a_key_of_its_own_that_is_written_nowhere(plain, database, clock, monkeypatch):
    # (monkeypatch: both browsers ask themselves, instead of repeating what the other one was answered)
    plain.open(f"{RUN}/connect")
    entry, other = App(plain, clock), App(plain.another().open(f"{RUN}/connect"), clock)
    assert entry.key != other.key
    plain.fill("Check code", Verification_Code=entry.code())
    plain.open(f"{RUN}/connect")
    assert App(plain, clock).key == entry.key
    assert entry.key not in plain.cookie() and not any(entry.key in (field["value"] or "") for field in plain.page.all("input"))
    rows = [repr([getattr(row, column.key) for column in inspect(LimitCounter).columns]) for row in database.all(LimitCounter)]
    assert rows and not any(entry.key in row or entry.code() in row for row in rows)


def test_the_practice_code_and_key_are_nothing_in_the_real_set_up(browser, maria, database, clock):
    browser.enter(maria)
    browser.open(f"{RUN}/connect")
    entry = App(browser, clock)
    browser.begin_set_up(maria)
    assert maria.key != entry.key
    browser.fill("Verify and Enable", Verification_Code=entry.code())
    assert browser.status == 422 and sentence(browser).startswith("That code did not match.")
    stuffed = {"code": entry.code(), "key": entry.key, "secret": entry.key, "secret_sealed": entry.key}
    assert browser.post(browser.path, stuffed).status_code == 422
    [binding] = database.all(Binding)
    assert binding.secret(browser.app.extensions["keys"]) == maria.key
    assert not [row for row in database.all(Authenticator) if row.user_id == binding.user_id]


def test_the_practice_code_is_wrong_at_sign_in(plain, sam, clock):
    plain.open(f"{RUN}/connect")
    entry = App(plain, clock)
    plain.sign_in(sam)
    plain.fill("Verify", Verification_Code=entry.code())
    assert plain.status == 422 and sentence(plain).startswith("That code did not match.")


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_shows_the_page_as_it_looks(plain, name):
    plain.open(f"{RUN}/what-goes-wrong")
    plain.press(EXAMPLES[name].title)
    assert (plain.status, plain.path) == (200, f"{RUN}/what-goes-wrong/{name}")
    assert plain.heading == EXAMPLES[name].title and plain.offers("What can go wrong")


def test_an_example_says_what_a_real_sign_in_says(plain, sam, clock):
    said = {}
    for name in ("slow-clock", "wrong", "used", "short"):
        plain.open(f"{RUN}/what-goes-wrong/{name}")
        [said[name]] = [part.text for part in plain.page.walk() if "error" in part.classes]
    plain.enter(sam).press("Sign out")
    for name, code in {"wrong": sam.wrong_code(), "used": sam.code(), "slow-clock": sam.code(-10), "short": "12345"}.items():
        other = plain.another()
        other.sign_in(sam)
        other.fill("Verify", Verification_Code=code)
        assert untried(sentence(other)).startswith(untried(said[name]).rstrip(".")), name


def untried(sentence):
    """Returns a sentence without the number of tries left, which depends on the order."""
    return sentence.partition(" You have ")[0]


def test_an_example_that_does_not_exist(plain):
    for name in ("nothing", "..%2Fused", "%00"):
        assert plain.open(f"{RUN}/what-goes-wrong/{name}").status in (400, 404)


def test_there_is_no_run_without_a_method_that_can_be_tried_out(plain, monkeypatch):
    monkeypatch.setattr(config, "METHODS", ("sms",))
    for page in ("", "/connect", "/sign-in", "/done", "/what-goes-wrong", "/what-goes-wrong/used"):
        assert plain.open(f"{RUN}{page}").status == 404


def test_looking_writes_nothing(plain, database):
    for page in ("", "/connect", "/sign-in", "/done", "/what-goes-wrong", "/what-goes-wrong/pause"):
        plain.open(f"{RUN}{page}")
    assert database.all(LimitCounter) == []
