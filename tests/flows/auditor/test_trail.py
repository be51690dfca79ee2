"""What a folder says of the audit trail: what it verified itself, what the operator did, and what neither has read."""

import pytest

from portal.flows.auditor.trail import read_trail
from portal.folder.trail_words import in_short, sentences
from portal.folder.words import Words
from portal.models import Event
from portal.settings import auditing
from portal.zones import find_zone
from tests.cli.test_audit import run  # noqa: F401  # a fixture
from tests.support.trail import Trail

WORDS = Words("en", find_zone("UTC"))


@pytest.fixture
def trail(app, clock):
    clock.move(minutes=10)
    return Trail(app, clock)


def read(trail):
    with trail.app.app_context():
        return read_trail(trail.app.extensions["keys"], trail.clock.now)


def said(found):
    return " ".join(sentences(WORDS, found))


@pytest.mark.usefixtures("clock")
def test_without_a_seal_there_is_nothing_to_verify(app, clock):
    found = read(Trail(app, clock))
    assert in_short(WORDS, found) == "Not sealed yet" and "nothing to verify" in said(found)


def test_a_short_trail_is_verified_whole(trail):
    trail.fill(3, 4)
    found = read(trail)
    assert found.is_whole and found.gap is None and in_short(WORDS, found) == "Unchanged"
    assert f"all {found.last} seals were verified" in said(found) and found.head in said(found)


def test_what_was_changed_is_said(trail):
    ids = trail.fill(5, 4)
    trail.change("UPDATE events SET ip = '192.0.2.8' WHERE id = :id", id=ids[1][0])
    found = read(trail)
    assert in_short(WORDS, found) == "Changed"
    assert f"event {ids[1][0]}: event changed" in said(found) and "Faults: 1." in said(found)


def test_of_a_long_trail_the_newest_part_is_verified_and_the_rest_is_the_operators(trail, run, database, monkeypatch):  # noqa: F811
    trail.fill(3, 3, 3)
    assert run("verify", "--record")[0] == 0
    [event] = database.all(Event, Event.event == "audit_verified")
    known = int(event.reason.split("/")[0])
    assert trail.seal(minutes=5) == 1  # the record itself
    trail.fill(3, 3, 3, 3)
    monkeypatch.setattr(auditing, "TRAIL_EVENTS", 4)
    found = read(trail)
    assert found.whole and found.whole.seals == known and found.first > known + 1
    assert found.gap == (known + 1, found.first - 1) and found.found == 0
    assert f"Seals {known + 1} to {found.first - 1} were read by neither." in said(found)
    monkeypatch.setattr(auditing, "TRAIL_EVENTS", 14)
    assert read(trail).gap is None and read(trail).first == known + 1


def test_a_change_in_the_newest_part_of_a_long_trail_is_found(trail, monkeypatch):
    ids = trail.fill(3, 3, 3, 3)
    monkeypatch.setattr(auditing, "TRAIL_EVENTS", 4)
    assert read(trail).found == 0
    trail.change("DELETE FROM events WHERE id = :id", id=ids[-1][0])
    assert [each.kind for each in read(trail).faults] == ["event_removed"]


def test_a_broken_link_at_the_end_of_a_long_trail_is_found(trail, monkeypatch):
    trail.fill(3, 3, 3, 3)
    monkeypatch.setattr(auditing, "TRAIL_EVENTS", 4)
    first = read(trail).first
    trail.change("UPDATE event_seals SET own_hash = :wrong WHERE number = :number", wrong=b"x" * 32, number=first - 1)
    assert {each.kind for each in read(trail).faults} == {"chain_broken"}


def test_a_trail_whose_seals_are_gone_is_said_to_be_changed(trail):
    trail.fill(3, 3)
    trail.change("DELETE FROM event_seals", "DELETE FROM events")
    found = read(trail)
    assert in_short(WORDS, found) == "Changed" and "key without seal" in said(found) and not found.is_whole


def test_an_end_that_was_cut_off_after_a_verification_is_found(trail, run):  # noqa: F811
    trail.fill(3, 3)
    assert run("verify", "--record")[0] == 0
    known = trail.seals()[-1].number
    trail.change(f"DELETE FROM event_seals WHERE number = {known}")
    assert [(each.kind, each.seal) for each in read(trail).faults if not each.event] == [("anchor_missing", known)]


def test_a_seal_that_is_gone_from_where_a_folder_begins_is_found(trail, monkeypatch):
    trail.fill(3, 3, 3, 3)
    monkeypatch.setattr(auditing, "TRAIL_EVENTS", 4)
    first = read(trail).first
    trail.change(f"DELETE FROM event_seals WHERE number = {first - 1}")
    found = read(trail)
    assert "seals_missing" in {each.kind for each in found.faults} and in_short(WORDS, found) == "Changed"


@pytest.mark.parametrize("number", [0, 1])
def test_a_seal_that_cannot_be_read_breaks_no_folder(trail, monkeypatch, number):
    trail.fill(3, 3, 3, 3)
    monkeypatch.setattr(auditing, "TRAIL_EVENTS", 4)
    never = {"sqlite": "x", "postgresql": "infinity"}[trail.engine.dialect.name]
    number = trail.seals()[-1 - number].number
    trail.change("UPDATE event_seals SET first_at = :at WHERE number = :number", at=never, number=number)
    assert "seal_unreadable" in {each.kind for each in read(trail).faults}


def test_a_record_that_nobody_of_ours_wrote_breaks_no_folder(trail, database):
    trail.fill(3)
    for reason in ("all is well", "1/2", "1/2/3/4", "", None):
        trail.add(1, at=trail.clock.now, event="audit_verified", reason=reason)
        assert read(trail).whole is None


def test_a_part_of_the_trail_cannot_be_recorded_as_the_whole(run, database):  # noqa: F811
    code, _, errors = run("verify", "--record", "--since", "2027-01-01")
    assert code == 1 and "--record: What is recorded has to be of all events." in errors
    assert database.all(Event, Event.event == "audit_verified") == []
