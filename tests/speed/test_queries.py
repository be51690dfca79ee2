"""Exactly how often each page and form asks the database: a loop with a query in it cannot land.

A page asks at most four times, a code check at most eight. Each list is a walk, in the order of the walk.
"""

import pytest
from sqlalchemy import update

from portal import methods, send_limits
from portal.models import Practice
from portal.send_limits import Limit
from portal.settings import config
from tests.support.texts import CODE as CODE_PAGE
from tests.support.texts import MARIAS, NUMBER, ask_for_texts, send_to, turn_on_texts

PAGE, CODE = 4, 8  # the most
SIGNED_OUT = ["/sign-in", "/help", "/contact-support", "/community", "/privacy"]


def enough(queries):
    """Returns what asks more often than a page or a code check may; set-up's one big commit is counted in its own list."""
    pages = [pair for pair in queries.counts if not pair[0].rpartition(".")[2].startswith("submit_") and pair[1] > PAGE]
    return pages + [pair for pair in queries.counts if pair[0].endswith("submit_code") and pair[1] > CODE]


def walk(queries, action):
    """Returns what one action asked: (endpoint, number of statements) of each request that it led to."""
    queries.forget()
    action()
    assert enough(queries) == []
    return queries.counts


@pytest.mark.parametrize("path", SIGNED_OUT)
def test_a_page_for_strangers_asks_nothing(queries, plain, path):
    assert [count for _, count in walk(queries, lambda: plain.open(path))] == [0]


def test_signing_in_with_a_password_alone(queries, plain, maria):
    plain.open("/sign-in")
    assert walk(queries, lambda: plain.fill("Sign in", Username="maria", Password=maria.password)) == [
        ("sign_in.submit_password", 10),
        ("patient.home", 2),
    ]


def test_a_whole_sign_in(queries, plain, sam, clock):
    """Fourteen statements at most for password and code: one less in a browser that needs no email about it."""
    for code in (8, 7):
        plain.sign_in(sam)
        asked = [count for endpoint, count in queries.counts if endpoint == "sign_in.submit_password"]
        assert walk(queries, lambda: plain.fill("Verify", Verification_Code=sam.code()))[0] == ("sign_in.submit_code", code)
        assert asked == [6]
        plain.press("Sign out")
        clock.next_code()


def test_the_pages_of_a_patient_who_is_off(queries, plain, maria):
    plain.enter(maria)
    pages = ["/home", "/account", "/account/security", "/account/security/two-factor", "/account/security/confirm"]
    for path, counts in zip(pages, ([2], [3], [2], [1], [1, 2]), strict=True):
        assert [count for _, count in walk(queries, lambda path=path: plain.open(path))] == counts, path


def test_the_pages_of_a_patient_who_is_on(queries, plain, sam):
    plain.enter(sam)
    pages = ["/home", "/account", "/account/security", "/account/security/backup-codes"]
    for path, counts in zip(pages, ([2], [3], [2], [2]), strict=True):
        assert [count for _, count in walk(queries, lambda path=path: plain.open(path))] == counts, path


def test_setting_up(queries, plain, maria):
    plain.enter(maria)
    plain.open("/account/security/two-factor")
    assert walk(queries, lambda: plain.press("Continue")) == [("patient.setup.submit_choose", 5), ("patient.setup.step", 2)]
    maria.key = plain.page.one("code", id="key").text.replace(" ", "")
    wrong = maria.wrong_code()
    assert walk(queries, lambda: plain.fill("Verify and Enable", Verification_Code=wrong)) == [("patient.setup.submit_step", 6)]
    assert walk(queries, lambda: plain.fill("Verify and Enable", Verification_Code=maria.code())) == [
        ("patient.setup.submit_step", 12),
        ("patient.setup.backup_codes", 2),
    ]


def test_proving_that_the_codes_are_saved(queries, plain, maria):
    plain.enter(maria).set_up(maria)
    assert walk(queries, lambda: plain.press("I have saved my backup codes")) == [("patient.setup.prove", 2)]
    label = plain.page.one("main").one("label").text
    number = int("".join(letter for letter in label if letter.isdigit()))
    assert walk(queries, lambda: plain.fill("Done", **{label: maria.codes[number - 1]})) == [
        ("patient.setup.submit_prove", 5),
        ("patient.security", 2),
    ]


def test_the_code_of_the_app_in_a_browser_not_seen_before(queries, plain, sam):
    plain.sign_in(sam)
    assert walk(queries, lambda: plain.fill("Verify", Verification_Code=sam.code()))[0] == ("sign_in.submit_code", 8)


def test_the_code_of_the_app_in_a_browser_seen_before(queries, plain, sam, clock):
    plain.enter(sam).press("Sign out")
    clock.next_code()
    plain.sign_in(sam)
    assert walk(queries, lambda: plain.fill("Verify", Verification_Code=sam.code()))[0] == ("sign_in.submit_code", 7)


def test_the_code_page_of_texts_before_and_after_a_limit(queries, plain, inbox, maria, monkeypatch):
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.press("Sign out")
    for most in (5, 1):
        monkeypatch.setattr(send_limits, "LIMITS", [Limit("account", most, send_limits.HOUR, "send_limit")])
        plain.sign_in(maria)
        counts = walk(queries, lambda: plain.open("/sign-in/code"))
        assert counts == [("sign_in.ask_code", 4)] and ("We can't send more texts" in plain.text) == (most == 1)


def test_the_set_up_pages_of_texts(queries, plain, inbox, maria):
    send_to(ask_for_texts(plain.enter(maria)), MARIAS)
    for path in (NUMBER, CODE_PAGE):
        assert walk(queries, lambda path=path: plain.open(path)) == [("patient.setup.step", 4)]


def test_a_wrong_code(queries, plain, sam):
    plain.sign_in(sam)
    wrong = sam.wrong_code()
    assert walk(queries, lambda: plain.fill("Verify", Verification_Code=wrong)) == [("sign_in.submit_code", 6)]


def test_a_code_during_a_pause(queries, plain, sam):
    """Who guesses on while nothing is compared costs less than who is compared."""
    plain.sign_in(sam)
    for _ in range(config.TRIES_BEFORE_PAUSE):
        plain.fill("Verify", Verification_Code=sam.wrong_code())
    assert walk(queries, lambda: plain.post("/sign-in/code", {"code": "123456"})) == [("sign_in.submit_code", 4)]


def test_a_backup_code_in_a_browser_not_seen_before(queries, plain, sam):
    plain.sign_in(sam)
    assert walk(queries, lambda: plain.fill("Verify", Verification_Code=sam.codes[0]))[0] == ("sign_in.submit_code", 8)


def test_last_seen_is_written_at_most_once_a_minute(queries, plain, maria, clock):
    plain.enter(maria)
    written = []
    for _ in range(13):
        clock.move(seconds=10)
        queries.forget()
        plain.open("/account/security")
        written.append(len(queries.requests[0][1]) - 2)
    assert written == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]
    assert config.SESSION_TOUCH.total_seconds() == 60


def test_who_may_decide_on_emergency_access_asks_once_more_on_each_page(queries, plain, dr_okafor, admin_lee, support, clock):
    """And asks no more while somebody waits than while nobody does."""
    ehr, desk = (
        ["/ehr/charts", "/ehr/charts/1", "/ehr/settings/security/activity", "/help"],
        ["/support/security/activity", "/help"],
    )
    for waits in (False, True):
        if waits:
            clock.next_code()
            asker = plain.another().sign_in(dr_okafor)
            asker.open("/sign-in/emergency").fill("Ask for emergency access", Reason="My phone is gone.")
        for person, pages, counts in ((admin_lee, ehr, (4, 4, 3, 2)), (support, desk, (3, 2))):
            browser = plain.another().enter(person)
            for path, count in zip(pages, counts, strict=True):
                assert [each for _, each in walk(queries, lambda path=path, browser=browser: browser.open(path))] == [count], (
                    path,
                    waits,
                )


def test_the_pages_of_the_ehr(queries, plain, dr_okafor):
    plain.enter(dr_okafor)
    pages = ["/ehr/charts", "/ehr/charts/1", "/ehr/settings", "/ehr/settings/security"]
    for path, counts in zip(pages, ([3], [3], [1], [2]), strict=True):
        assert [count for _, count in walk(queries, lambda path=path: plain.open(path))] == counts, path


def test_what_a_practice_adds_is_asked_with_what_is_asked_anyway(queries, plain, dr_chen, database, monkeypatch):
    pages = ("/ehr/settings", "/ehr/settings/security", "/ehr/settings/security/two-factor")
    plain.enter(dr_chen)
    before = [walk(queries, lambda page=page: plain.open(page)) for page in pages]
    monkeypatch.setattr(methods, "ADDITIONAL", ["passkey"])
    database.change(update(Practice).values(added_methods="passkey"))
    assert [walk(queries, lambda page=page: plain.open(page)) for page in pages] == before
    assert len(plain.page.all("input", type="radio")) == 2
