"""Recoveries that meet another change of the same account, and accounts of which something is missing."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.db import change
from portal.flows.base import recovery_cases as states
from portal.flows.base.context import RequestContext
from portal.flows.recovery import finish, proofs, sweep, waiting
from portal.models import Authenticator, Event, Outbox, RecoveryCase, RecoveryTicket, User
from portal.settings import config
from portal.words.refusals import Refused
from tests.support.mailbox import mails
from tests.support.meanwhile import just_before
from tests.support.recovered import LINK_MAIL, begin_for, case_of, deliver, link_of, show_password, wait_out
from tests.support.recovered import sweep as run_sweep
from tests.support.texts import turn_on_texts


def over(clock):
    """An UPDATE that stops every case."""
    return update(RecoveryCase).values(state=states.STOPPED, state_since=clock.now, ended_at=clock.now)


def state(database, person):
    return case_of(database, person).state


def test_a_stop_while_the_password_is_compared_wins(plain, database, clock, sam, monkeypatch):
    begin_for(plain, sam)
    just_before(monkeypatch, proofs, "lock_own_case", lambda: database.change(over(clock)))
    plain.fill("Continue", Current_password=sam.password)
    assert plain.heading == "This request is over" and state(database, sam) == states.STOPPED
    assert not database.all(Outbox, Outbox.template == "recovery_waiting")


def test_a_case_that_moves_in_the_last_moment_tells_nobody(plain, database, clock, sam, monkeypatch):
    begin_for(plain, sam)
    just_before(monkeypatch, waiting, "move", lambda: change(over(clock)))
    plain.fill("Continue", Current_password=sam.password)
    assert not database.all(Outbox, Outbox.template == "recovery_waiting")
    assert not database.all(Event, Event.event == "recovery_waiting")


def test_a_ticket_of_another_browser_shows_nothing_of_the_account(app, plain, database, clock, sam):
    begin_for(plain, sam)
    [ticket] = database.all(RecoveryTicket)
    stranger = RequestContext(clock.now, database.keys, "", "", "x", browser="another")
    with app.app_context(), pytest.raises(Refused) as refused:
        proofs.ways(stranger, ticket)
    assert refused.value.reason == "recovery_moved"


CHANGES = {"before the lock": ("begin_write", "database"), "in the last moment": ("end_access", "change")}


@pytest.mark.parametrize(("name", "how"), CHANGES.values(), ids=CHANGES)
def test_factors_that_change_while_the_link_is_used_stay(app, plain, database, clock, sam, monkeypatch, name, how):
    show_password(plain, sam)
    wait_out(app, clock)
    page = plain.another().open(link_of(plain, sam))
    changed = update(User).values(generation=User.generation + 1)
    just_before(monkeypatch, finish, name, lambda: (database.change if how == "database" else change)(changed))
    page.fill("Continue", Password=sam.password)
    assert page.status == 404 and state(database, sam) == states.READY
    assert (
        database.user(sam).two_factor == "on"
        and len(database.all(Authenticator, Authenticator.user_id == database.user(sam).id)) == 1
    )


def test_a_link_whose_request_is_not_its_accounts_opens_nothing(app, plain, database, clock, sam, maria):
    show_password(plain, sam)
    wait_out(app, clock)
    link = link_of(plain, sam)
    database.change(update(RecoveryCase).values(user_id=database.user(maria).id))
    assert plain.another().open(link).status == 404
    assert database.user(sam).two_factor == "on"


def test_a_notice_that_is_on_its_way_again_holds_the_sweep_up(app, plain, database, clock, sam, monkeypatch):
    show_password(plain, sam)
    deliver(app)
    clock.move(hours=24)
    back = update(Outbox).where(Outbox.template == "recovery_waiting").values(state="queued", sent_at=None, lease_until=clock.now)
    just_before(monkeypatch, sweep, "begin_write", lambda: database.change(back.values(expires_at=None)))
    app.extensions["queue"].order_due()
    assert state(database, sam) == states.WAITING and not mails(plain, subject=LINK_MAIL)


def test_a_case_that_is_stopped_while_it_lapses_stays_stopped(app, plain, database, clock, sam, monkeypatch):
    begin_for(plain, sam)
    clock.move(seconds=config.RECOVERY_PROVING.total_seconds())
    just_before(monkeypatch, sweep, "lapse", lambda: change(over(clock)))
    run_sweep(app)
    assert not database.all(Event, Event.event == "recovery_lapsed")


def test_secrets_that_no_key_opens_keep_nobody_out(app, plain, database, clock, inbox, maria):
    turn_on_texts(plain.another().enter(maria), inbox, maria)
    clock.move(hours=73)
    database.change(update(Authenticator).values(secret_sealed=b"k1\0broken"))
    database.change(update(User).values(phone_sealed=None))
    begin_for(plain, maria)
    assert not plain.press("I don't know my password").offers("Get a text message")
    plain.press("Enter your password").fill("Continue", Current_password=maria.password)
    wait_out(app, clock)
    plain.open(link_of(plain, maria)).fill("Continue", Password=maria.password)
    assert plain.path == "/account/security/two-factor" and database.user(maria).two_factor == "reset"


def test_an_address_that_no_key_opens_is_sealed_again_as_it_was_typed(app, plain, database, clock, sam):
    database.change(update(User).where(User.username == sam.username).values(email_sealed=b"k1\0broken"))
    begin_for(plain, sam)
    plain.fill("Continue", Current_password=sam.password)
    wait_out(app, clock)
    plain.open(link_of(plain, sam)).fill("Continue", Password=sam.password)
    assert plain.path == "/account/security/two-factor" and database.user(sam).two_factor == "reset"


def test_an_account_without_an_address_gets_no_link(plain, database, sam):
    reference = begin_for(plain, sam)
    plain.open(f"/recovery/{reference}/backup-code")
    database.change(update(User).where(User.username == sam.username).values(email_sealed=None))
    plain.fill("Continue", Backup_code=sam.codes[0])
    assert plain.status == 422 and "no email address" in plain.problems[0]
    assert state(database, sam) == states.PROVING


def test_while_texts_are_off_a_recovery_goes_by_email_alone(app, plain, database, clock, inbox, maria, monkeypatch):
    turn_on_texts(plain.another().enter(maria), inbox, maria)
    clock.move(hours=73)
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], texts=False))
    before = len(inbox.of(maria))
    begin_for(plain, maria)
    assert not plain.press("I don't know my password").offers("Get a text message")
    plain.press("Enter your password").fill("Continue", Current_password=maria.password)
    assert state(database, maria) == states.WAITING and len(inbox.of(maria)) == before
    assert {row.kind for row in database.all(Outbox, Outbox.template == "recovery_waiting")} == {"mail"}


def test_the_browser_that_asked_support_is_kept(plain, database, sam):
    begin_for(plain, sam)
    plain.press("I don't know my password")
    plain.press("Have support check who I am")
    [ticket] = database.all(RecoveryTicket)
    assert case_of(database, sam).browser_hash == ticket.browser_hash is not None


def test_who_asked_can_cancel(plain, database, sam):
    show_password(plain, sam)
    plain.press("Cancel this request")
    assert plain.heading == "This request is over" and case_of(database, sam).stopped_by == "requester"
