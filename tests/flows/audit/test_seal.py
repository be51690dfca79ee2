"""Sealing: each event once, in batches, whenever it was committed, and by one of two workers."""

from datetime import timedelta

import pytest

from portal.db import db
from portal.flows.audit import chain, seal
from portal.flows.audit.encoding import COLUMNS, FORMAT, FORMATS
from portal.flows.audit.spans import Seen, read_spans
from portal.models import Event, EventSeal
from portal.settings import audit


def sealed_ids(trail):
    """Returns the ids of all sealed events, in their positions."""
    return [each for row in trail.seals() for first, last in read_spans(row.spans) for each in range(first, last + 1)]


def test_an_event_is_sealed_once_its_minute_is_over_and_only_once(trail):
    trail.seal()
    before = len(sealed_ids(trail))
    (new,) = trail.add(at=trail.clock.now)
    assert [trail.seal(), trail.seal(minutes=1), trail.seal(minutes=1)] == [0, 0, 0]
    assert trail.seal(minutes=1) == 1
    assert trail.seal(minutes=1) == 0
    assert sealed_ids(trail)[before:] == [new]
    assert trail.kinds() == []


def test_the_trail_of_a_running_installation_is_sealed_some_at_a_time(trail, monkeypatch):
    monkeypatch.setattr(audit, "BATCH", 4)
    monkeypatch.setattr(audit, "BATCHES", 3)
    monkeypatch.setattr(seal, "NEXT_IDS", seal.NEXT_IDS.limit(4))
    trail.add(30, at=trail.clock.now - timedelta(days=400))
    total = trail.count()
    counts = []
    while done := trail.seal():
        counts.append(done)
    assert sum(counts) == total and max(counts) == 12
    assert [row.has_more for row in trail.seals()[:-1]] == [True] * (len(trail.seals()) - 1)
    assert len(sealed_ids(trail)) == len(set(sealed_ids(trail))) == total
    report = trail.report()
    assert (report.found, report.events, report.unsealed) == (0, total, 0)


def test_what_was_committed_late_comes_into_a_later_seal(trail):
    """PostgreSQL hands out ids before the commit: another event, with a higher one, may be sealed meanwhile."""
    trail.fill(3)
    first, late, *_, last = range(10_001, 10_006)
    for each in (first, last):
        trail.add(id=each)
    assert trail.seal() == 2
    trail.add(id=late, at=trail.clock.now - timedelta(minutes=9))
    assert trail.seal(minutes=1) == 1
    assert sealed_ids(trail)[-3:] == [first, last, late]
    assert trail.kinds() == []
    assert trail.seal(minutes=1) == 0


def test_an_event_that_is_not_due_stays_out_of_a_seal_around_it(trail):
    trail.fill(3)
    first, waits, last = range(10_001, 10_004)
    for each in (first, last):
        trail.add(id=each)
    trail.add(id=waits, at=trail.clock.now)
    assert trail.seal() == 2 and sealed_ids(trail)[-2:] == [first, last]
    assert trail.seal(minutes=3) == 1 and sealed_ids(trail)[-1] == waits
    assert trail.kinds() == []


def test_what_was_committed_hours_late_is_found_once_a_day(trail):
    trail.fill(3)
    trail.add(id=20_001)
    trail.seal()
    for number in range(4):
        trail.clock.move(minutes=30)
        trail.add(id=20_002 + number)
        assert trail.seal() == 1
    trail.add(id=15_000, at=trail.clock.now - timedelta(minutes=10))
    assert trail.seal(minutes=1) == 0
    assert trail.seal_forgotten() == 1
    assert trail.seal_forgotten() == 0
    assert 15_000 in sealed_ids(trail) and trail.report().unsealed == 0
    assert trail.kinds() == []


def test_of_many_forgotten_ones_a_batch_is_sealed_at_a_time(trail, monkeypatch):
    trail.fill(1)
    trail.add(id=20_001)
    trail.seal()
    trail.clock.move(hours=2)
    trail.add(id=20_100)
    trail.seal()
    for number in range(5):
        trail.add(id=15_000 + number)
    with monkeypatch.context() as patch:
        patch.setattr(audit, "BATCH", 2)
        assert [trail.seal_forgotten() for _ in range(4)] == [2, 2, 1, 0]
    assert trail.kinds() == [] and trail.report().unsealed == 0


def test_nothing_was_forgotten_before_there_is_a_seal(trail):
    assert trail.seal_forgotten() == 0


def test_events_that_are_gone_are_a_critical_line_in_the_log(trail, caplog):
    trail.fill(3)
    trail.change("DELETE FROM events WHERE id = (SELECT max(id) FROM events)")
    assert trail.seal_forgotten() == 0
    assert [record.levelname for record in caplog.records if "1 sealed events are gone" in record.message] == ["CRITICAL"]


def test_of_two_workers_one_seals(trail):
    """Both have found the same events after the same head."""
    trail.fill(2)
    trail.add(5)
    with trail.app.app_context():
        head = chain.read_head()
        ids = seal.find_due(head, trail.clock.now)
        assert seal.seal_ids(trail.keys, trail.clock.now, head, ids, has_more=False)
        assert not seal.seal_ids(trail.keys, trail.clock.now, head, ids, has_more=False)
        assert chain.read_head().number == head.number + 1
    assert trail.kinds() == [] and trail.report().unsealed == 0


def test_a_worker_that_stops_before_its_seal_leaves_its_events_to_the_next(trail, monkeypatch):
    trail.fill(2)
    trail.add(5)
    with monkeypatch.context() as patch:
        patch.setattr(seal, "write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trail.seal()
    assert trail.seal() == 5
    assert trail.kinds() == []


def test_an_event_of_the_future_does_not_wait_for_its_time(trail):
    """A clock that ran ahead has written it. What it counts may still change, when its minute comes again."""
    trail.fill(1)
    trail.add(at=trail.clock.now + timedelta(days=300))
    trail.add(at=trail.clock.now + timedelta(days=300), minute_key="k")
    assert trail.seal() == 1
    assert trail.report().unsealed == 1 and trail.kinds() == []


def test_a_clock_that_is_set_back_makes_no_event_look_added(trail):
    trail.fill(2)
    trail.clock.move(days=1)
    trail.fill(2)
    trail.clock.move(days=-1, minutes=10)
    assert trail.seal() == 0
    trail.fill(2, 2)
    assert trail.kinds() == []


def test_every_column_of_an_event_is_sealed():
    assert {"id", *FORMATS[FORMAT]} == {column.name for column in Event.__table__.columns}
    assert COLUMNS.keys() == FORMATS.keys()


def count_forged(plain, times):
    for _ in range(times):
        assert plain.another().post("/sign-in", {"username": "maria", "password": "x"}, token=None).status_code == 403


def counted(database):
    return [row.times for row in database.all(Event, Event.event == "malicious_csrf")]


def test_a_row_that_counts_is_sealed_after_its_minute(trail, plain, database):
    count_forged(plain, 3)
    trail.seal(minutes=1)
    count_forged(plain, 2)
    assert trail.seal(minutes=2) >= 1
    assert trail.seal(minutes=1) >= 1
    assert counted(database) == [3, 2] and trail.kinds() == []


def test_a_minute_that_a_clock_lives_through_again_changes_no_sealed_row(trail, plain, database):
    count_forged(plain, 3)
    trail.seal(minutes=5)
    trail.clock.move(minutes=-5)
    count_forged(plain, 4)
    assert counted(database) == [3, 4] and trail.kinds() == []
    trail.seal(minutes=5)
    trail.clock.move(minutes=-5)
    count_forged(plain, 5)
    trail.seal(minutes=5)
    assert counted(database) == [3, 4, 5] and trail.kinds() == []


def test_a_key_of_the_chain_that_does_not_open_is_replaced(trail, caplog):
    trail.fill(1)
    trail.change("UPDATE audit_keys SET key_sealed = :broken", broken=b"k1\0broken")
    trail.fill(1)
    *before, last = trail.seals()
    assert last.key_id not in {row.key_id for row in before}
    assert {(kind, number) for kind, number, _ in trail.kinds()} == {("key_missing", row.number) for row in before}
    assert any(record.levelname == "CRITICAL" for record in caplog.records)


def test_the_database_alone_computes_no_seal(trail):
    """Its keys are sealed by the keys of the environment."""
    trail.fill(1)
    with trail.app.app_context():
        (row,) = db.session.execute(chain.FIND_KEYS).all()
        assert row.key_sealed.startswith(trail.keys.newest.encode()) and trail.seals()[0].key_id == row.id


def test_ids_that_are_in_a_set_may_be_added_again():
    seen = Seen()
    for span in ((0, audit.IDS_AT_ONCE - 1), (3, 5)):
        seen.add([span])
    assert list(seen.missing(range(audit.IDS_AT_ONCE - 2, audit.IDS_AT_ONCE + 2))) == [audit.IDS_AT_ONCE, audit.IDS_AT_ONCE + 1]


def test_a_seal_says_where_its_events_are(trail):
    ids = trail.fill(4)[0]
    row = trail.seals()[-1]
    assert (row.events, row.spans, len(row.tags)) == (4, f"{ids[0]}-{ids[-1]}", 4 * audit.TAG_BYTES)
    assert row.total == sum(each.events for each in trail.seals()) and row.top_id == ids[-1]
    assert EventSeal.__table__.c.previous_hash.unique
