"""`retention run`: what was over long ago goes, and what is younger, waiting, or held stays (AU-6). Events: `test_retire.py`."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from portal.flows.operator import retention
from portal.models import (
    Event,
    Link,
    Outbox,
    RecoveryCase,
    RecoveryNote,
    RecoveryTicket,
    SentCode,
    Session,
    TrustedBrowser,
    User,
)
from portal.settings import operation
from portal.web.browser_session import BROWSER_COOKIE_LIFE
from tests.support.moving import START

DAY = timedelta(days=1)
TABLES = (Session, TrustedBrowser, Link, SentCode, Outbox, RecoveryCase, RecoveryNote, RecoveryTicket)


@pytest.fixture
def run(app, clock):
    """Runs the command; returns its exit code and words."""

    def run(*options):
        result = app.test_cli_runner().invoke(args=["retention", "run", *options])
        return result.exit_code, result.output

    return run


def add(database, owner, name, age):
    """Adds a row of each kind that was over for as many days more than it is kept, or fewer if negative."""
    of = {"user_id": owner}
    over = {
        "session": START - operation.SESSIONS_KEPT - age,
        "quarter": START - operation.MESSAGES_KEPT - age,
        "years": START - operation.RECOVERIES_KEPT - age,
    }
    at, place = over["quarter"], {"ip": "192.0.2.7", "user_agent": ""}
    times = {"created_at": at, "expires_at": at}
    began = {"created_at": over["session"] - DAY, "last_seen_at": over["session"], "password_at": over["session"] - DAY}
    rows = (
        (Session, {**of, **place, **began, "token_hash": f"s{name}", "level": "aal2", "ends_at": over["session"]}),
        (TrustedBrowser, {**of, **place, **times, "token_hash": f"t{name}", "generation": 0, "last_used_at": at}),
        (Link, {**of, **times, "token_hash": f"l{name}", "purpose": "new_password", "facts": {}}),
        (Outbox, {**of, **times, "id": f"o{name}", "kind": "text", "template": "code", "facts": {}, "to_sealed": b"", "state": "sent"}),
        (
            SentCode,
            {**of, **times, "id": f"c{name}", "attempt": "", "authenticator_id": "", "to_hash": b"", "prefix": "", "ip": "",
             "code_hash": b"", "outbox_id": f"o{name}"},
        ),
        (
            RecoveryCase,
            {**of, "id": f"r{name}", "generation": 0, "state": "done", "state_since": over["years"], "opened_at": over["years"],
             "code_seed": "", "code_until": over["years"], "ended_at": over["years"]},
        ),
        (RecoveryNote, {"id": f"n{name}", "case_id": f"r{name}", "kind": "note", "text_sealed": b"", "written_at": over["years"]}),
        (RecoveryTicket, {"id": f"q{name}", "case_ids": [], "case_id": f"r{name}", "created_at": over["years"]}),
    )  # fmt: skip
    for model, values in rows:
        database.change(insert(model).values(**values))


def numbers(database):
    return {model.__tablename__: len(database.all(model)) for model in TABLES}


@pytest.fixture
def aged(database):
    """Rows of sam and of jun that may go, and of sam that may go tomorrow; returns the numbers before them."""
    ids = {user.username: user.id for user in database.all(User)}
    before = numbers(database)
    add(database, ids["sam"], "old", DAY)
    add(database, ids["jun"], "held", DAY)
    add(database, ids["sam"], "young", -DAY)
    return before


def test_what_is_old_goes_and_what_is_younger_stays(run, database, aged):
    code, said = run()
    assert code == 0 and "           2 sessions, over for more than 400 days, are deleted\n" in said
    assert {name: number - aged[name] for name, number in numbers(database).items()} == dict.fromkeys(aged, 1)
    (event,) = database.all(Event, Event.event == "retention_run")
    assert (event.times, event.subject_id) == (12, None)


def test_running_it_again_deletes_nothing(run, database, aged):
    run()
    before = database.everything()
    code, said = run()
    assert code == 0 and "           0 sessions, " in said
    assert database.everything() == before


def test_a_rehearsal_counts_the_same_and_changes_nothing(run, database, aged):
    before = database.everything()
    code, said = run("--dry-run")
    assert code == 0 and "           2 codes by text, over for more than 90 days, would go\n" in said
    assert "           2 emails and texts, over for more than 90 days, would go\n" in said
    assert database.everything() == before


def hold(app, monkeypatch, *names):
    monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], retention_holds=names))


def test_who_is_held_keeps_everything(run, app, database, aged, monkeypatch):
    hold(app, monkeypatch, "JUN", "maria")
    code, said = run()
    assert code == 0 and said.endswith("2 accounts keep everything, by PORTAL_RETENTION_HOLDS.\n")
    assert {name: number - aged[name] for name, number in numbers(database).items()} == dict.fromkeys(aged, 2)


def test_a_hold_of_nobody_s_stops_the_run(run, app, database, aged, monkeypatch):
    hold(app, monkeypatch, "jun", "june")
    before = database.everything()
    code, said = run()
    assert code == 1 and said.startswith("Error: PORTAL_RETENTION_HOLDS: No account has the username june. Nothing was deleted.")
    assert database.everything() == before


def test_a_message_stays_with_the_code_that_was_in_it(run, database, aged):
    database.change(update(SentCode).where(SentCode.id == "cold").values(created_at=START))
    run()
    assert database.all(Outbox, Outbox.id == "oold")


def test_what_waits_to_go_out_stays_whatever_its_age(run, database, aged):
    database.change(update(Outbox).where(Outbox.id == "oold").values(state="queued"))
    run()
    assert database.all(Outbox, Outbox.id == "oold")


def test_events_without_a_seal_stay(run, database):
    database.change(update(Event).values(at=START - operation.EVENTS_KEPT - DAY))
    before = database.everything()
    number = len(database.all(Event))
    code, said = run()
    assert code == 0 and f"{number:>12,} more events are as old, and stay" in said
    assert database.everything() == before


def test_it_goes_batch_by_batch(run, database, aged, monkeypatch):
    monkeypatch.setattr(operation, "RETENTION_BATCH", 1)
    run()
    assert {name: number - aged[name] for name, number in numbers(database).items()} == dict.fromkeys(aged, 1)


def test_what_changes_in_the_same_moment_stays(app, database, aged, clock, monkeypatch):
    begin = retention.begin_write

    def change_first():
        database.change(update(Session).where(Session.token_hash == "sold").values(ends_at=clock.now))
        return begin()

    monkeypatch.setattr(retention, "begin_write", change_first)
    with app.app_context():
        assert retention.delete_old(retention.RULES[0], clock.now, [], lambda _: None) == 1
    assert database.all(Session, Session.token_hash == "sold")


def test_nobody_becomes_a_stranger_in_their_own_browser():
    assert timedelta(seconds=BROWSER_COOKIE_LIFE) < operation.SESSIONS_KEPT
