"""Stopping an account recovery, from each channel and in each state (RC-4, RC-6)."""

import pytest
from sqlalchemy import insert

from portal.crypto import token_hash
from portal.flows.base import recovery_cases
from portal.flows.base.context import RequestContext
from portal.flows.messages.notices import make_links
from portal.flows.recovery import requests, stop
from portal.models import Event, Link, Outbox, RecoveryTicket, Session
from tests.support.cases import begin_case, case_of, stop_link
from tests.support.mailbox import mails, told
from tests.support.moving import START

ALARM = "Someone asked to get into your account with a new phone."
SUBJECT = "Your account recovery was stopped"


def alarms(browser):
    return [notice for notice in browser.notices if ALARM in notice]


def test_every_page_of_an_open_session_says_so_and_has_the_button(browser, database, sam):
    browser.enter(sam)
    assert alarms(browser) == []
    case_id = begin_case(database, sam)
    for page in ("/home", "/account/security", "/account", "/help"):
        browser.open(page)
        [alarm] = alarms(browser)
        assert "Today, 4:00 AM Pacific Time, Chrome on Linux" in alarm
    browser.press("Stop this request")
    assert browser.heading == "This request is stopped" and alarms(browser) == []
    assert (case_of(database, case_id).state, case_of(database, case_id).stopped_by) == ("stopped", "session")
    assert "Nothing on your account changed" in browser.text
    assert [each.reason for each in database.all(Event, Event.event == "recovery_stopped")] == ["session"]
    assert told(browser, SUBJECT) == ["sam@example.test"]


def test_providers_and_agents_see_it_on_their_sides_too(browser, database, dr_okafor, support):
    for person, page in ((dr_okafor, "/ehr/charts"), (support, "/support")):
        own = browser.another()
        own.enter(person)
        case_id = begin_case(database, person)
        own.open(page)
        assert len(alarms(own)) == 1
        own.press("Stop this request")
        assert case_of(database, case_id).state == "stopped"


@pytest.mark.parametrize("state", ["asked", "done"])
def test_there_is_no_alarm_before_the_mailbox_is_shown_nor_after_the_end(plain, database, sam, state):
    plain.enter(sam)
    begin_case(database, sam, state, ended_at=None if state == "asked" else sam.clock.now)
    plain.open("/home")
    assert alarms(plain) == []


def test_a_case_that_lapsed_raises_no_alarm(plain, clock, database, sam):
    begin_case(database, sam)
    clock.move(hours=25)
    plain.enter(sam)
    assert alarms(plain) == []


def test_a_claimant_and_a_stranger_see_no_alarm_and_stop_nothing(plain, database, sam):
    case_id = begin_case(database, sam)
    plain.open("/sign-in")
    plain.sign_in(sam)
    assert plain.path == "/sign-in/code" and alarms(plain) == []
    plain.client.post("/recovery/stop", data={"csrf_token": plain.token})
    assert case_of(database, case_id).state == "proving"


def test_the_whole_account_sees_it_and_nobody_elses(plain, database, sam, maria):
    case_id = begin_case(database, sam)
    plain.enter(maria)
    assert alarms(plain) == []
    plain.client.post("/recovery/stop", data={"csrf_token": plain.token})
    assert case_of(database, case_id).state == "proving"


@pytest.mark.parametrize("state", recovery_cases.OPEN)
def test_the_emailed_link_asks_first_and_stops_in_every_state(browser, database, sam, state):
    case_id = begin_case(database, sam, state)
    browser.open(stop_link(database, case_id))
    assert browser.heading == "Stop this request?" and case_of(database, case_id).state == state
    browser.press("Stop this request")
    assert browser.heading == "This request is stopped"
    assert (case_of(database, case_id).state, case_of(database, case_id).stopped_by) == ("stopped", "email")


def test_a_second_time_says_that_it_is_stopped_and_tells_nobody_again(plain, database, sam):
    link = stop_link(database, begin_case(database, sam))
    first, second = plain.open(link), plain.another().open(link)
    first.press("Stop this request")
    second.press("Stop this request")
    assert first.heading == second.heading == "This request is stopped"
    assert plain.another().open(link).heading == "This request is stopped"
    assert len(database.all(Event, Event.event == "recovery_stopped")) == 1
    assert told(plain, SUBJECT) == ["sam@example.test"]


def test_an_old_link_leaves_a_newer_request_alone(plain, database, sam):
    link = stop_link(database, begin_case(database, sam))
    late = plain.another().open(link)
    plain.open(link).press("Stop this request")
    newer = begin_case(database, sam)
    late.press("Stop this request")
    assert late.heading == "This request is stopped" and case_of(database, newer).state == "proving"


def test_after_the_end_it_says_what_to_do_instead(plain, database, sam):
    case_id = begin_case(database, sam, "done", ended_at=sam.clock.now)
    plain.open(stop_link(database, case_id))
    assert plain.heading == "This request is finished"
    assert "It's too late to stop that." in plain.text and plain.offers("Forgot password?") and plain.offers("Contact Support")


@pytest.mark.parametrize("state", ["refused", "lapsed"])
def test_a_request_that_came_to_nothing_is_over(plain, database, sam, state):
    case_id = begin_case(database, sam, state, ended_at=sam.clock.now)
    plain.open(stop_link(database, case_id))
    assert plain.heading == "This request is over" and not plain.offers("Stop this request")


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: "0" * 32 + token[32:], lambda token: "ä"])
def test_a_mangled_link_says_so_and_changes_nothing(plain, database, sam, change):
    case_id = begin_case(database, sam)
    root, _, token = stop_link(database, case_id).rpartition("/")
    stamp = plain.open("/sign-in").token
    plain.open(f"{root}/{change(token)}")
    assert plain.status == 422 and plain.heading == "This link doesn't work" and "ask for a new one" not in plain.text
    plain.client.post(f"{root}/{change(token)}", data={"csrf_token": stamp})
    assert case_of(database, case_id).state == "proving"


def test_stopping_voids_the_link_that_sets_up(plain, database, sam):
    now, user = sam.clock.now, database.user(sam)
    case_id = begin_case(database, sam, "ready")
    row = {"token_hash": "hash", "user_id": user.id, "purpose": "recovery_set_up", "facts": {}, "created_at": now}
    database.change(insert(Link).values(expires_at=now.replace(year=now.year + 1), **row))
    plain.open(stop_link(database, case_id)).press("Stop this request")
    assert database.all(Link)[0].used_at == now


def test_stopped_during_set_up_the_session_that_sets_up_ends_and_the_page_says_what_is_lost(plain, database, sam):
    plain.enter(sam)
    case_id = begin_case(database, sam, "setting_up", replaced=["Authenticator App"])
    other = plain.another()
    other.open(stop_link(database, case_id))
    assert "support will have to help you back in" in other.text
    other.press("Stop this request")
    assert "nobody can sign in for now" in other.text and other.offers("Contact Support")
    assert database.all(Session, Session.ended_at.is_(None)) == []
    [mail] = mails(plain, subject=SUBJECT)
    assert "Your old ways to get codes had ended by then" in mail.text
    plain.open("/home")
    assert "You were signed out here because the account recovery was stopped." in plain.notices[0]


def test_an_email_about_a_case_carries_the_link_that_stops_it(plain, database, sam):
    case_id = begin_case(database, sam)
    plain.enter(sam).press("Stop this request")
    [notice] = database.all(Outbox, Outbox.template == "recovery_stopped")
    assert "stop" not in make_links(database.keys, notice, "")
    notice.facts = {**notice.facts, "case": case_id}
    assert stop_link(database, case_id).endswith(make_links(database.keys, notice, "")["stop"])


def test_who_asked_cancels_in_the_browser_of_the_code_and_nobody_else_does(app, database, sam):
    case_id = begin_case(database, sam, "waiting")
    row = {"id": "A" * 12, "case_ids": [case_id], "case_id": case_id, "created_at": START, "confirmed_at": START}
    database.change(insert(RecoveryTicket).values(**row, browser_hash=token_hash("own")))
    for browser, state in ((None, "waiting"), ("other", "waiting"), ("own", "stopped"), ("own", "stopped")):
        with app.app_context():
            context = RequestContext(START, database.keys, "192.0.2.9", "", "r", browser=browser)
            stop.cancel(context, requests.find_ticket(context, "A" * 12))
        assert case_of(database, case_id).state == state
    assert case_of(database, case_id).stopped_by == "requester"
    [told] = database.all(Outbox, Outbox.template == "recovery_stopped")
    assert told.facts["by"] == "requester"


def test_a_link_to_stop_works_where_the_session_is_gone_too(browser, database, sam):
    case_id = begin_case(database, sam)
    link = stop_link(database, case_id)
    browser.open(link)
    browser.client.delete_cookie("session")
    browser.press("Stop this request")
    assert browser.heading == "This form has expired", "its reader is not signed in, and need not be"
    browser.press("Open it again")
    browser.press("Stop this request")
    assert case_of(database, case_id).state == "stopped"
