"""Which rule was in force since when: written down where it changes, once, and only if it did."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from portal.db import begin_write, db
from portal.flows.auditor import rules, scope
from portal.flows.auditor.scope import Period, Scope
from portal.flows.base.context import RequestContext
from portal.flows.base.rule_record import EVENT, record_rule
from portal.folder.rules import NAMES, value_words
from portal.folder.words import Words
from portal.models import Event, Practice, RuleChange
from portal.policy import PROVIDER
from portal.settings import auditing
from portal.zones import find_zone
from tests.blueprints.ehr.test_deadline import DEADLINE, fill
from tests.support.moving import START

ZONE = find_zone("America/Los_Angeles")
TODAY = START.date()


@pytest.fixture
def start(app, clock):
    """Starts a worker, as far as rules go, with these settings; returns how many rules it wrote down."""

    def start(**settings):
        context = RequestContext(clock.now, app.extensions["keys"], "", "", "sweep")
        with app.app_context():
            return rules.record_rules(context, replace(app.extensions["settings"], **settings))

    return start


@pytest.fixture
def listed(app, clock):
    """Returns (value, since, was first, until, by whom) of a rule in the folder of Riverside."""

    def listed(name, first=TODAY, **settings):
        keys, all_settings = app.extensions["keys"], replace(app.extensions["settings"], **settings)
        with app.app_context():
            scope = Scope(1, "", Period(first, clock.now.date(), ZONE), clock.now, PROVIDER)
            found = rules.list_rules(scope, rules.portal_rules(all_settings, keys))
        return [
            (each.value, each.since, each.was_first, each.until, each.by and each.by.account)
            for each in found
            if each.name == name
        ]

    return listed


def test_the_first_start_writes_everything_down_and_the_next_nothing(start, database):
    assert start() == len(database.all(RuleChange)) > 10
    assert start() == 0
    events = database.all(Event, Event.event == "rule_changed")
    assert {event.case_id for event in events} == {row.id for row in database.all(RuleChange)}
    assert {event.reason for event in events} <= NAMES.keys()


def test_a_change_is_in_the_folder_with_both_its_ends(start, listed, clock):
    start()
    clock.move(days=3)
    assert start(texts=False) == 2  # what patients may choose, and to which countries texts go
    on, off = listed("text_countries", texts=False)
    assert on == ("US,PR,GU,VI,AS,MP,CA", START, True, clock.now, None) or on[1:] == (START, True, clock.now, None)
    assert off == ("", clock.now, False, None, None)
    clock.move(days=3)
    start()
    assert [row[0] for row in listed("text_countries")] == [on[0], "", on[0]]


def test_what_ended_before_the_period_is_left_out(start, listed, clock):
    start()
    clock.move(days=3)
    start(trusted_browser_days=7)
    clock.move(days=3)
    assert [row[0] for row in listed("trusted_browser_days", clock.now.date(), trusted_browser_days=7)] == ["7"]


def test_what_no_worker_has_seen_is_said_to_be_unrecorded(start, listed):
    assert listed("sessions") == [("15;12", None, False, None, None)]
    start()
    [recorded, seen_now] = listed("trusted_browser_days", trusted_browser_days=1)
    assert recorded[3] is None and seen_now == ("1", None, False, None, None)


def test_an_administrators_deadline_is_a_rule_from_then_on(plain, admin_lee, listed, start, clock, database):
    plain.enter(admin_lee).open(DEADLINE)
    fill(plain, "2027-03-15", "3", "2")
    [(value, since, was_first, until, by)] = listed("deadline")
    assert value.endswith(";3;2") and (since, was_first, until, by) == (clock.now, True, None, "admin.lee")
    assert start() > 0 and len(database.all(RuleChange, RuleChange.name == "deadline")) == 1
    plain.open(DEADLINE).press("Remove the deadline")
    assert [row[0] for row in listed("deadline")] == [value, ""]
    words = Words("en", ZONE)
    rule = rules.Rule(True, "deadline", value, since, True, None, None)
    assert value_words(words, rule) == "Until 2027-03-15, then 3 days or 2 sign-ins more, whichever ends first"


def test_a_deadline_from_before_there_was_a_record_is_written_at_the_start(start, listed, database):
    database.change(update(Practice).where(Practice.id == 1).values(deadline_at=START + timedelta(days=9), grace_days=1))
    [(_, since, *_)] = listed("deadline")
    assert since is None
    start()
    [(_, since, was_first, *_)] = listed("deadline")
    assert (since, was_first) == (START, True)


def test_of_two_workers_that_start_at_once_one_writes(app, clock, database):
    done, gate = [], threading.Barrier(2)

    def begin():
        context = RequestContext(clock.now, app.extensions["keys"], "", "", "sweep")
        with app.app_context():
            gate.wait()
            done.append(rules.record_rules(context, app.extensions["settings"]))

    threads = [threading.Thread(target=begin) for _ in range(2)]
    [each.start() for each in threads]
    [each.join() for each in threads]
    rows = database.all(RuleChange)
    assert sum(done) == len(rows) == len({(row.scope, row.name, row.number) for row in rows})
    assert {row.number for row in rows} == {1}


def test_of_two_workers_that_have_found_nothing_the_second_writes_nothing(app, clock, database):
    context = RequestContext(clock.now, app.extensions["keys"], "", "", "sweep")
    with app.app_context():
        begin_write()
        assert [record_rule(context, None, "sessions", value, {}) for value in ("15;12", "20;12")] == [True, False]
        db.session.commit()
    assert [row.value for row in database.all(RuleChange)] == ["15;12"] and len(database.all(Event, Event.event == EVENT)) == 1


def test_every_rule_has_a_name_and_words(app):
    words = Words("en", ZONE)
    for name, value in rules.portal_rules(app.extensions["settings"], app.extensions["keys"]).items():
        said = value_words(words, rules.Rule(False, name, value, None, False, None, None))
        assert name in NAMES and said and "%(" not in said and ";" not in said.replace("; after", "").replace("; nobody", "")


def test_the_earliest_day_of_a_period_is_there_on_the_29th_of_february_too():
    assert scope.earliest_day(date(2028, 2, 29)) == date(2028 - auditing.FOLDER_YEARS, 2, 28)
