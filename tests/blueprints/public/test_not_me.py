""" "This wasn't me": the link of a notice, pressed by the person, fetched by a scanner, found by a thief."""

import re

import pytest

from portal.models import Binding, Event, Outbox, Session, TrustedBrowser
from tests.support.client import WIZARD

END = "End sessions and trusted browsers"


@pytest.fixture
def link_in(browser_of_bench):
    """Reads the newest mail with a subject off the test bench; returns the path of its link."""

    def read(subject):
        bench = browser_of_bench.another()
        bench.open("/test-bench")
        [mail, *_] = [mail for mail in bench.page.all("article") if mail.one("h3").text == subject]
        return next(link["href"] for link in mail.all("a") if link.text == "This wasn't me")

    return read


@pytest.fixture
def browser_of_bench(plain):
    return plain


def live(database, person):
    """Returns how many sessions of a person live."""
    user = database.user(person)
    return len(database.all(Session, Session.user_id == user.id, Session.ended_at.is_(None)))


def trust(database, person, clock):
    """Lets a browser be trusted."""
    from sqlalchemy import insert

    row = {"user_id": database.user(person).id, "token_hash": "0" * 64, "generation": 0, "ip": "127.0.0.1", "user_agent": "x"}
    moments = {"created_at": clock.now, "last_used_at": clock.now, "expires_at": clock.now}
    database.change(insert(TrustedBrowser).values(**row, **moments))


def test_a_strangers_sign_in_is_ended_at_once(plain, maria, database, clock, link_in):
    thief = plain.another(agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0").enter(maria)
    trust(database, maria, clock)
    plain.open(link_in("Sign-in from a new browser"))
    assert plain.heading == "This wasn't me" and plain.response.headers["Referrer-Policy"] == "no-referrer"
    assert live(database, maria) == 1, "opening the link changed something"
    plain.press(END)
    assert plain.heading == "Sessions and trusted browsers were ended"
    assert live(database, maria) == 0 and all(row.ended_at for row in database.all(TrustedBrowser))
    assert [event.event for event in database.all(Event, Event.reason == "not_me")] == ["session_end"]
    thief.open("/home")
    assert thief.path == "/sign-in" and "This wasn't me" in thief.text


def test_providers_and_support_are_told_of_no_trusted_browsers(plain, dr_okafor, support, database, link_in, clock):
    for person in (dr_okafor, support):
        plain.another(agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0").enter(person)
        bench = plain.another().open("/test-bench")
        assert "trusted" not in bench.text and "That ends the sessions on your account." in bench.text
        plain.open(link_in("Sign-in from a new browser"))
        assert "trusted" not in plain.text and not plain.offers(END)
        plain.press("End sessions")
        assert plain.heading == "Sessions were ended" and "trusted" not in plain.text and live(database, person) == 0
        clock.move(minutes=1)  # so that the next email is the newest


def test_after_a_providers_change_no_page_speaks_of_trusted_browsers(plain, dr_okafor, clock, link_in):
    browser = plain.another().enter(dr_okafor)
    browser.open("/ehr/settings/security/backup-codes").press("Regenerate Backup Codes")
    path = link_in("You have new backup codes")
    plain.open(path)
    assert "Then you can end every other session on your account." in plain.text
    browser.open(path)
    assert "We'll end every other session on your account right away." in browser.text and "trusted" not in browser.text
    browser.press("End sessions")
    assert browser.heading == "Sessions were ended"
    browser.open("/ehr/settings/security/activity")
    assert "Recent activity" in browser.text and "trust" not in browser.text


def test_a_scanner_that_opens_the_link_changes_nothing(plain, maria, database, link_in):
    plain.enter(maria)
    path = link_in("Sign-in from a new browser")
    before = database.everything("sessions.last_seen_at")
    for _ in range(3):
        assert plain.another().get(path).status_code == 200
    assert database.everything("sessions.last_seen_at") == before


def test_the_link_works_once(plain, maria, link_in):
    plain.enter(maria)
    path = link_in("Sign-in from a new browser")
    plain.another().open(path).press(END)
    again = plain.another().open(path)
    assert again.status == 422 and again.problems == ["This link was already used. It works only once."]
    assert not again.offers(END)


def test_after_seven_days_it_is_too_old(plain, maria, clock, link_in, database):
    plain.enter(maria)
    path = link_in("Sign-in from a new browser")
    clock.move(days=7)
    assert plain.another().open(path).problems == ["This link has expired. It works for 7 days."]
    assert not any(row.answered_at for row in database.all(Outbox))


def test_an_address_that_was_never_mailed_says_so(plain):
    plain.open("/not-me/" + "x" * 43)
    assert plain.status == 422 and "t complete" in plain.problems[0]


def test_a_token_with_one_letter_changed_or_of_another_row_opens_nothing(plain, maria, link_in, database):
    plain.enter(maria)
    path = link_in("Sign-in from a new browser")
    folder, _, token = path.rpartition("/")
    others = database.all(Outbox)[-1].id[::-1] + token[32:]
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    for wrong in (changed, others, token[:32], token[:-1], token + "0", "é" * 96):
        assert "t complete" in plain.another().open(f"{folder}/{wrong}").problems[0]


def test_after_a_change_the_person_signs_in_first_and_other_sessions_end(plain, maria, database, clock, link_in):
    thief = plain.another(agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0").enter(maria)
    thief.set_up(maria)
    clock.next_code()
    path = link_in("Two-factor authentication is on")
    trust(database, maria, clock)
    plain.open(path)
    assert not plain.offers(END) and live(database, maria) == 1
    plain.open("/sign-in")
    refused = plain.post(path)
    assert refused.status_code == 303 and refused.headers["Location"].startswith("/sign-in?next=")
    plain.open(path)
    plain.press("Sign in")
    plain.fill("Sign in", Username=maria.username, Password=maria.password)
    plain.fill("Verify", Verification_Code=maria.code())
    assert plain.path == path
    plain.press(END)
    assert plain.heading == "Sessions and trusted browsers were ended"
    assert live(database, maria) == 1 and all(row.ended_at for row in database.all(TrustedBrowser))
    thief.open("/home")
    assert thief.path == "/sign-in"
    plain.press("Security")
    assert plain.heading == "Security"


def test_a_sign_in_of_long_ago_is_asked_again(plain, maria, clock, link_in):
    plain.enter(maria).set_up(maria)
    path = link_in("Two-factor authentication is on")
    clock.move(minutes=6)
    plain.open(path)
    plain.press(END)
    assert plain.heading == "Confirm it's you"
    plain.fill("Continue", Current_password=maria.password, Verification_Code=maria.code())
    assert plain.path == path
    plain.press(END)
    assert plain.heading == "Sessions and trusted browsers were ended"


def test_somebody_elses_sign_in_does_not_do(plain, maria, jun, database, clock, link_in):
    plain.another(agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0").enter(maria).set_up(maria)
    path = link_in("Two-factor authentication is on")
    plain.enter(jun)
    plain.open(path)
    assert not plain.offers(END) and "You're signed in as Jun Park" in plain.text
    assert plain.post(path).status_code == 303
    assert live(database, maria) == 1


def test_the_token_is_kept_nowhere(plain, maria, database, app, link_in):
    plain.enter(maria)
    token = link_in("Sign-in from a new browser").rpartition("/")[2]
    cells = [str(cell) for rows in database.everything().values() for row in rows for cell in row.values()]
    assert re.fullmatch(r"[0-9a-f]{96}", token)
    assert not any(token in cell for cell in cells)


def test_a_key_that_the_stranger_saw_is_forgotten(plain, maria, database, link_in):
    thief = plain.another(agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0").enter(maria)
    thief.open(WIZARD).press("Continue")
    (seen,) = database.all(Binding)
    plain.open(link_in("Sign-in from a new browser")).press(END)
    plain.enter(maria).open(WIZARD).press("Continue")
    (fresh,) = database.all(Binding)
    assert fresh.id != seen.id
