"""Two requests that count for the same limits wait for each other in one order, and the wait that is told counts from the answer."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from portal.db import begin_write, db
from portal.flows.base import limits
from portal.flows.base.context import RequestContext
from portal.models import LimitCounter
from portal.settings import config
from portal.words.refusals import Refused

ADDRESS, BOTH, NAME = "a" * 64, "b" * 64, "c" * 64
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
WINDOW = timedelta(minutes=1)


def context_of(app, clock):
    """Returns the context of a request that arrives now."""
    return RequestContext(now=clock.now, keys=app.extensions["keys"], ip="127.0.0.1", user_agent="", request_id="1")


def until_waiting(connection, threads):
    """Waits until that many statements wait for a row."""
    latest = time.monotonic() + 5
    while connection.scalar(WAITING) < threads:
        assert time.monotonic() < latest, "they do not meet"
        time.sleep(0.02)


@pytest.mark.postgresql
@pytest.mark.parametrize("second", ["refund", "sweep"])
def test_two_wait_in_one_order(app, database, clock, second):
    ends_at = clock.now + WINDOW if second == "refund" else clock.now
    for key in (NAME, ADDRESS, BOTH):  # the name was tried first, from another address
        database.change(insert(LimitCounter).values(key=key, spent=2, ends_at=ends_at))
    context = context_of(app, clock)
    counted = [limits.Limit(key, 5, WINDOW) for key in (ADDRESS, BOTH, NAME)]
    charges = [limits.Charge(limit, 2, ends_at) for limit in counted if limit.key != BOTH]
    refused = []

    def run(act, *values):
        with app.app_context():
            try:
                begin_write()
                act(*values)
                db.session.commit()
            except SQLAlchemyError as error:
                refused.append(error)

    others = {"refund": (limits.refund, charges), "sweep": (limits.forget_ended_counters, clock.now)}
    engine = app.extensions["engine"]
    with engine.connect() as holder, engine.execution_options(isolation_level="AUTOCOMMIT").connect() as watch:
        holder.execute(select(LimitCounter).where(LimitCounter.key == BOTH).with_for_update())
        first = threading.Thread(target=run, args=(limits.charge, context, counted))
        first.start()
        until_waiting(watch, 1)
        other = threading.Thread(target=run, args=others[second])
        other.start()
        if second == "refund":
            until_waiting(watch, 2)
        else:
            other.join(timeout=1)
        holder.rollback()
        first.join()
        other.join()
    assert not refused
    assert {row.key: row.spent for row in database.all(LimitCounter)} == (
        {ADDRESS: 2, BOTH: 3, NAME: 2} if second == "refund" else {ADDRESS: 1, BOTH: 1, NAME: 1}
    )


def test_the_wait_counts_from_the_answer_and_not_from_the_request(app, database, clock):
    database.change(insert(LimitCounter).values(key=NAME, spent=5, ends_at=clock.now + WINDOW))
    context = context_of(app, clock)
    for late, wait in ((4, 56), (61, 1)):  # the request waited for a lock
        clock.now = context.now + timedelta(seconds=late)
        with app.app_context(), pytest.raises(Refused) as refused:
            limits.refuse_if_spent(context, [limits.Limit(NAME, 5, WINDOW)], database.all(LimitCounter))
        assert refused.value.facts["wait"] == wait


def test_a_try_beyond_the_limit_is_not_charged_even_if_its_window_ended_meanwhile(app, database, clock):
    """Of many requests at once, several pass the first look at the limits."""
    database.change(insert(LimitCounter).values(key=NAME, spent=5, ends_at=clock.now + WINDOW))
    context = context_of(app, clock)
    for late in (0, 61):
        clock.now = context.now + timedelta(seconds=late)
        with app.app_context(), pytest.raises(Refused) as refused:
            begin_write()
            limits.charge(context, [limits.Limit(ADDRESS, 5, WINDOW), limits.Limit(NAME, 5, WINDOW)])
        assert refused.value.facts["wait"] == (1 if late else 60)
        with app.app_context():
            db.session.rollback()
    assert {row.key: row.spent for row in database.all(LimitCounter)} == {NAME: 5}


def test_what_outlasted_its_window_gives_no_try_back_to_the_next_one(app, database, clock):
    """A right password may have stood in line until its window was over, and a guess has begun another since."""
    counted = [limits.Limit(NAME, 5, WINDOW)]
    with app.app_context():
        charges = limits.charge_at_once(context_of(app, clock), counted)
        clock.move(minutes=1)
        limits.charge_at_once(context_of(app, clock), counted)
        begin_write()
        limits.refund(charges)
        db.session.commit()
    assert [row.spent for row in database.all(LimitCounter)] == [1]


def test_the_sweep_forgets_some_at_a_time_so_that_others_write_in_between(app, database, clock):
    over = [{"key": f"{number:064}", "spent": 1, "ends_at": clock.now - WINDOW} for number in range(config.SWEEP_ROWS + 1)]
    running = {"key": NAME, "spent": 1, "ends_at": clock.now + WINDOW}
    database.change(insert(LimitCounter).values([*over, running]))
    commits, engine = [], app.extensions["engine"]
    note = commits.append
    event.listen(engine, "commit", note)
    with app.app_context():
        limits.forget_ended_counters(clock.now)
    event.remove(engine, "commit", note)
    assert [row.key for row in database.all(LimitCounter)] == [NAME] and len(commits) == 2
