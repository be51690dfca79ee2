"""The day that a recovery waits, while messages about it go out late or not at all; and old cases (RC-4, RC-6)."""

import pytest
from sqlalchemy import insert, update

from portal.flows.base import recovery_cases as states
from portal.flows.recovery import sweep as flow
from portal.gateways import REFUSED, SENT, UNREACHABLE
from portal.models import Event, NoticeAddress, Outbox, RecoveryCase, User
from portal.settings import config
from tests.support.mailbox import mails
from tests.support.meanwhile import just_before
from tests.support.recovered import LINK_MAIL, address_of, begin_for, case_of, deliver, show_password, sweep, wait_out
from tests.support.texts import turn_on_texts

SECOND = "second@example.test"


class Post:
    """A mail server that answers as a test tells it: to everybody, or to one address."""

    def __init__(self):
        self.answer, self.of_one = SENT, {}

    def hand_over(self, message):
        return self.of_one.get(message.to, self.answer)


@pytest.fixture
def post(app, monkeypatch):
    """The mail server of the worker."""
    made = Post()
    queue = app.extensions["queue"]
    monkeypatch.setitem(queue.__dict__, "gateways", {**queue.gateways, "mail": made})
    return made


@pytest.fixture
def second(app, database, clock, sam):
    """Sam has a second address."""
    seal = app.extensions["keys"].seal(SECOND, "notice_addresses:9:email")
    row = {"id": "9", "user_id": database.user(sam).id, "email_sealed": seal, "created_at": clock.now, "confirmed_at": clock.now}
    database.change(insert(NoticeAddress).values(**row))
    return SECOND


def notices_of(database, person):
    """Returns the rows of the notices about a person's wait."""
    case = case_of(database, person)
    return database.all(Outbox, Outbox.id.in_(case.notice_ids))


def state(database, person):
    return case_of(database, person).state


def test_the_clock_does_not_run_out_while_the_mail_server_is_down(app, plain, database, clock, post, sam):
    post.answer = UNREACHABLE
    show_password(plain, sam)
    deliver(app)
    clock.move(hours=23)
    sweep(app)
    assert "24 hours after our emails" in plain.open(plain.path).text
    for _ in range(40):
        clock.move(hours=1)
        sweep(app)
    assert state(database, sam) == states.WAITING
    clock.move(hours=1)
    post.answer = SENT
    sweep(app)
    assert {row.state for row in notices_of(database, sam)} == {"sent"}
    went_out = clock.now
    clock.move(hours=23, minutes=59)
    sweep(app)
    assert state(database, sam) == states.WAITING
    clock.move(minutes=1)
    sweep(app)
    assert state(database, sam) == states.READY and clock.now == went_out + config.RECOVERY_WAIT


def test_without_a_worker_nobody_gets_in(app, plain, database, clock, sam):
    show_password(plain, sam)
    clock.move(hours=71)
    app.extensions["queue"].order_due()
    assert state(database, sam) == states.WAITING


def test_an_address_that_is_refused_does_not_hold_it_up(app, plain, database, clock, post, second, sam):
    post.of_one[second] = REFUSED
    show_password(plain, sam)
    wait_out(app, clock)
    assert sorted(row.state for row in notices_of(database, sam)) == ["failed", "sent"]
    assert state(database, sam) == states.READY


def test_while_a_second_address_is_being_tried_the_day_has_not_begun(app, plain, database, clock, post, second, sam):
    post.of_one[second] = UNREACHABLE
    show_password(plain, sam)
    wait_out(app, clock, hours=30)
    assert state(database, sam) == states.WAITING
    clock.move(hours=1)
    del post.of_one[second]
    sweep(app)
    wait_out(app, clock, hours=23, minutes=59)
    assert state(database, sam) == states.WAITING
    wait_out(app, clock, minutes=1)
    assert state(database, sam) == states.READY


def test_if_no_email_went_out_support_takes_over(app, plain, database, clock, post, sam):
    post.answer = REFUSED
    show_password(plain, sam)
    deliver(app)
    sweep(app)
    case = case_of(database, sam)
    assert (case.state, case.asked_support_at) == (states.CHECKING, clock.now)
    assert case.due_at > clock.now and case.words_sealed
    assert plain.open(plain.path).heading == "Support is checking your request"


def test_if_every_email_expired_support_takes_over(app, plain, database, clock, post, sam):
    post.answer = UNREACHABLE
    show_password(plain, sam)
    deliver(app)
    clock.move(days=3)
    sweep(app)
    assert state(database, sam) == states.CHECKING


def test_a_text_that_was_sent_is_no_email(app, plain, database, clock, post, inbox, maria):
    turn_on_texts(plain.another().enter(maria), inbox, maria)
    post.answer = REFUSED
    show_password(plain, maria)
    deliver(app)
    assert {row.state for row in notices_of(database, maria) if row.kind == "text"} == {"sent"}
    assert "You can get back in from" not in plain.open(plain.path).text
    wait_out(app, clock, hours=25)
    assert state(database, maria) == states.CHECKING


def test_a_text_on_its_way_holds_it_up_a_day_at_most(app, plain, database, clock, inbox, maria):
    turn_on_texts(plain.another().enter(maria), inbox, maria)
    show_password(plain, maria)
    [text] = [row.id for row in notices_of(database, maria) if row.kind == "text"]
    deliver(app, text)
    clock.move(hours=23)
    assert "24 hours after our emails" in plain.open(plain.path).text
    clock.move(hours=1)
    sweep(app)
    assert {row.state for row in notices_of(database, maria) if row.kind == "text"} == {"expired"}
    assert state(database, maria) == states.READY


def test_the_sweep_sends_one_link_however_often_it_runs(app, plain, database, clock, sam):
    show_password(plain, sam)
    wait_out(app, clock)
    sweep(app)
    sweep(app)
    assert len(mails(plain, to=address_of(sam), subject=LINK_MAIL)) == 1
    assert len(database.all(Event, Event.event == "recovery_ready")) == 1


def test_a_stop_just_before_the_sweep_wins(app, plain, database, clock, sam, monkeypatch):
    show_password(plain, sam)
    deliver(app)
    clock.move(hours=24)
    over = {"state": states.STOPPED, "ended_at": clock.now, "state_since": clock.now}
    just_before(monkeypatch, flow, "begin_write", lambda: database.change(update(RecoveryCase).values(**over)))
    sweep(app)
    assert state(database, sam) == states.STOPPED and not mails(plain, subject=LINK_MAIL)


def test_what_support_has_meanwhile_is_not_the_sweeps(app, plain, database, clock, sam, monkeypatch):
    show_password(plain, sam)
    deliver(app)
    clock.move(hours=24)
    taken = update(RecoveryCase).values(state=states.CHECKING)
    just_before(monkeypatch, flow, "begin_write", lambda: database.change(taken))
    sweep(app)
    assert state(database, sam) == states.CHECKING and not mails(plain, subject=LINK_MAIL)


def test_factors_that_were_replaced_meanwhile_end_the_case(app, plain, database, clock, sam):
    show_password(plain, sam)
    deliver(app)
    database.change(update(User).values(generation=User.generation + 1))
    clock.move(hours=24)
    sweep(app)
    assert state(database, sam) == states.LAPSED and not mails(plain, subject=LINK_MAIL)


LIVES = [(name, life) for name, life in states.LIVES.items() if name != states.WAITING]


@pytest.mark.parametrize(("name", "life"), LIVES, ids=[name for name, _ in LIVES])
def test_a_case_lapses_after_its_time_in_a_state(app, plain, database, clock, sam, support, name, life):
    begin_for(plain, sam)
    first = database.user(support).id if name == states.DECIDING else None
    database.change(update(RecoveryCase).values(state=name, approved_by_id=first))
    clock.move(seconds=life.total_seconds() - 1)
    sweep(app)
    assert state(database, sam) == name
    clock.move(seconds=1)
    sweep(app)
    case = case_of(database, sam)
    assert (case.state, case.ended_at) == (states.LAPSED, clock.now)
    assert [event.case_id for event in database.all(Event, Event.event == "recovery_lapsed")] == [case.id]


def test_a_case_of_a_clock_that_ran_ahead_lapses(app, plain, database, clock, sam):
    begin_for(plain, sam)
    clock.move(days=-40)
    sweep(app)
    assert state(database, sam) == states.LAPSED
