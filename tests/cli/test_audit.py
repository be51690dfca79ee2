"""The commands of the audit trail: what they say, what they write, and what they leave alone."""

import json
import stat
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from portal.flows.audit import anchors
from portal.models import Event
from portal.settings import audit
from tests.support.trail import Trail

SEARCHED = ("2026-01-01", "2028-01-01")


ANCHOR = '{"date": "%s", "seal": %s, "hash": "' + "0" * 64 + '", "total": 1, "sealed_at": ""}'


@pytest.fixture
def trail(app, clock):
    clock.move(minutes=10)
    return Trail(app, clock)


@pytest.fixture
def run(app):
    """Runs a command; returns its exit code, what it printed, and its errors."""

    def run(*words):
        result = app.test_cli_runner().invoke(args=["audit", *words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def anchors_file(app, tmp_path, monkeypatch):
    """The file in the folder of PORTAL_AUDIT_ANCHORS."""
    for settings in (app.extensions["settings"], app.extensions["queue"].settings):
        monkeypatch.setitem(vars(settings), "audit_anchors", tmp_path)
    return tmp_path / audit.ANCHORS_FILE


def test_a_trail_that_nobody_touched(trail, run):
    trail.fill(3)
    trail.add(2, at=trail.clock.now)
    code, said, errors = run("verify")
    assert code == 0 and f"{trail.count() - 2} events in 2 seals, from 2027-03-01 12:00:10 UTC" in said and ": unchanged." in said
    assert "Not sealed yet: 2 events, the oldest of 2027-03-01 12:15:10 UTC. A worker seals them." in said
    assert run("verify")[:2] == (code, said)
    assert errors == ""


def test_faults_are_told_in_a_sentence_each_and_the_exit_code_is_1(trail, run):
    ids = trail.fill(5, 4)
    trail.change("DELETE FROM events WHERE id = :id", id=ids[0][1])
    trail.change("UPDATE events SET ip = '192.0.2.8' WHERE id = :id", id=ids[1][0])
    code, said, errors = run("verify")
    assert code == 1 and "2 faults" in said
    assert f"Event {ids[0][1]}, in seal 2, was removed.\n" in errors
    assert f"Event {ids[1][0]}, in seal 3, was changed. Its time is 2027-03-01 12:16:10 UTC.\n" in errors


def test_every_kind_has_a_sentence_and_more_than_twenty_are_counted(trail, run):
    ids = trail.fill(audit.FINDINGS_SHOWN + 4)[0]
    trail.change("DELETE FROM events WHERE id >= :id", id=ids[0])
    code, _, errors = run("verify")
    assert code == 1 and errors.endswith("And 4 more.\n") and errors.count("was removed") == audit.FINDINGS_SHOWN


def test_nothing_is_sealed_yet(trail, run, anchors_file):
    assert run("verify")[:2] == (
        0,
        f"0 events in 0 seals: unchanged.\nNot sealed yet: {trail.count()} events, the oldest of 2027-03-01 12:00:10 UTC."
        " A worker seals them.\n",
    )
    code, _, errors = run("anchor")
    assert code == 1 and errors == "Error: Nothing is sealed yet. A worker seals events a few minutes after they happen.\n"
    assert not anchors_file.exists()


def test_an_anchor_is_appended_and_compared(trail, run, anchors_file):
    trail.fill(3)
    first, second = run("anchor"), run("anchor")
    assert first == second and first[0] == 0 and anchors_file.read_text() == first[1] * 2
    anchor = json.loads(first[1])
    assert (anchor["date"], anchor["seal"], anchor["total"]) == ("2027-03-01", 2, trail.count())
    trail.fill(2)
    assert "Compared with 2 anchors, the last of 2027-03-01." in run("verify", "--anchors", str(anchors_file))[1]
    trail.change("DELETE FROM event_seals WHERE number > 1")
    code, _, errors = run("verify", "--anchors", str(anchors_file))
    assert code == 1
    assert "The anchor of 2027-03-01 names seal 2, and the last one is 1: the end of the trail was cut off.\n" in errors


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "{}",
        "[]",
        "[" * 100_000,
        ANCHOR % ("\\u001b[2J", 1),
        ANCHOR % ("2027-03-01", 0),
        '{"date": "2027-03-01", "seal": "1", "hash": "' + "0" * 64 + '", "total": 1, "sealed_at": ""}',
    ],
)
def test_a_file_of_other_lines_is_refused(trail, run, tmp_path, line):
    file = tmp_path / "anchors"
    file.write_text(f"\n{line}\n")
    code, _, errors = run("verify", "--anchors", str(file))
    assert code == 1 and errors == "Error: --anchors: Line 2 isn't an anchor. Name a file that the worker wrote.\n"


def test_a_file_that_lost_its_anchors_is_refused(trail, run, tmp_path):
    file = tmp_path / "anchors"
    file.write_text("\n")
    code, said, errors = run("verify", "--anchors", str(file))
    assert (code, said) == (1, "") and errors.startswith("Error: --anchors: The file holds no anchor.")


def test_one_is_counted_as_one(trail, run, anchors_file):
    trail.change("DELETE FROM events")
    event, later = trail.fill(1)[0][0], trail.add(1, at=trail.clock.now)
    run("anchor")
    said = run("verify", "--anchors", str(anchors_file))[1]
    assert (
        said.startswith("1 event in 1 seal, ") and "\nNot sealed yet: 1 event, " in said and "\nCompared with 1 anchor, " in said
    )
    trail.change(f"UPDATE events SET reason = 'x' WHERE id = {event}")
    assert ": 1 fault." in run("verify")[1] and later
    trail.seal(minutes=5)
    trail.fill(1)
    trail.change("DELETE FROM event_seals WHERE number = 2")
    assert "Seal 2 was removed.\n" in run("verify")[2]


def test_a_folder_that_takes_no_anchor_is_told(trail, run, app, monkeypatch, tmp_path):
    monkeypatch.setitem(vars(app.extensions["settings"]), "audit_anchors", tmp_path / "nowhere")
    trail.fill(1)
    code, said, errors = run("anchor")
    assert code == 1 and json.loads(said)["seal"] == 2
    assert errors == f"Error: PORTAL_AUDIT_ANCHORS: {tmp_path / 'nowhere'} takes no anchor (No such file or directory).\n"


def test_the_worker_anchors_once_a_day_and_looks_for_what_was_forgotten(trail, app, anchors_file):
    queue = app.extensions["queue"]
    queue.anchored_on = None
    trail.fill(2)
    for _ in range(3):
        queue.seal_events()
    queue.anchored_on = None  # another worker, or this one after a restart
    queue.seal_events()
    trail.clock.move(days=1)
    trail.add(1)
    queue.seal_events()
    lines = anchors_file.read_text().splitlines()
    assert [json.loads(line)["date"] for line in lines] == ["2027-03-01", "2027-03-02"]
    assert trail.kinds(anchors=anchors.read_anchors(lines)) == []
    queue.anchored_on = None


def test_the_worker_anchors_as_soon_as_there_is_a_seal(trail, app, anchors_file, monkeypatch):
    queue = app.extensions["queue"]
    queue.anchored_on = None
    trail.change("DELETE FROM events")
    queue.seal_events()
    assert queue.anchored_on is None and not anchors_file.exists()


def test_a_worker_outlives_a_database_that_is_away(trail, app, monkeypatch, caplog):
    def fail(*_):
        raise OperationalError("BEGIN", None, ConnectionError("gone"))

    monkeypatch.setattr("portal.queue.seal.seal_events", fail)
    app.extensions["queue"].seal_again()
    assert [record.levelname for record in caplog.records if "sealed a minute later" in record.message] == ["ERROR"]


def test_an_anchor_that_was_written_half_spoils_no_other(trail, anchors_file):
    trail.fill(1)
    anchors_file.write_text('{"date": "2027-')
    with trail.app.app_context():
        anchors.anchor_daily(anchors_file.parent, trail.clock.now)
    half, whole = anchors_file.read_text().splitlines()
    assert half == '{"date": "2027-' and anchors.read_anchor(whole, 1).seal == 2


def test_the_worker_goes_on_without_a_folder_and_the_log_has_the_anchor(trail, app, caplog, tmp_path):
    caplog.set_level("INFO")
    trail.fill(1)
    with app.app_context():
        anchor = anchors.anchor_daily(None, trail.clock.now)
        assert f"audit anchor: {anchor.line()}" in caplog.messages
        anchors.anchor_daily(tmp_path / "nowhere", trail.clock.now)
    assert [record.levelname for record in caplog.records if "takes no anchor" in record.message] == ["CRITICAL"]


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def test_an_export_has_each_event_of_the_period_once_with_its_place(trail, run, database):
    ids = trail.fill(3, 2)
    trail.add(1, at=trail.clock.now)
    trail.clock.move(minutes=1)
    code, said, _ = run("export", "--from", SEARCHED[0], "--to", SEARCHED[1])
    lines = lines_of(said)
    assert code == 0 and [line["id"] for line in lines] == [row.id for row in database.all(Event)]
    places = {line["id"]: (line["seal"], line["position"]) for line in lines}
    assert [places[each] for each in ids[0] + ids[1]] == [(2, 1), (2, 2), (2, 3), (3, 1), (3, 2)]
    assert [(line["event"], line["seal"]) for line in lines[-2:]] == [("session_end", None), ("audit_exported", None)]
    assert lines[0].keys() == {"seal", "position", *(column.name for column in Event.__table__.columns)}
    assert lines[0]["at"] == "2027-03-01T12:00:10.000000Z"


def test_only_the_period_is_exported(trail, run):
    trail.add(2, at=trail.clock.now + timedelta(days=-40))
    (wanted,) = trail.add(1, at=trail.clock.now + timedelta(days=-30, hours=-1))
    trail.seal()
    code, said, _ = run("export", "--from", "2027-01-30T00:00:00", "--to", "2027-01-31")
    assert code == 0 and [line["id"] for line in lines_of(said)] == [wanted]


@pytest.mark.parametrize("end", ["2027-01-30", "2027-01-29"])
def test_a_period_that_ends_before_it_begins_is_refused_and_not_recorded(trail, run, database, end):
    code, said, errors = run("export", "--from", "2027-01-30", "--to", end)
    assert (code, said) == (1, "") and errors.startswith("Error: --to: The period ends before it begins.")
    assert database.all(Event, Event.event == "audit_exported") == []


def test_who_exported_what_is_in_the_trail_before_it_is_read(trail, run, database, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ops\nforged")
    run("export", "--from", "2027-01-01", "--to", "2027-02-01")
    event = database.all(Event)[-1]
    assert (event.event, event.result, event.reason) == ("audit_exported", "ok", "2027-01-01T00:00/2027-02-01T00:00")
    assert event.user_agent == "audit export, run by ops forged" and event.actor_id is None


def test_a_file_is_whole_or_not_there_and_for_its_owner_alone(trail, run, tmp_path, monkeypatch):
    trail.fill(4)
    file = tmp_path / "events.jsonl"
    words = ("export", "--from", SEARCHED[0], "--to", SEARCHED[1], "--output")
    assert run(*words, str(file))[0] == 0
    assert len(lines_of(file.read_text())) == trail.count() and stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    with monkeypatch.context() as patch:
        patch.setattr("portal.flows.audit.export.line", lambda *_: 1 / 0)
        with pytest.raises(AssertionError):
            run(*words, str(file))
    assert file.read_text() == before and list(tmp_path.iterdir()) == [file]
    code, _, errors = run(*words, str(tmp_path / "nowhere" / "events.jsonl"))
    assert code == 1 and "events.jsonl can't be written (No such file or directory)." in errors


def test_a_row_that_is_gone_stops_no_export(trail, run):
    ids = trail.fill(3)[0]
    trail.change("DELETE FROM events WHERE id = :id", id=ids[1])
    _, said, _ = run("export", "--from", SEARCHED[0], "--to", SEARCHED[1])
    exported = [line["id"] for line in lines_of(said)]
    assert ids[0] in exported and ids[2] in exported and ids[1] not in exported
