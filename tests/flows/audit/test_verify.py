"""Verification finds each way to change the trail, says where, and finds nothing in one that nobody has touched (AU-4)."""

import base64
import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from portal.crypto import Keyring
from portal.flows.audit import chain, seal, verify
from portal.flows.audit.anchors import make_anchor
from portal.flows.audit.encoding import FORMATS, seal_hash
from portal.flows.operator.operator_events import command_context
from portal.flows.operator.rotate_keys import rotate_keys
from portal.models import EventSeal, audit_key_place
from portal.settings import audit

OTHER = {"actor_id": 1, "subject_id": 1, "times": 7, "at": "2027-03-01 12:00:00.000000"}


@pytest.fixture
def batches(trail):
    """The ids of three batches, in the last three seals."""
    return trail.fill(4, 5, 6)


def of(trail, place):
    """Returns the number of one of the last seals: 0 is the last, 1 the one before."""
    return trail.seals()[-1 - place].number


def test_a_trail_that_nobody_touched_is_unchanged_however_often_it_is_verified(trail, batches):
    before = trail.seals()
    first = trail.report()
    assert (first.found, first.events, first.unsealed, first.seals) == (0, trail.count(), 0, len(before))
    assert trail.report() == first and trail.seals() == before


def test_an_empty_trail_is_unchanged(trail):
    trail.change("DELETE FROM events")
    report = trail.report()
    assert (report.found, report.events, report.seals, report.unsealed_since) == (0, 0, 0, None)


def test_events_that_are_not_sealed_yet_are_counted(trail, batches):
    trail.add(3, at=trail.clock.now)
    report = trail.report()
    assert (report.found, report.unsealed, report.unsealed_since) == (0, 3, trail.clock.now)


@pytest.mark.parametrize("column", FORMATS[1])
def test_one_changed_column_of_one_row_is_found_at_that_row(trail, batches, column):
    event = batches[1][2]
    trail.change(f"UPDATE events SET {column} = :value WHERE id = :id", value=OTHER.get(column, "x"), id=event)
    assert trail.kinds() == [("event_changed", of(trail, 1), event)]


def test_an_empty_text_is_not_nothing(trail, batches):
    trail.change("UPDATE events SET reason = '' WHERE id = :id", id=batches[0][0])
    assert trail.kinds() == [("event_changed", of(trail, 2), batches[0][0])]


def test_what_moves_from_one_column_to_the_next_is_found(trail):
    (event,) = trail.fill(1)[0]
    trail.change("UPDATE events SET ip = '192.0.2.', user_agent = '7Firefox' WHERE id = :id", id=event)
    assert trail.kinds() == [("event_changed", of(trail, 0), event)]


def test_a_removed_row_is_found(trail, batches):
    trail.change("DELETE FROM events WHERE id = :id", id=batches[1][0])
    assert trail.kinds() == [("event_removed", of(trail, 1), batches[1][0])]


def test_two_exchanged_rows_are_found_and_told_as_such(trail, batches):
    one, other = batches[1][1], batches[2][3]
    for start, end in ((one, 99_999), (other, one), (99_999, other)):
        trail.change("UPDATE events SET id = :end WHERE id = :start", start=start, end=end)
    assert trail.kinds() == [("event_moved", of(trail, 1), one), ("event_moved", of(trail, 0), other)]
    assert {found.other for found in trail.report().findings} == {one, other}


def test_a_row_added_with_a_plausible_time_is_found_before_a_worker_sees_it(trail, batches):
    trail.seal(hours=2)
    trail.fill(1)
    (added,) = trail.add(at=trail.clock.now - timedelta(hours=2))
    assert trail.kinds() == [("event_added", 0, added)]


def test_a_row_added_with_a_plausible_time_is_found_after_a_worker_has_sealed_it(trail, batches):
    trail.seal(hours=2)
    trail.fill(1)
    at = trail.clock.now - timedelta(hours=2)
    (added,) = trail.add(at=at)
    trail.add(2)
    assert trail.seal() == 3
    assert trail.kinds() == [("event_late", of(trail, 0), added)]
    assert trail.report().findings[0].at == at


def test_what_waited_for_a_worker_that_was_stopped_was_not_added(trail, batches):
    trail.add(3, at=trail.clock.now)
    trail.clock.move(days=3)
    trail.add(3)
    assert trail.seal() == 6 and trail.kinds() == []


def test_a_counted_row_that_counts_on_after_its_seal_is_found(trail, plain, database):
    assert plain.another().post("/sign-in", {"username": "maria", "password": "x"}, token=None).status_code == 403
    trail.seal(minutes=5)
    (event,) = [row.id for row in database.all(verify.Event, verify.Event.event == "malicious_csrf")]
    trail.change("UPDATE events SET times = times + 1 WHERE id = :id", id=event)
    assert trail.kinds() == [("event_changed", of(trail, 0), event)]


@pytest.mark.parametrize("column", [column.name for column in EventSeal.__table__.columns if column.name != "number"])
def test_a_changed_column_of_a_seal_is_found(trail, batches, column):
    trail.change("INSERT INTO audit_keys VALUES ('other', :no, 'k', :now)", no=b"", now="2027-03-01 12:00:00")
    columns = EventSeal.__table__.c
    other = {"key_id": "other", "spans": "1-3", "has_more": True, "events": 77}
    for kind, value in ((bytes, b"x" * 32), (int, 77)):
        other |= {each.name: value for each in columns if each.type.python_type is kind and each.name not in other}
    trail.change(
        f"UPDATE event_seals SET {column} = :value WHERE number = :number",
        value=other.get(column, "2027-03-01 12:00:00.000000"), number=of(trail, 1),
    )  # fmt: skip
    kind = "key_missing" if column == "key_id" else "seal_changed"
    assert (kind, of(trail, 1), 0) in trail.kinds()


def test_a_removed_seal_is_found_and_so_are_several(trail, batches):
    last = of(trail, 0)
    trail.change("DELETE FROM event_seals WHERE number = :number", number=last - 1)
    assert ("seals_missing", last - 1, 0) in trail.kinds()
    trail.change("DELETE FROM event_seals WHERE number < :number", number=last)
    (found,) = [found for found in trail.report().findings if found.kind == "seals_missing"]
    assert (found.seal, found.other) == (1, last - 1)


def test_an_event_that_is_moved_to_another_seal_is_found(trail, batches):
    """Its id is taken out of one seal's spans, and put into another's."""
    ids = batches[1]
    trail.change("UPDATE event_seals SET spans = :spans WHERE number = :number", spans=f"{ids[0]}-{ids[-2]}", number=of(trail, 1))
    assert trail.kinds()[:1] == [("seal_changed", of(trail, 1), 0)]


def test_spans_of_all_the_world_are_not_read(trail, batches):
    trail.change("UPDATE event_seals SET spans = '1-9999999999' WHERE number = :number", number=of(trail, 1))
    report = trail.report()
    assert report.findings[0].kind == "seal_changed" and report.unsealed + report.found > len(batches[1])


def test_spans_that_are_none_are_told(trail, batches):
    trail.change("UPDATE event_seals SET spans = 'DROP' WHERE number = :number", number=of(trail, 1))
    assert trail.kinds()[0] == ("seal_changed", of(trail, 1), 0)


def test_a_chain_that_somebody_with_the_keys_forks_in_the_middle_is_found(trail, batches):
    with trail.app.app_context():
        row = trail.seals()[-2]
        changed = dict(row._mapping) | {"events": row.events + 1}
        forged = seal_hash(chain.AuditKeys(trail.keys).find(row.key_id), changed)
    trail.change(
        "UPDATE event_seals SET events = events + 1, own_hash = :hash WHERE number = :number", hash=forged, number=row.number
    )
    assert trail.kinds()[0] == ("chain_broken", of(trail, 0), 0)


def anchor(trail):
    with trail.app.app_context():
        made = make_anchor(trail.clock.now)
        return {made.seal: [made]}


def test_a_tail_that_is_cut_off_with_its_seals_is_found_by_an_anchor_alone(trail, batches):
    known = anchor(trail)
    number = of(trail, 0)
    trail.change("DELETE FROM event_seals WHERE number = :number", number=number)
    trail.change("DELETE FROM events WHERE id >= :id", id=batches[2][0])
    assert trail.kinds() == []
    assert trail.kinds(anchors=known) == [("anchor_missing", number, 0)]


@pytest.mark.parametrize("events", ["DELETE FROM events", "UPDATE events SET reason = 'harmless'"])
def test_a_chain_that_is_gone_is_found_by_its_key_before_and_after_a_new_one_begins(trail, batches, caplog, events):
    trail.change("DELETE FROM event_seals", events)
    assert trail.kinds() == [("key_without_seal", 0, 0)]
    trail.fill(2)
    assert trail.kinds() == [("key_without_seal", 0, 0)]
    assert [record.levelname for record in caplog.records if "all seals are gone" in record.message] == ["CRITICAL"]


def test_an_end_that_is_cut_off_back_to_the_key_before_is_found(trail, batches, rings):
    _, trail.keys, _ = rings
    first = of(trail, 0) + 1
    ids = trail.fill(2, 2)[0]
    trail.change(f"DELETE FROM event_seals WHERE number >= {first}", f"DELETE FROM events WHERE id >= {ids[0]}")
    assert trail.kinds() == [("key_without_seal", 0, 0)]


def test_a_key_is_written_with_its_first_seal_or_not_at_all(trail, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(seal, "seal_hash", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trail.seal()
    assert trail.kinds() == []
    trail.fill(2)
    assert trail.kinds() == []


def test_a_verification_that_a_new_key_overtakes_finds_nothing(trail, batches, rings, monkeypatch):
    load = chain.AuditKeys.load

    def load_first(keys):
        found = load(keys)
        monkeypatch.setattr(chain.AuditKeys, "load", load)
        _, trail.keys, _ = rings
        trail.fill(1)
        return found

    monkeypatch.setattr(chain.AuditKeys, "load", load_first)
    assert trail.kinds(keys=rings[1]) == []


def test_a_chain_begun_anew_without_its_keys_is_found_by_an_anchor_alone(trail, batches):
    known = anchor(trail)
    number = of(trail, 0)
    trail.change("DELETE FROM event_seals", "DELETE FROM audit_keys")
    trail.change("UPDATE events SET reason = 'harmless'")
    trail.seal()
    assert trail.kinds() == []
    assert trail.kinds(anchors=known) == [("anchor_missing", number, 0)]
    while of(trail, 0) < number:
        trail.fill(1)
    assert trail.kinds(anchors=known) == [("anchor_differs", number, 0)]


def test_an_anchor_that_is_added_later_takes_none_back(trail, batches):
    (number, [made]) = anchor(trail).popitem()
    forged = replace(made, hash="0" * 64)
    for known in ([made, forged], [forged, made]):
        assert trail.kinds(anchors={number: known}) == [("anchor_differs", number, 0)]


def test_an_anchor_of_a_chain_that_goes_on_fits(trail, batches):
    known = anchor(trail)
    trail.fill(2)
    assert trail.kinds(anchors=known | anchor(trail)) == []


def new_ring(old):
    """Returns a ring with a new key before the old ones."""
    return Keyring((("k-new", secrets.token_bytes(32)), *old))


def test_after_a_rotation_the_chain_goes_on_with_a_new_key_and_the_old_one_can_go(trail, batches, rings):
    _, both, new = rings
    trail.keys = both
    with trail.app.app_context():
        rotate_keys(command_context(both, trail.clock.now, "keys rotate"))
    trail.seal(minutes=5)
    trail.fill(2)
    assert len({row.key_id for row in trail.seals()}) == 2
    trail.keys = new
    trail.fill(2)
    assert len({row.key_id for row in trail.seals()}) == 2 and trail.kinds() == []
    trail.change("UPDATE events SET reason = 'x' WHERE id = :id", id=batches[0][0])
    assert trail.kinds() == [("event_changed", of(trail, 5), batches[0][0])]


def test_without_the_key_that_the_chain_needs_nothing_is_called_unchanged(trail, batches, rings):
    kinds = trail.kinds(keys=rings[2])
    assert {kind for kind, _, _ in kinds} == {"key_missing"} and len(kinds) == len(trail.seals())


def test_a_seal_made_with_a_key_that_had_been_replaced_is_found(trail, batches, rings):
    """Somebody has the encryption key of a year ago, and the database of today."""
    old, both, _ = rings
    trail.keys = both
    trail.fill(2)
    with trail.app.app_context():
        first, last = trail.seals()[0], trail.seals()[-1]
        key = chain.AuditKeys(old).find(first.key_id)
        forged = dict(last._mapping) | {"key_id": first.key_id, "number": last.number + 1, "previous_hash": last.own_hash}
        forged |= {"spans": "", "tags": b"", "events": 0, "own_hash": b""}
        seal = dict(forged) | {"own_hash": seal_hash(key, forged)}
    with trail.engine.begin() as connection:
        connection.execute(EventSeal.__table__.insert().values(seal))
    assert trail.kinds() == [("key_returned", last.number + 1, 0)]


def test_a_key_of_the_chain_that_is_exchanged_does_not_open(trail, batches):
    stranger = Keyring((("k1", secrets.token_bytes(32)),))
    row = trail.seals()[-1]
    forged = stranger.seal(base64.b64encode(secrets.token_bytes(32)).decode(), audit_key_place(row.key_id))
    trail.change("UPDATE audit_keys SET key_sealed = :forged", forged=forged)
    assert {kind for kind, _, _ in trail.kinds()} == {"key_missing"}


def test_only_what_was_sealed_since_is_read_and_the_chain_as_a_whole(trail, batches):
    trail.change("UPDATE events SET reason = 'x' WHERE id = :id", id=batches[0][0])
    since = trail.seals()[-2].sealed_at
    assert trail.kinds(since=since) == []
    assert trail.report(since=since).events == len(batches[1]) + len(batches[2])
    trail.change("DELETE FROM event_seals WHERE number = 1")
    assert trail.kinds(since=since)[0] == ("seals_missing", 1, 0)


def test_many_faults_are_counted_and_the_first_ones_told(trail, monkeypatch):
    monkeypatch.setattr(audit, "FINDINGS_SHOWN", 3)
    ids = trail.fill(8)[0]
    trail.change("DELETE FROM events WHERE id >= :id", id=ids[0])
    report = trail.report()
    assert (report.found, len(report.findings)) == (8, 3)


def test_pages_of_any_size_find_the_same(trail, batches, monkeypatch):
    trail.change("DELETE FROM events WHERE id IN (:one, :other)", one=batches[0][1], other=batches[2][2])
    whole = trail.report()
    for seals, events, block in ((1, 1, 4), (2, 5, 7), (500, 9, 1)):
        monkeypatch.setattr(audit, "PAGE_SEALS", seals)
        monkeypatch.setattr(audit, "PAGE_EVENTS", events)
        monkeypatch.setattr(audit, "IDS_AT_ONCE", block)
        monkeypatch.setattr("portal.flows.audit.spans.Seen.WHOLE", b"\1" * block)
        assert trail.report() == whole


NEVER = {"sqlite": "x", "postgresql": "infinity"}  # a moment that nobody can read


def never(trail):
    return NEVER[trail.engine.dialect.name]


def test_an_event_that_cannot_be_read_is_found_and_so_are_all_others(trail, batches):
    trail.change("UPDATE events SET at = :at WHERE id = :id", at=never(trail), id=batches[1][2])
    trail.change("UPDATE events SET reason = 'x' WHERE id = :id", id=batches[1][3])
    assert trail.kinds() == [
        ("event_unreadable", of(trail, 1), batches[1][2]),
        ("event_changed", of(trail, 1), batches[1][3]),
    ]


def test_an_event_that_cannot_be_read_keeps_no_other_from_being_sealed(trail, batches):
    trail.clock.move(minutes=5)
    added, later = trail.add(1), trail.add(3)
    trail.change("UPDATE events SET at = :at WHERE id = :id", at=never(trail), id=added[0])
    assert trail.seal() and not trail.seal()
    assert trail.kinds() == [("event_unreadable", 0, added[0])]
    trail.change("UPDATE events SET reason = 'x' WHERE id = :id", id=later[0])
    assert trail.kinds() == [("event_changed", of(trail, 0), later[0]), ("event_unreadable", 0, added[0])]


@pytest.mark.parametrize("column", ["sealed_at", "first_at"])
def test_a_seal_that_cannot_be_read_is_found(trail, batches, column):
    trail.change(f"UPDATE event_seals SET {column} = :at WHERE number = :number", at=never(trail), number=of(trail, 1))
    assert [found.kind for found in trail.report().findings] == ["seal_unreadable"]


def test_a_retirement_of_seals_that_never_were_is_found(trail, batches):
    trail.change("UPDATE event_seals SET retired_through = 9999 WHERE number = :number", number=of(trail, 1))
    assert ("seal_changed", of(trail, 1), 0) in trail.kinds()
    with trail.app.app_context():
        assert verify.count_to_verify() > 0
    assert trail.seal_forgotten() == 0


@pytest.mark.parametrize(
    "change",
    [
        "events SET user_agent = CAST(x'ff41' AS TEXT)",
        "events SET times = 9e999",
        "events SET at = 5",
        "event_seals SET own_hash = 'abc'",
        "event_seals SET spans = x'00'",
        "event_seals SET events = 'many'",
        "event_seals SET total = 'many'",
        "event_seals SET retired_through = 'x'",
        "audit_keys SET key_sealed = 'x'",
    ],
)
def test_a_value_of_another_type_is_found_where_the_database_takes_it(trail, batches, change):
    try:
        trail.change(f"UPDATE {change}")
    except DBAPIError:
        assert trail.engine.dialect.name == "postgresql", "SQLite takes any value in any column"
        return
    found = trail.report().found
    with trail.app.app_context():
        expected = verify.count_to_verify()
    trail.change("DELETE FROM events", "DELETE FROM event_seals", "DELETE FROM audit_keys")  # nobody could put them back
    assert found and expected
