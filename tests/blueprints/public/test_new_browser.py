"""A right code in a new browser waits for a yes by another channel (decision 43): a link, a backup code, and everything that is no yes."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal import methods
from portal.db import change
from portal.flows.sign_in import new_browser
from portal.models import BrowserConfirmation, Event, Outbox, Session, TrustedBrowser, User
from portal.settings import config
from tests.support.client import WIZARD
from tests.support.mailbox import mails, told
from tests.support.meanwhile import just_before
from tests.support.new_browsers import HERE, SUBJECT, ask_everybody, begin, link_of
from tests.support.passkeys import Passkey

AGENT = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"
TRUST = "Don't ask for a code on this browser for 30 days"
CLOSED = (
    "/home",
    "/account/security",
    "/sign-in/code",
    "/sign-in/no-code",
    "/sign-in/emergency",
    "/sign-in/lost-phone",
    "/help/tickets",
)


@pytest.fixture(autouse=True)
def on(app, monkeypatch):
    ask_everybody(app, monkeypatch)


def row_of(database, level="unconfirmed"):
    return database.all(Session, Session.level == level)[-1]


def waits(database):
    return [row.ended_at for row in database.all(Session, Session.level == "unconfirmed")] == [None]


# --- what a yes is


def test_the_emailed_link_lets_in_the_browser_that_asked_and_makes_it_known(plain, database, sam, clock):
    number = begin(plain, sam)
    row = row_of(database)
    assert (row.second_factor_at, row.ends_at) == (None, clock.now + config.CONFIRMATION_LIFE)
    assert database.user(sam).last_sign_in_at is None
    [mail] = mails(plain, subject=SUBJECT)
    assert number in mail.text and "IP address 127.0.0.1" in mail.text and "Chrome on Linux" in mail.text
    assert re.fullmatch(r"[1-9]\d", number)
    clock.move(minutes=3)
    before = plain.cookie()
    plain.open(mail.links[0])
    assert plain.path == "/home" and plain.cookie() != before
    row = row_of(database, "aal2")
    assert row.second_factor_at == clock.now - timedelta(minutes=3), "when the code was shown"
    assert database.user(sam).last_sign_in_at == clock.now
    assert told(plain, "Sign-in from a new browser") == ["sam@example.test"]
    assert [event.event for event in database.all(Event)][-2:] == ["new_browser_confirmed", "authn_login_success"]
    plain.open(mail.links[0])
    assert plain.status == 404 and plain.offers("Go to your home page")
    plain.press("Sign out")
    clock.next_code()
    plain.enter(sam)
    assert plain.path == "/home" and len(mails(plain, subject=SUBJECT)) == 1


def test_of_two_right_codes_at_once_one_makes_the_session_wait(plain, database, sam, monkeypatch):
    plain.sign_in(sam)
    other = update(Session).where(Session.ended_at.is_(None)).values(token_hash="another")
    just_before(monkeypatch, new_browser, "change", lambda: change(other))
    plain.fill("Verify", Verification_Code=sam.code())
    assert database.all(BrowserConfirmation) == [] and mails(plain, subject=SUBJECT) == []


def test_a_page_that_was_asked_for_first_is_where_it_leads(plain, sam):
    plain.sign_in(sam, "/account/security")
    plain.fill("Verify", Verification_Code=sam.code())
    plain.open(link_of(plain)[0])
    assert plain.path == "/account/security"


def test_a_backup_code_needs_no_link_and_the_link_is_over(plain, database, sam):
    begin(plain, sam)
    link = link_of(plain)[0]
    plain.press("Use a backup code")
    assert plain.offers("Wait for the email") and not plain.offers("Can't access your code?")
    plain.fill("Verify", Backup_code="AAAA-AAAA-AAAA-AAAA")
    assert plain.status == 422 and waits(database)
    plain.fill("Verify", Backup_code=sam.codes[0])
    assert plain.path == "/home"
    assert [row.used_at is not None for row in database.all(BrowserConfirmation)] == [True]
    assert plain.another().open(link).status == 404


def test_a_backup_code_on_the_code_page_is_enough_at_once(plain, sam):
    plain.sign_in(sam).fill("Verify", Verification_Code=sam.codes[0])
    assert plain.path == "/home" and mails(plain, subject=SUBJECT) == []


def test_a_passkey_is_enough_at_once(plain, maria, monkeypatch, clock):
    monkeypatch.setattr(methods, "ADDITIONAL", ["passkey"])
    key = Passkey("http://127.0.0.1:5000")
    plain.enter(maria).open(WIZARD)
    plain.choose("Passkey")
    plain.press("Continue")

    def answer(by):
        field = plain.page.one("input", name="passkey")
        named = {each["name"]: each["value"] for each in field.up("form").all("input", name="authenticator")}
        field.attributes["value"] = by(plain.post(field["data-send"], named).json)

    answer(key.create)
    plain.press("Create a passkey")
    other = plain.another()
    plain = other.sign_in(maria)
    answer(key.answer)
    plain.press("Use your passkey")
    assert plain.path == "/home" and mails(plain, subject=SUBJECT) == []


def test_trust_that_was_asked_for_begins_with_the_yes(plain, database, sam, clock):
    begin(plain, sam, trust=TRUST)
    assert database.all(TrustedBrowser) == []
    plain.open(link_of(plain)[0])
    assert len(database.all(TrustedBrowser)) == 1
    plain.press("Sign out")
    plain.sign_in(sam)
    assert plain.path == "/home"


def test_providers_wait_too_and_come_to_their_charts(plain, dr_okafor):
    begin(plain, dr_okafor)
    assert "DigitalPatientChart" in plain.page.one("title").text
    plain.open(link_of(plain)[0])
    assert plain.path == "/ehr/charts"


# --- what no yes is


def test_the_link_confirms_in_no_other_browser_and_tells_who_asked(plain, database, sam):
    number = begin(plain, sam)
    link, not_me = link_of(plain)
    other = plain.another(agent=AGENT, ip="127.0.0.9")
    before = database.everything()
    other.open(link)
    assert (other.status, other.heading) == (200, "Somebody is signing in to your account")
    assert (
        number in other.text and "Chrome on Linux" in other.text and "127.0.0.1" in other.text and "another network" in other.text
    )
    assert other.response.headers["Referrer-Policy"] == "no-referrer"
    assert database.everything() == before, "a GET that wrote"
    plain.open(HERE)
    assert plain.path == HERE and waits(database)
    other.press("This wasn't me")
    assert other.path == not_me
    other.press("End sessions and trusted browsers")
    plain.open(HERE)
    assert plain.path == "/sign-in" and not waits(database)
    plain.open(link)
    assert plain.status == 404


def test_a_session_of_the_same_account_elsewhere_is_another_browser(plain, database, sam, clock):
    begin(plain, sam)
    plain.open(link_of(plain)[0])
    clock.next_code()
    thief = plain.another(ip="127.0.0.66")
    begin(thief, sam)
    plain.open(link_of(plain)[0])
    assert plain.heading == "Somebody is signing in to your account"
    thief.open("/home")
    assert thief.path == HERE and waits(database)


def test_two_sign_ins_at_once_have_links_of_their_own(plain, sam, clock):
    first, second = plain.another(), plain.another()
    begin(first, sam)
    one = link_of(plain)[0]
    clock.next_code()
    begin(second, sam)
    second.open(one)
    assert second.heading == "Somebody is signing in to your account"
    first.open(one)
    assert first.path == "/home"


@pytest.mark.parametrize("path", CLOSED)
def test_what_waits_opens_nothing(plain, sam, path):
    begin(plain, sam)
    plain.open(path)
    assert plain.path == HERE


def test_another_code_is_not_even_compared(plain, database, sam, clock):
    begin(plain, sam)
    clock.next_code()
    before = len(database.all(Event))
    answer = plain.post("/sign-in/code", {"code": sam.code()})
    assert (answer.status_code, answer.headers["Location"]) == (303, HERE)
    assert len(database.all(Event)) == before
    answer = plain.post(HERE)
    assert answer.status_code == 422 and "Nobody has confirmed this sign-in yet" in answer.text


def test_a_sign_in_that_nobody_confirms_makes_no_browser_known(plain, database, sam, clock):
    begin(plain, sam)
    clock.move(minutes=10)
    plain.open(HERE)
    assert plain.path == "/sign-in" and "Nobody confirmed your sign-in" in plain.text
    begin(plain, sam)
    assert len(mails(plain, subject=SUBJECT)) == 2


def over_by(how, plain, clock):
    if how == "time":
        clock.move(minutes=10)
    elif how == "sign-out":
        plain.press("Cancel")
    else:
        other = plain.another().open("/forgot-password").fill("Send link", Username_or_email_address="sam")
        [mail] = mails(other, subject="Choose a new password")
        other.open(mail.link).fill("Change password", New_password="seven calm herons wait")


@pytest.mark.parametrize("how", ["time", "sign-out", "new password"])
def test_the_link_is_over_with(plain, database, sam, clock, how):
    begin(plain, sam)
    link = link_of(plain)[0]
    over_by(how, plain, clock)
    plain.open(link)
    assert plain.status == 404 and "That sign-in is over" in plain.text
    assert database.all(Session, Session.level == "aal2") == []


def test_a_clock_that_was_ahead_opens_nothing(plain, database, sam, clock):
    begin(plain, sam)
    link = link_of(plain)[0]
    far = clock.now + timedelta(days=1)
    database.change(update(BrowserConfirmation).values(expires_at=far))
    plain.open(link)
    assert plain.status == 404


@pytest.mark.parametrize("token", ["a-token", "x" * 5000, "%00", "é"])
def test_a_made_up_link_opens_nothing(plain, sam, token):
    plain.open("/sign-in")
    plain.open(f"{HERE}/{token}")
    assert plain.status in (400, 404)


def test_the_token_is_kept_as_a_hash_and_the_email_forgets_it(plain, database, sam):
    begin(plain, sam)
    token = link_of(plain)[0].rpartition("/")[2]
    kept = "".join(str(vars(row)) for model in (BrowserConfirmation, Session, Outbox, Event) for row in database.all(model))
    assert token not in kept and len(token) >= 43


def test_many_sign_ins_fill_no_mailbox(plain, database, sam, clock):
    for _ in range(config.CONFIRMATION_EMAILS):
        begin(plain, sam)
        plain.press("Cancel")
        clock.next_code()
    plain.sign_in(sam).fill("Verify", Verification_Code=sam.code())
    assert plain.path == HERE and "another link right now" in plain.text
    assert len(mails(plain, subject=SUBJECT)) == config.CONFIRMATION_EMAILS


def test_the_worker_forgets_what_is_over(app, plain, database, sam, clock):
    from portal.flows.sign_in import new_browser

    begin(plain, sam)
    with app.app_context():
        new_browser.delete_over(clock.now)
        assert len(database.all(BrowserConfirmation)) == 1
        new_browser.delete_over(clock.now + config.CONFIRMATION_LIFE)
    assert database.all(BrowserConfirmation) == []
    plain.open(HERE)
    assert plain.path == HERE and "This sign-in is over" in plain.text


def test_an_account_without_an_address_is_not_asked(plain, database, sam):
    database.change(update(User).where(User.username == "sam").values(email_sealed=None))
    plain.enter(sam)
    assert plain.path == "/home"


def test_whoever_says_afterward_that_it_was_not_them_makes_the_browser_new_again(plain, sam, clock):
    begin(plain, sam)
    clock.move(minutes=3)
    plain.open(link_of(plain)[0])
    assert plain.path == "/home"
    [mail] = mails(plain, subject="Sign-in from a new browser")
    plain.another().open(mail.link).press("End sessions and trusted browsers")
    clock.next_code()
    begin(plain, sam)


# --- the page that waits


def test_its_news_come_as_a_part_and_a_yes_elsewhere_moves_the_whole_browser(plain, sam):
    number = begin(plain, sam)
    news = plain.page.one("div", id="news")
    assert (news["hx-get"], news["hx-target"], news["hx-select"]) == (HERE, "#updates", "#news")
    assert any(each.text == "Check again" for each in plain.page.one("noscript").all("a")) or "Check again" in plain.response.text
    polled = {"HX_Request": "true", "X_Background": "1"}
    answer = plain.get(HERE, **polled)
    assert answer.status_code == 200 and number in answer.text and "<title>" not in answer.text
    other = plain.another()
    other.client = plain.client  # another tab
    other.open(link_of(plain)[0])
    assert other.path == "/home"
    answer = plain.get(HERE, **polled)
    assert answer.headers["HX-Redirect"] == "/home"


def test_off_nobody_is_asked_whatever_they_chose(app, plain, monkeypatch, database, sam, clock):
    database.change(update(User).values(confirms_since=clock.now))
    ask_everybody(app, monkeypatch, "off")
    plain.enter(sam)
    assert plain.path == "/home" and database.all(BrowserConfirmation) == []


def test_left_to_patients_only_those_are_asked_who_chose_it(app, plain, monkeypatch, database, sam, dr_okafor, clock):
    ask_everybody(app, monkeypatch, "choice")
    assert plain.another().enter(sam).path == "/home"
    clock.next_code()
    database.change(update(User).values(confirms_since=clock.now))
    begin(plain.another(), sam)
    assert plain.another().enter(dr_okafor).path == "/ehr/charts", "a choice that providers don't have"
