"""The end of a recovery: the link and the password together, what they end, and set-up in three pages (rule 1, RC-7, RC-8)."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.db import begin_write, db
from portal.flows.base import recovery_cases as states
from portal.flows.base.context import RequestContext
from portal.flows.resets.reset import reset_two_factor
from portal.flows.sessions.sessions import find_session
from portal.models import Authenticator, BackupCodeSet, Event, Link, RecoveryCase, ResetRequest, Session, TrustedBrowser, User
from tests.blueprints.recovery.test_prove import NEW, set_password_by_mail, texter  # noqa: F401
from tests.support.mailbox import mails, told
from tests.support.markup import squeeze
from tests.support.recovered import (
    DONE_MAIL,
    LINK_MAIL,
    SET_UP_MAIL,
    address_of,
    begin_for,
    case_of,
    link_of,
    show_password,
    sweep,
    wait_out,
)


@pytest.fixture
def ready(app, plain, clock, sam):
    """Sam's browser with a case whose link was mailed."""
    show_password(plain, sam)
    wait_out(app, clock)
    return plain.open(plain.path)


def facts(database, person):
    """Returns what the link would have changed."""
    user = database.user(person)
    own = len(database.all(Authenticator, Authenticator.user_id == user.id))
    live = len([row for row in database.all(Session, Session.user_id == user.id) if row.ended_at is None])
    return user.two_factor, user.generation, own, live, case_of(database, person).state


def finish(browser, person):
    """Goes from the choice of a method to the backup codes; returns how many pages that were."""
    assert browser.heading == "Choose how to get your codes"
    browser.press("Continue")
    person.key = squeeze(browser.page.one("code", id="key").text)
    browser.fill("Verify and Enable", Verification_Code=person.code())
    person.codes = browser.read_codes()
    return 3


def test_link_and_password_lead_to_set_up_and_nowhere_else(browser, app, database, clock, sam):
    show_password(browser, sam)
    wait_out(app, clock)
    old_key, old_codes = sam.key, list(sam.codes)
    link = link_of(browser, sam)
    browser.open(link).fill("Continue", Password=sam.password)
    assert browser.path == "/account/security/two-factor"
    assert browser.open("/home").path == "/account/security/two-factor"
    assert finish(browser, sam) == 3
    case = case_of(database, sam)
    assert (case.state, case.ended_at, case.replaced) == (states.DONE, clock.now, ["Authenticator App"])
    assert [event.case_id for event in database.all(Event, Event.event == "recovery_done")] == [case.id]
    assert database.user(sam).two_factor == "on" and sam.key != old_key and not set(sam.codes) & set(old_codes)
    [mail] = mails(browser, to=address_of(sam), subject=DONE_MAIL)
    assert "- Authenticator App" in mail.text
    assert not told(browser, "Two-factor authentication is on") and not told(browser, "Sign-in from a new browser")
    assert browser.another().open(link).status == 404
    clock.next_code()
    assert browser.another().enter(sam).path == "/home"


def test_what_let_in_before_ends_and_is_named(app, plain, database, clock, sam):
    """RC-8."""
    other = plain.another().sign_in(sam)
    other.tick("Don't ask for a code on this browser for 30 days")
    other.fill("Verify", Verification_Code=sam.code())
    show_password(plain, sam)
    wait_out(app, clock, hours=24)
    at_home = plain.another().enter(sam) if clock.next_code() else plain.another()
    clock.next_code()
    at_home.enter(sam)
    plain.open(link_of(plain, sam)).fill("Continue", Password=sam.password)
    assert at_home.open("/home").path.startswith("/sign-in") and "being set up again" in at_home.notices[0]
    user = database.user(sam)
    assert user.two_factor == "reset" and not database.all(Authenticator, Authenticator.user_id == user.id)
    assert not [row for row in database.all(TrustedBrowser) if row.ended_at is None]
    assert not [row for row in database.all(BackupCodeSet, BackupCodeSet.user_id == user.id) if row.replaced_at is None]
    assert case_of(database, sam).state == states.SETTING_UP
    [mail] = mails(plain, to=address_of(sam), subject=SET_UP_MAIL)
    assert "- Authenticator App" in mail.text and any("/recovery/stop/" in link for link in mail.links)
    [event] = database.all(Event, Event.event == "recovery_set_up")
    assert (event.case_id, event.factor) == (case_of(database, sam).id, "totp")
    assert other.sign_in(sam).status == 422


def test_opening_the_link_changes_nothing(ready, database, sam):
    before = facts(database, sam)
    link = link_of(ready, sam)
    for _ in range(3):
        assert ready.another().open(link).status == 200
    assert facts(database, sam) == before and before[-1] == states.READY


def test_the_link_alone_and_a_wrong_password_open_nothing(ready, database, sam):
    before = facts(database, sam)
    thief = ready.another().open(link_of(ready, sam))
    thief.fill("Continue", Password="wrong on purpose")
    assert thief.status == 422 and "9 tries" in thief.problems[0]
    assert facts(database, sam) == before
    assert [event.reason for event in database.all(Event, Event.event == "authn_login_fail")] == ["recovery_link"]


def test_a_closed_tab_costs_nothing(ready, database, clock, sam):
    link = link_of(ready, sam)
    ready.open(link).fill("Continue", Password=sam.password)
    ready.press("Continue")
    again = ready.another().open(link).fill("Continue", Password=sam.password)
    assert again.path == "/account/security/two-factor"
    assert len(database.all(Event, Event.event == "recovery_set_up")) == 1
    assert len(mails(ready, to=address_of(sam), subject=SET_UP_MAIL)) == 1
    assert told(ready, "Sign-in from a new browser") == [address_of(sam)]  # of the second one: that email named the first
    finish(again, sam)
    assert case_of(database, sam).state == states.DONE


def test_who_finishes_twice_ends_the_factors_once(ready, database, sam):
    link = link_of(ready, sam)
    tabs = [ready.another().open(link) for _ in range(2)]
    for tab in tabs:
        assert tab.fill("Continue", Password=sam.password).path == "/account/security/two-factor"
    assert database.user(sam).generation == case_of(database, sam).generation == 1


def test_stopped_in_set_up_nobody_is_in(ready, database, sam):
    ready.open(link_of(ready, sam)).fill("Continue", Password=sam.password)
    ready.press("Continue")
    key = squeeze(ready.page.one("code", id="key").text)
    [mail] = mails(ready, to=address_of(sam), subject=SET_UP_MAIL)
    stop = next(link for link in mail.links if "/recovery/stop/" in link)
    ready.another().open(stop).press("Stop this request")
    sam.key = key
    ready.fill("Verify and Enable", Verification_Code=sam.code())
    assert ready.path.startswith("/sign-in") and database.user(sam).two_factor == "reset"
    assert case_of(database, sam).state == states.STOPPED


def test_a_set_up_whose_time_is_over_ends(app, ready, database, clock, sam):
    """Whoever is in the middle of it can't finish what nobody could stop any more."""
    ready.open(link_of(ready, sam)).fill("Continue", Password=sam.password)
    ready.press("Continue")
    sam.key = squeeze(ready.page.one("code", id="key").text)
    too_old = clock.now - states.LIVES[states.SETTING_UP]
    database.change(update(RecoveryCase).values(state_since=too_old))
    sweep(app)
    assert case_of(database, sam).state == states.LAPSED
    ready.fill("Verify and Enable", Verification_Code=sam.code())
    assert ready.path.startswith("/sign-in") and database.user(sam).two_factor == "reset"
    assert "time to set up again was over" in ready.text


@pytest.fixture
def quick(plain, sam):
    """Sam's browser with a case that a backup code made ready at once."""
    reference = begin_for(plain, sam)
    plain.open(f"/recovery/{reference}/backup-code").fill("Continue", Backup_code=sam.codes[0])
    assert plain.path == f"/recovery/{reference}"
    return plain


def test_the_link_can_be_mailed_again(quick, clock, sam):
    first = link_of(quick, sam)
    quick.press("Email me the link again")
    assert quick.status == 422 and "less than 5 minutes ago" in quick.problems[0]
    clock.move(minutes=5)
    quick.press("Email me the link again")
    assert "on its way again" in quick.notices[0]
    assert len(mails(quick, to=address_of(sam), subject=LINK_MAIL)) == 2 and link_of(quick, sam) == first


def test_after_a_day_the_link_that_is_mailed_again_where_the_code_was_entered_is_another_one(quick, clock, sam):
    first, page = link_of(quick, sam), quick.path
    clock.move(hours=24, seconds=1)
    assert quick.another().open(first).status == 404
    assert not quick.another().open(page).offers("Email me the link again")
    quick.open(page).press("Email me the link again")
    assert link_of(quick, sam) != first and quick.another().open(link_of(quick, sam)).status == 200


def test_the_link_can_be_mailed_again_in_set_up(quick, clock, sam):
    page = quick.path
    quick.open(link_of(quick, sam)).fill("Continue", Password=sam.password)
    clock.move(minutes=5)
    assert quick.open(page).press("Finish setting up").heading == "Choose how to get your codes"
    quick.open(page).press("Email me the link again")
    assert "on its way again" in quick.notices[0]
    assert quick.another().open(link_of(quick, sam)).fill("Continue", Password=sam.password).heading.startswith("Choose")


CHANGES = {
    "closed": {"disabled_at": "now"},
    "replaced": {"generation": User.generation + 1},
    "off": {"two_factor": "off"},
}


@pytest.mark.parametrize("columns", CHANGES.values(), ids=CHANGES)
def test_the_link_opens_no_account_that_has_changed(ready, database, clock, sam, columns):
    link = link_of(ready, sam)
    page = ready.another().open(link)
    columns = {name: clock.now if value == "now" else value for name, value in columns.items()}
    database.change(update(User).where(User.username == sam.username).values(**columns))
    page.fill("Continue", Password=sam.password)
    assert page.status == 404 and not [row for row in database.all(Session) if row.ended_at is None and row.level != "claimant"]
    assert case_of(database, sam).state == states.READY


def test_who_forgot_the_password_comes_back_in_the_browser_that_showed_the_text(app, plain, database, clock, inbox, texter):  # noqa: F811
    begin_for(plain, texter)
    plain.press("I don't know my password").press("Get a text message").press("Text me a code")
    plain.fill("Continue", Verification_Code=inbox.code(texter))
    wait_out(app, clock)
    link = link_of(plain, texter)
    thief = set_password_by_mail(plain.another(), texter)
    assert case_of(database, texter).state == states.READY
    assert thief.open(link).status == 404 and "in the browser where you asked" in thief.text
    assert thief.open("/sign-in").post(link, {"password": NEW}).status_code == 404
    assert database.user(texter).two_factor == "on"
    plain.open(link).fill("Continue", Password=NEW)
    assert plain.path == "/account/security/two-factor" and database.user(texter).two_factor == "reset"
    # The number on file is proved already: no page asks for it.
    before = {text.row for text in inbox.of(texter)}
    plain.choose("Text Message (SMS)")
    plain.press("Continue")
    [text] = [text for text in inbox.of(texter) if text.row not in before]
    assert plain.heading == "Enter the code we texted you"
    plain.fill("Verify and Enable", Verification_Code=text.code)
    assert plain.heading == "Save your backup codes" and database.user(texter).two_factor == "on"


@pytest.mark.parametrize("kept", [True, False], ids=["no text may go there now", "it was never proved"])
def test_a_number_on_file_that_gets_no_text_is_asked_for(app, plain, database, clock, texter, monkeypatch, kept):  # noqa: F811
    show_password(plain, texter)
    wait_out(app, clock)
    plain.open(link_of(plain, texter)).fill("Continue", Password=texter.password)
    if kept:
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], text_countries=("KR",)))
    else:
        database.change(update(User).where(User.username == texter.username).values(phone_confirmed_at=None))
    plain.choose("Text Message (SMS)")
    plain.press("Continue")
    assert plain.heading == "Where should we send your codes?" and plain.problems == []


def test_a_password_set_by_mail_does_not_wait_its_way_into_the_recovery_that_its_owner_began(
    app,
    plain,
    database,
    clock,
    inbox,
    texter,  # noqa: F811
):
    begin_for(plain, texter)
    plain.press("I don't know my password").press("Get a text message").press("Text me a code")
    plain.fill("Continue", Verification_Code=inbox.code(texter))
    thief = set_password_by_mail(plain.another(), texter)
    wait_out(app, clock)
    clock.move(hours=49)
    begin_for(thief, texter)
    thief.press("Email me the link again")
    assert thief.open(link_of(thief, texter)).status == 404 and "in the browser where you asked" in thief.text
    assert database.user(texter).two_factor == "on"


def test_a_reset_by_support_ends_the_recovery(ready, database, sam, support):
    link, agent = link_of(ready, sam), ready.another().enter(support)
    agent.get("/support")
    with ready.app.test_request_context():
        begin_write()
        request = ResetRequest(
            subject_id=database.user(sam).id, asked_by_id=database.user(support).id, asked_at=sam.clock.now, reason="x",
            checks=[], status="done", generation=0,
        )  # fmt: skip
        db.session.add(request)
        db.session.flush()
        who = find_session(agent.cookie(), sam.clock.now)
        assert reset_two_factor(RequestContext(sam.clock.now, database.keys, "", "", "x", visitor=who), request)
        db.session.commit()
    assert case_of(database, sam).state == states.LAPSED and ready.another().open(link).status == 404


def test_the_link_is_voided_when_set_up_is_complete(ready, database, sam):
    ready.open(link_of(ready, sam)).fill("Continue", Password=sam.password)
    finish(ready, sam)
    assert not [row for row in database.all(Link) if row.used_at is None]


def test_a_set_up_that_was_left_says_what_is_lost_and_a_new_request_ends_well(app, plain, clock, sam):
    show_password(plain, sam)
    wait_out(app, clock)
    page = plain.path
    plain.open(link_of(plain, sam)).fill("Continue", Password=sam.password)
    clock.move(hours=25)
    plain.open(page)
    assert "two-factor authentication is not set up again" in plain.text and "nothing changed" not in plain.text
    assert not plain.offers("Sign in")
    plain.press("Send a new request")
    show_password(plain, sam)
    wait_out(app, clock)
    plain.open(link_of(plain, sam)).fill("Continue", Password=sam.password)
    assert finish(plain, sam) == 3
