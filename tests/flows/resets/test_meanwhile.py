"""Resets that meet another change of the same account, and links that open nothing any more."""

import pytest
from sqlalchemy import insert, update

from portal.db import change
from portal.flows.resets import ask, decide, reset
from portal.models import Authenticator, Event, Link, Outbox, ResetRequest, Session, User
from tests.support.mailbox import mails
from tests.support.meanwhile import just_before

CHANGES = {"closed": {"disabled_at": "now"}, "moved": {"practice_id": 2}, "risen": {"role": "support", "practice_id": None}}


@pytest.fixture
def lee(plain, admin_lee):
    """The administrator's browser."""
    return plain.another().enter(admin_lee)


def make(database, person, **columns):
    """Changes columns of a person, as another request does."""
    database.change(update(User).where(User.username == person.username).values(**columns))


def fill_in(browser, database, person):
    """Opens the page of a person and ticks a check."""
    browser.open(f"/ehr/settings/team/{database.user(person).id}/reset").tick("Saw them in person")
    return browser


def facts(database, person):
    """Returns what a reset would have changed, emails included."""
    user = database.user(person)
    kept = len(database.all(Authenticator, Authenticator.user_id == user.id))
    links = database.all(Outbox, Outbox.template.in_(("reset_link", "two_factor_reset")))
    return user.two_factor, kept, database.all(Link), links, database.all(Event, Event.event == "two_factor_reset")


UNTOUCHED = ("on", 1, [], [], [])


@pytest.mark.parametrize("columns", CHANGES.values(), ids=CHANGES)
def test_who_changed_before_the_row_was_locked_is_not_reset(lee, database, clock, dr_okafor, monkeypatch, columns):
    columns = {name: clock.now if value == "now" else value for name, value in columns.items()}
    fill_in(lee, database, dr_okafor)
    just_before(monkeypatch, ask, "begin_write", lambda: make(database, dr_okafor, **columns))
    lee.fill("Reset", Reason="Phone lost.")
    assert lee.status == 404
    assert facts(database, dr_okafor) == UNTOUCHED and not database.all(ResetRequest)


def act_of_the_owner():
    """What the owner's own change does to the account, in the transaction that is open."""
    change(update(User).values(generation=User.generation + 1))


def test_a_reset_that_finds_another_generation_does_nothing(lee, database, dr_okafor, monkeypatch):
    fill_in(lee, database, dr_okafor)
    just_before(monkeypatch, reset, "end_access", act_of_the_owner)
    lee.fill("Reset", Reason="Phone lost.")
    assert lee.status == 422 and "changed" in lee.problems[0]
    assert facts(database, dr_okafor) == UNTOUCHED and not database.all(ResetRequest)


@pytest.fixture
def waiting(lee, database, clock, dr_okafor):
    """A reset of Dr. Okafor that waits for a second person."""
    row = {"at": clock.now, "event": "email_changed", "result": "ok", "subject_id": database.user(dr_okafor).id}
    database.change(insert(Event).values(request_id="x", ip="", user_agent="x", app_version="x", role="provider", **row))
    fill_in(lee, database, dr_okafor).fill("Reset", Reason="Phone lost.")
    [request] = database.all(ResetRequest)
    assert request.status == "waiting"
    return request


def test_an_approval_without_an_address_to_mail_the_link_to_resets_nothing(plain, database, dr_okafor, support, waiting):
    plain.enter(support, "/support/waiting").press("View request")
    make(database, dr_okafor, email_sealed=None)
    plain.press("Approve")
    assert plain.status == 422 and "no longer open" in plain.text
    assert facts(database, dr_okafor) == UNTOUCHED and database.all(ResetRequest)[0].status == "waiting"


@pytest.mark.parametrize("answer", ["Approve", "Refuse"])
def test_a_request_that_goes_to_another_practice_is_decided_there(
    plain, database, clock, dr_okafor, dr_chen, waiting, monkeypatch, answer
):
    plain.enter(dr_chen).set_up_ehr(dr_chen)
    make(database, dr_chen, role="administrator")
    clock.next_code()
    approver = plain.another().enter(dr_chen).open(f"/ehr/settings/team/approvals/waiting/reset/{waiting.id}")
    moved = update(ResetRequest).values(practice_id=2)
    just_before(monkeypatch, decide, "begin_write", lambda: database.change(moved))
    approver.press(answer)
    assert approver.status == 422 and "no longer open" in approver.text
    assert facts(database, dr_okafor) == UNTOUCHED and database.all(ResetRequest)[0].status == "waiting"
    assert not database.all(Event, Event.event.in_(("reset_decided", "two_factor_reset_refused")))
    [event] = database.all(Event, Event.event == "authz_fail", Event.reason == "not_own")
    assert event.actor_id == database.user(dr_chen).id


@pytest.mark.parametrize("columns", [{"two_factor": "on"}, {"disabled_at": "now"}], ids=["set up again", "closed"])
def test_a_reset_link_opens_only_what_is_reset(plain, lee, database, clock, dr_okafor, columns):
    fill_in(lee, database, dr_okafor).fill("Reset", Reason="Phone lost.")
    [mail] = mails(plain, to="dr.okafor@example.test", subject="Set up two-factor authentication again")
    assert plain.open(mail.link).status == 200
    make(database, dr_okafor, **{name: clock.now if value == "now" else value for name, value in columns.items()})
    plain.fill("Continue", Password=dr_okafor.password)
    assert plain.status == 404 and "already used" in plain.text
    assert not [row for row in database.all(Session, Session.user_id == database.user(dr_okafor).id) if row.ended_at is None]


def test_a_browser_they_know_comes_back_without_a_notice(plain, lee, database, clock, dr_okafor):
    plain.enter(dr_okafor)
    clock.next_code()
    before = len(database.all(Outbox, Outbox.template == "new_browser"))
    fill_in(lee, database, dr_okafor).fill("Reset", Reason="Phone lost.")
    [mail] = mails(plain, to="dr.okafor@example.test", subject="Set up two-factor authentication again")
    plain.open(mail.link).fill("Continue", Password=dr_okafor.password)
    assert plain.cookie() and database.all(Session)[-1].browser_known
    assert len(database.all(Outbox, Outbox.template == "new_browser")) == before
    stranger = plain.another().open(mail.link).fill("Continue", Password=dr_okafor.password)
    assert stranger.cookie() and len(database.all(Outbox, Outbox.template == "new_browser")) == before + 1
