"""Events are deleted after six years, in whole seals, and the chain still shows what was not deleted by age (AU-6)."""

import dataclasses
from datetime import timedelta

import pytest

from portal.flows.audit import retire
from portal.flows.audit.chain import AuditKeys
from portal.flows.audit.seal import next_seal
from portal.flows.operator.operator_events import command_context
from portal.models import Event, EventSeal, User
from portal.settings import audit, operation


def run(trail):
    """Deletes what is old enough; returns how many events."""
    with trail.app.app_context():
        return retire.retire_events(command_context(trail.keys, trail.clock.now, "retention run"), trail.keys)


@pytest.fixture
def old(trail):
    """A trail of two batches, and another one a year later; the first ones are as old as they get."""
    ids = trail.fill(4, 5)
    trail.clock.move(days=365)
    trail.fill(3)
    trail.clock.move(days=operation.EVENTS_KEPT.days - 365)
    return ids


def test_a_day_less_than_six_years_deletes_nothing(trail, old):
    trail.clock.move(days=-1)
    before = trail.count()
    assert run(trail) == 0
    assert trail.count() == before and trail.kinds() == []


def test_what_is_older_is_deleted_and_the_chain_says_so(trail, old, database):
    before, seals = trail.count(), len(trail.seals())
    done = run(trail)
    assert done == before - 3 and trail.count() == 3 + 1
    assert run(trail) == 0
    event = database.all(Event)[-1]
    assert (event.event, event.reason) == ("audit_retired", f"seals to {seals - 1}")
    assert [row.number for row in trail.seals()] == list(range(1, seals + 2)), "a seal is gone, too"
    report = trail.report()
    assert (report.found, report.retired, report.events, report.unsealed) == (0, done, 3, 1)
    trail.seal(minutes=5)
    assert trail.seal_forgotten() == 0
    trail.fill(2)
    assert trail.kinds() == []


def test_some_seals_at_a_time_make_the_same(trail, old, monkeypatch):
    monkeypatch.setattr(audit, "PAGE_SEALS", 1)
    before = trail.count()
    done = run(trail)
    assert done == before - 3 and trail.kinds() == []
    trail.clock.move(days=400)
    assert run(trail) == 3
    assert run(trail) == 0, "a retirement was retired"
    assert trail.kinds() == []


def test_what_is_deleted_beside_it_is_found(trail, old):
    run(trail)
    trail.change("DELETE FROM events WHERE id = (SELECT min(id) FROM events)")
    assert [kind for kind, _, _ in trail.kinds()] == ["event_removed"]


def test_a_row_that_takes_the_place_of_a_deleted_one_is_found(trail, old):
    run(trail)
    trail.add(id=old[0][0], at=trail.clock.now - timedelta(days=2200))
    assert trail.kinds() == [("event_added", 0, old[0][0])]


def test_nobody_without_a_key_pretends_a_retirement(trail, old):
    row = trail.seals()[-1]
    seal = next_seal(row, row.key_id, trail.clock.now) | {"retired_through": row.number, "own_hash": b"x" * 32}
    with trail.engine.begin() as connection:
        connection.execute(EventSeal.__table__.insert().values(seal))
    trail.change("DELETE FROM events")
    assert trail.kinds() == [("seal_changed", row.number + 1, 0)]


def test_one_that_is_stopped_in_the_middle_has_deleted_nothing(trail, old, monkeypatch):
    before = trail.count()
    with monkeypatch.context() as patch:
        patch.setattr(retire, "change", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(trail)
    assert trail.count() == before and trail.kinds() == []
    assert run(trail) > 0


def test_a_worker_that_seals_at_the_same_moment_goes_first(trail, old, monkeypatch):
    before, stale = trail.count(), trail.seals()[-2]
    with monkeypatch.context() as patch:
        patch.setattr(retire, "read_head", lambda: stale)
        assert run(trail) == 0
    assert trail.count() == before and trail.kinds() == []


def test_a_key_that_is_replaced_meanwhile_seals_nothing_more(trail, old, rings, monkeypatch):
    before, find = trail.count(), AuditKeys.current
    was, both, _ = rings
    trail.keys = was
    trail.fill(1)

    def overtaken(keys, moment, head):
        """Finds the key, and a worker that knows a newer encryption key seals before it is used."""
        found = find(keys, moment, head)
        monkeypatch.setattr(AuditKeys, "current", find)
        trail.keys = both
        trail.fill(1)
        return found

    monkeypatch.setattr(AuditKeys, "current", overtaken)
    assert run(trail) == 0
    assert trail.count() == before + 2 and trail.kinds() == []


def test_a_verification_that_runs_meanwhile_finds_nothing(trail, old, monkeypatch):
    """It has read the seals before, and looks for their events afterward."""
    from portal.flows.audit import verify

    read_events, done = verify.events_of, []

    def retire_first(seals):
        done.append(done or run(trail))
        return read_events(seals)

    monkeypatch.setattr(verify, "events_of", retire_first)
    assert trail.report().found == 0 and done[0] > 0


@pytest.fixture
def command(trail, database, monkeypatch):
    """Runs `retention run`, with accounts held; returns its exit code and words."""

    def command(*options, held=""):
        settings = dataclasses.replace(trail.app.extensions["settings"], retention_holds=(held,) if held else ())
        monkeypatch.setitem(trail.app.extensions, "settings", settings)
        result = trail.app.test_cli_runner().invoke(args=["retention", "run", *options])
        return result.exit_code, result.output

    return command


def test_the_command_counts_first_and_then_deletes_as_many(trail, old, command):
    before, seals = trail.count(), trail.seals()
    number = before - 3
    code, said = command("--dry-run")
    assert code == 0 and f"{number:>12,} events, older than 2,192 days, would go" in said
    assert (trail.count(), trail.seals()) == (before, seals)
    code, said = command()
    assert code == 0 and f"{number:>12,} events, older than 2,192 days, are deleted" in said
    assert trail.kinds() == [] and trail.report().retired == number
    assert f"{0:>12,} events" in command()[1]


@pytest.mark.parametrize("column", ["subject_id", "actor_id"])
def test_a_hold_keeps_its_seal_and_all_that_follow(trail, database, command, column):
    quiet = next(user for user in database.all(User) if not database.all(Event, (Event.subject_id == user.id)))
    trail.fill(4)
    before = trail.count()
    trail.clock.move(minutes=5)
    trail.add(2, trail.clock.now - timedelta(minutes=4), **{column: quiet.id})
    trail.add(1, trail.clock.now - timedelta(minutes=4))
    assert trail.seal() == 3
    trail.fill(2)
    trail.clock.move(days=operation.EVENTS_KEPT.days + 1)
    code, said = command(held=quiet.username)
    assert code == 0 and f"{before:>12,} events, older" in said and f"{5:>12,} more events are as old, and stay" in said
    assert trail.count() == 5 + 1 and trail.kinds() == []
    assert f"{5:>12,} events, older" in command()[1]
