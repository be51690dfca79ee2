"""A forgotten password: a link by mail, the same answer for everybody, and the second factor stays (PW-9, RC-7, RL-7, EN-3)."""

import re
import time
from statistics import median

import pytest
from sqlalchemy import insert, update

from portal.db import change
from portal.flows.base import links
from portal.flows.sign_in import new_password
from portal.models import Binding, Event, Link, Outbox, Session, TrustedBrowser, User
from portal.web.emails import compose_email
from tests.support.mailbox import mails, told
from tests.support.meanwhile import just_before
from tests.support.moving import START

NEW = "quiet meadow by the river"
SUBJECT = "Choose a new password"


def ask(browser, typed):
    """Asks for a link; returns the text of the answer."""
    browser.open("/sign-in")
    browser.press("Forgot password?")
    browser.fill("Send link", Username_or_email_address=typed)
    return browser.text


@pytest.fixture
def link(plain, maria):
    """Maria's link, from her mailbox."""
    ask(plain.another(), maria.username)
    return mails(plain, subject=SUBJECT)[0].link


def choose(browser, link, password=NEW):
    """Opens a link and chooses a password."""
    browser.open(link)
    return browser.fill("Change password", New_password=password)


def test_a_link_by_mail_leads_to_a_new_password_and_to_the_sign_in_page(browser, maria, jun):
    ask(browser, "maria")
    (mail,) = mails(browser)
    assert (mail.to, mail.subject) == ("maria@example.test", SUBJECT)
    assert "username maria" in mail.text and "30 minutes" in mail.text
    choose(browser, mail.link)
    assert browser.path.startswith("/sign-in")
    assert browser.notices == ["Your password has been changed. Sign in with the new one."]
    browser.fill("Sign in", Username="maria", Password=maria.password)
    assert browser.status == 422
    browser.fill("Sign in", Username="maria", Password=NEW)
    assert browser.path == "/home"
    assert told(browser, "Your password was changed") == ["maria@example.test"]
    assert browser.another().enter(jun).path == "/home"


@pytest.mark.parametrize("typed", ["maria", " MARIA ", "maria@example.test", "Maria@Example.TEST ", "\uff4daria@example.test"])
def test_username_and_address_are_read_as_people_type_them(plain, typed):
    ask(plain, typed)
    assert len(mails(plain)) == 1


def test_a_link_signs_nobody_in_and_the_code_is_still_asked_for(plain, sam):
    ask(plain, "sam")
    choose(plain, mails(plain, subject=SUBJECT)[0].link)
    assert not plain.offers("Sign out")
    sam.password = NEW
    plain.sign_in(sam)
    assert plain.path == "/sign-in/code"
    plain.fill("Verify", Verification_Code=sam.code())
    assert plain.path == "/home"


def test_the_answer_is_the_same_for_everybody(browser, database):
    database.change(update(User).where(User.username == "jun").values(disabled_at=START))
    database.change(update(User).where(User.username == "dr.chen").values(two_factor="reset"))
    names = ["maria", "jun", "dr.chen", "nobody.knows", "nobody@example.test", "'; drop table users", "x" * 5000]
    answers = {ask(browser.another(), name) for name in names}
    assert len(answers) == 1
    assert told(browser, SUBJECT) == ["maria@example.test"]


def test_the_answer_takes_as_long_for_nobody_as_for_somebody(plain, database):
    plain.open("/forgot-password")
    token, took = plain.token, {"maria": [], "nobody.knows": []}
    for _ in range(40):
        for name, times in took.items():
            began = time.thread_time()
            plain.client.post("/forgot-password", data={"username": name, "csrf_token": token})
            times.append(time.thread_time() - began)
            database.change(update(Link).values(used_at=START))  # a new link each time is the most work
    known, unknown = (median(each) for each in took.values())
    assert abs(known - unknown) < 0.010


def test_nothing_typed_is_refused(browser):
    browser.open("/forgot-password")
    browser.fill("Send link", Username_or_email_address=" ")
    assert browser.status == 422
    assert browser.problems == ["Enter your username or your email address."]


def links_of(browser):
    """Returns the links in her mailbox, oldest first."""
    return [mail.link for mail in reversed(mails(browser, subject=SUBJECT))]


def test_a_live_link_is_mailed_again_after_five_minutes(browser, maria, clock):
    ask(browser.another(), "maria")
    clock.move(minutes=4, seconds=59)
    for _ in range(20):
        ask(browser.another(), "maria@example.test")
    assert len(links_of(browser)) == 1
    clock.move(seconds=1)
    ask(browser.another(), "maria")
    first, second = links_of(browser)
    assert first == second
    clock.move(minutes=29)  # the second email says 30 minutes, too
    choose(browser, second)
    assert browser.path.startswith("/sign-in")


def test_however_often_strangers_ask_the_owner_gets_a_link_that_works(plain, maria, clock):
    first = None
    for half_hour in range(24 * 2 + 1):
        for _ in range(3 if half_hour in (0, 1, 48) else 1):
            ask(plain.another(ip="127.0.0.2"), "maria")
        first = first or links_of(plain)[0]
        clock.move(minutes=29)
    assert len(links_of(plain)) == 24 * 2 + 1
    ask(plain, "maria")  # the first link still works, but would live for more than a day if it were mailed again
    assert links_of(plain)[-1] != first
    clock.move(minutes=31)
    ask(plain, "maria")
    newest = links_of(plain)[-1]
    assert newest != first, "no link lives longer than a day"
    choose(plain, newest)
    assert plain.path.startswith("/sign-in")
    plain.open(first)
    assert plain.status == 404


def test_there_is_always_a_link_where_none_lives(plain, maria, clock):
    ask(plain, "maria")
    choose(plain, links_of(plain)[0])
    ask(plain, "maria")  # within the five minutes of the first
    first, second = links_of(plain)
    assert first != second
    clock.move(minutes=30)
    ask(plain, "maria")
    assert len(set(links_of(plain))) == 3


def test_a_link_of_a_clock_that_was_ahead_is_over(plain, maria, clock):
    clock.move(days=365)
    ask(plain, "maria")
    clock.now = START
    plain.open(links_of(plain)[0])
    assert plain.status == 404 and "has expired" in plain.text
    ask(plain, "maria")
    assert any(plain.open(link).status == 200 for link in links_of(plain))


def test_a_link_that_no_key_makes_again_gives_way_to_a_new_one(plain, maria, clock, database):
    ask(plain, "maria")
    database.change(update(Link).values(facts={}))
    ask(plain, "maria")
    assert len(set(links_of(plain))) == 2


def test_a_pause_for_wrong_codes_leaves_it_open(plain, sam):
    plain.sign_in(sam)
    for code, _ in zip(sam.wrong_codes(), range(10), strict=False):
        plain.fill("Verify", Verification_Code=code)
    ask(plain.another(), "sam")
    assert len(mails(plain, subject=SUBJECT)) == 1


def test_a_family_that_shares_an_address_gets_a_link_for_each(plain, database, jun):
    user = database.user(jun)
    user.seal(database.keys, "email", "Maria@example.test")
    database.change(update(User).where(User.id == user.id).values(email_sealed=user.email_sealed, email_hash=user.email_hash))
    ask(plain, "maria@example.test")
    texts = [mail.text for mail in mails(plain, subject=SUBJECT)]
    assert sorted(re.search(r"username (\S+)\.", text)[1] for text in texts) == ["jun", "maria"]


# --- the link


def test_a_link_lives_thirty_minutes(plain, link, clock):
    clock.move(minutes=30, seconds=-1)
    plain.open(link)
    assert plain.status == 200
    clock.move(seconds=1)
    plain.open(link)
    assert (plain.status, plain.heading) == (404, "This link doesn't work")
    assert "has expired" in plain.text


def test_a_link_works_once(plain, link):
    choose(plain, link)
    plain.open(link)
    assert plain.status == 404 and "already used" in plain.text


def test_two_tabs_spend_a_link_once(plain, link, maria, database):
    plain.open(link)
    other = plain.another()
    choose(other, link, "another meadow by the sea")
    plain.fill("Change password", New_password=NEW)
    assert plain.status == 404 and "already used" in plain.text
    maria.password = "another meadow by the sea"
    assert plain.another().enter(maria).path == "/home"


LATE = {"before the lock": (new_password, "begin_write", "database"), "in the last moment": (links, "change", "change")}


@pytest.mark.parametrize(("module", "name", "how"), LATE.values(), ids=LATE)
def test_a_link_that_another_request_spends_meanwhile_sets_nothing(
    plain, link, clock, database, maria, monkeypatch, module, name, how
):
    plain.open(link)
    spent = update(Link).values(used_at=clock.now)
    just_before(monkeypatch, module, name, lambda: (database.change if how == "database" else change)(spent))
    plain.fill("Change password", New_password=NEW)
    assert plain.status == 404 and plain.another().enter(maria).path == "/home"


def test_opening_a_link_changes_nothing(plain, link, database):
    before = database.everything()
    for _ in range(3):
        plain.open(link)
    assert database.everything() == before


@pytest.mark.parametrize("token", ["x", "A" * 43, "%20", "%01", "é" * 300])
def test_a_link_that_nobody_got_is_refused(plain, token):
    plain.open(f"/new-password/{token}")
    assert plain.status == 404 and "t complete" in plain.text


def test_a_link_for_another_purpose_is_refused(plain, link, database):
    database.change(update(Link).values(purpose="confirm_email"))
    plain.open(link)
    assert plain.status == 404


def test_the_newest_link_leaves_the_older_ones_alive_until_one_is_used(plain, link, database):
    database.change(update(Link).values(facts={}))  # as of the release before: none of these is mailed again
    ask(plain.another(), "maria")
    links = [mail.link for mail in mails(plain, subject=SUBJECT)]
    choose(plain, links[1])
    plain.open(links[0])
    assert plain.status == 404 and "already used" in plain.text


def test_only_a_hash_of_the_link_is_kept(plain, link, database):
    token = link.rpartition("/")[2]
    assert len(token) >= 43
    (row,) = database.all(Outbox)
    assert token not in str(row.facts) and token.encode() not in (row.body_sealed or b"")
    assert token not in str(database.everything())


def test_a_forged_host_does_not_alter_the_link(plain, app, database):
    plain.open("/forgot-password")
    for host in ("evil.example", "127.0.0.1:9999"):
        plain.client.post(
            "/forgot-password",
            data={"username": "maria", "csrf_token": plain.token},
            headers={"Host": host, "X-Forwarded-Host": "evil.example"},
        )
    ask(plain, "maria")
    rows = database.all(Outbox, Outbox.template == "password_forgotten")
    assert rows
    for row in rows:
        with app.test_request_context(base_url=app.extensions["settings"].base_url):
            _, text, html, _ = compose_email(row.template, row.facts, {"link": "a-token"})
        assert "http://127.0.0.1:5000/new-password/a-token" in text and "evil" not in text + html


def test_the_address_of_a_link_is_told_to_nobody(plain, link):
    for path in (link, "/new-password/x", "/confirm-address/x"):
        assert plain.get(path).headers["Referrer-Policy"] == "no-referrer"
    plain.open(link)
    plain.fill("Change password", New_password="short")
    assert plain.response.headers["Referrer-Policy"] == "no-referrer"


def test_the_account_of_a_link_may_be_closed_meanwhile(plain, link, database):
    database.change(update(User).values(disabled_at=START))
    plain.open(link)
    assert plain.status == 404


# --- the password


REFUSED = {
    "": "Enter a new password.",
    "fourteen chars": "Use at least 15 characters. A few words in a row work well.",
    "x" * 257: "Use at most 256 characters.",
    "passwordpassword": "This password is on lists that thieves try first. Choose something less common.",
    "medximity-2026!!!": "Your username and our product names are easy to guess. Choose other words.",
}


@pytest.mark.parametrize(("password", "sentence"), REFUSED.items())
def test_a_password_that_is_refused_leaves_the_link_alive(browser, link, password, sentence):
    choose(browser, link, password)
    assert browser.status == 422 and browser.problems == [sentence]
    browser.fill("Change password", New_password=NEW)
    assert browser.path.startswith("/sign-in")


def test_the_field_suits_managers_and_there_is_no_second_one(plain, link):
    plain.open(link)
    field = plain.field("New password")
    assert (field["type"], field["autocomplete"]) == ("password", "new-password")
    assert len(plain.page.all("input", type="password")) == 1
    assert plain.page.one("input", autocomplete="username")["value"] == "maria"
    assert any("data-shows" in button for button in plain.page.all("button"))


# --- what ends with the old password


def test_sessions_claims_trust_set_ups_and_the_generation_end_with_it(plain, maria, clock, database):
    plain.enter(maria).begin_set_up(maria)
    user = database.user(maria)
    trust = {"token_hash": "0" * 64, "generation": 0, "ip": "", "user_agent": "", "created_at": START, "last_used_at": START}
    database.change(insert(TrustedBrowser).values(user_id=user.id, expires_at=START.replace(year=2028), **trust))
    other = plain.another()
    ask(other, "maria")
    choose(other, mails(plain, subject=SUBJECT)[0].link)
    plain.open("/home")
    assert plain.path.startswith("/sign-in")
    assert plain.notices == ["You were signed out here because your password changed. Sign in to continue."]
    assert all(row.ended_at for row in database.all(Session, Session.user_id == user.id))
    assert all(row.ended_at for row in database.all(TrustedBrowser))
    assert database.all(Binding) == []
    assert database.user(maria).generation == user.generation + 1


def test_a_claim_ends_with_it(plain, sam):
    claim = plain.another()
    claim.sign_in(sam)
    ask(plain, "sam")
    choose(plain, mails(plain, subject=SUBJECT)[0].link)
    claim.open("/sign-in/code")
    assert claim.path == "/sign-in" or claim.path.startswith("/sign-in?")


def test_each_step_leaves_one_event(plain, link, database):
    choose(plain, link)
    ask(plain, "nobody.knows")
    told = [(row.event, row.result, row.reason, row.factor) for row in database.all(Event, Event.request_id != "demo-seed")]
    assert told == [
        ("password_forgotten", "ok", None, None),
        ("password_changed", "ok", None, "link"),
        ("password_forgotten", "refused", "nobody", None),
    ]
    assert "nobody.knows" not in str(database.everything())
