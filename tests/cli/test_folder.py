"""The commands for auditors: folders of one practice or all, the key, and restore drills; refused in a sentence, and never done twice."""

import json

import pytest

from portal.flows.auditor import collect
from portal.models import Event, RestoreDrill
from portal.signing import load_public_key
from tests.cli.test_audit import run  # noqa: F401  # a fixture
from tests.support import folders

RIVERSIDE, LAKESIDE = "Riverside Family Practice", "Lakeside Clinic"


@pytest.fixture
def make(run, tmp_path):  # noqa: F811
    """Runs the command; returns its exit code, its output, and the folders that are there afterward."""

    def make(*words):
        code, said, errors = run("folder", "--output", str(tmp_path / "out"), *words)
        made = sorted(path for path in (tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else []
        return code, said + errors, made

    return make


def test_each_practice_has_a_folder_of_its_own(make, clock, database):
    code, said, made = make()
    assert code == 0 and [path.name for path in made] == [
        "audit-lakeside-clinic-2-2026-03-02-to-2027-03-01", "audit-riverside-family-practice-1-2026-03-02-to-2027-03-01",
    ]  # fmt: skip
    for path, people in zip(made, ({"dr.novak"}, {"dr.okafor", "dr.chen", "admin.lee"}), strict=True):
        assert folders.sums_are_right(path) and folders.signature_is_right(path)
        assert {*folders.told(path, "factors", 1), *folders.told(path, "without", 1)} == people
        assert folders.told(path, "text-messages", 0)[0] == "Patients with two-factor authentication on"
        assert "the operator (audit folder" in json.loads((path / "manifest.json").read_text())["made"]["by"]
    events = database.all(Event, Event.event == "auditor_folder_made")
    assert [(each.reason, each.subject_id) for each in events] == [("2026-03-02/2027-03-01", None)] * 2
    assert said.count("Made ") == 2


def test_without_a_first_day_a_period_begins_where_records_do(make, clock):
    assert make("--practice", RIVERSIDE, "--to", "2021-06-01")[2][0].name.endswith("-2021-03-01-to-2021-06-01")


def test_a_folder_that_exists_is_left_as_it_is(make, clock, database):
    [path] = make("--practice", RIVERSIDE)[2]
    before = (path / "SHA256SUMS").read_bytes()
    clock.move(minutes=1)
    code, said, made = make("--practice", RIVERSIDE)
    assert (code, made) == (0, [path]) and "exists already. Nothing was changed." in said
    assert (path / "SHA256SUMS").read_bytes() == before
    assert len(database.all(Event, Event.event == "auditor_folder_made")) == 1


def test_a_dry_run_says_what_it_would_hold_and_writes_nothing(make, clock, database):
    code, said, made = make("--dry-run")
    assert code == 0 and made == [] and "3 people" in said and "Who has which factor" in said
    assert database.all(Event, Event.event == "auditor_folder_made") == []


def test_what_fails_half_way_leaves_nothing(make, clock, monkeypatch):
    def fails(*_words, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(collect, "collect", fails)
    code, said, made = make("--practice", RIVERSIDE)
    assert code == 1 and "--output: " in said and "No space left on device" in said and made == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--practice", "Nowhere"), "--practice: No practice has that name."),
        (("--from", "2027-03-02"), "The period can't end in the future."),
        (("--to", "2027-03-02"), "The period can't end in the future."),
        (("--from", "2021-02-28"), "--from: Records are kept for 6 years."),
        (("--from", "2027-02-02", "--to", "2027-02-01"), "--to: The period ends before it begins."),
        (("--to", "0001-06-01"), "--to: Records are kept for 6 years."),
        (("--to", "2021-02-28"), "--to: Records are kept for 6 years."),
        (("--from", "0001-01-01", "--to", "9999-12-31"), "The period can't end in the future."),
        (("--from", "2027-02-30"), "'2027-02-30' does not match the format"),
    ],
)
def test_what_cannot_be_is_refused(make, clock, words, said):
    code, output, made = make(*words)
    assert code in (1, 2) and said in output and made == []


def test_an_output_that_cannot_be_written_is_told(run, clock, tmp_path):  # noqa: F811
    (tmp_path / "file").write_text("")
    code, _, errors = run("folder", "--output", str(tmp_path / "file" / "sub"))
    assert code == 1 and "--output: " in errors and "can't be written" in errors


def test_the_key_is_printed_and_written(run, app, clock, tmp_path):  # noqa: F811
    key = app.extensions["keys"].signing_key()
    code, said, _ = run("key", "--output", str(tmp_path / "key.pem"))
    assert code == 0 and f"{key.name}: {key.fingerprint}" in said
    assert load_public_key(tmp_path / "key.pem").fingerprint == key.fingerprint
    assert run("key", "--output", str(tmp_path / "none" / "key.pem"))[0] == 1


# --- drills

DRILL = ("drill", "--at", "2027-02-01T10:00", "--by", "Dana Reed", "--result", "ok", "--note", "All accounts signed in")


def test_a_drill_is_recorded_once_and_is_in_the_folder(run, make, clock, database):  # noqa: F811
    assert run(*DRILL)[:2] == (0, "Recorded.\n")
    assert run(*DRILL)[:2] == (0, "This drill was recorded before. Nothing was changed.\n")
    [row] = database.all(RestoreDrill)
    [event] = database.all(Event, Event.event == "restore_drill")
    assert (event.result, event.reason, event.case_id) == ("ok", "ok", row.id)
    [path] = make("--practice", RIVERSIDE)[2]
    assert folders.table(path, "restore-drills") == [
        ["2027-02-01 02:00:00-08:00", "Dana Reed", "Succeeded", "All accounts signed in", "2027-03-01 04:00:10-08:00"]
    ]
    assert "2027-02-01" in folders.report(path)


def test_a_drill_of_before_the_period_is_the_last_one(run, make, clock):  # noqa: F811
    run(*DRILL)
    [path] = make("--practice", RIVERSIDE, "--from", "2027-02-20")[2]
    assert folders.told(path, "restore-drills", 1) == ["Dana Reed"]
    assert folders.told(make("--practice", LAKESIDE, "--to", "2027-01-31")[2][0], "restore-drills", 1) == []


@pytest.mark.parametrize(
    ("option", "typed", "said"),
    [
        ("--at", "2027-03-01T12:01", "--at: That time hasn't come yet."),
        ("--at", "2021-02-28", "--at: Folders go back 6 years."),
        ("--at", "0001-01-01", "--at: Folders go back 6 years."),
        ("--by", " ", "--by: Use one line"),
        ("--by", "a\nb", "--by: Use one line"),
        ("--note", "x" * 501, "--note: Use one line"),
    ],
)
def test_a_drill_that_cannot_be_is_refused(run, clock, database, option, typed, said):  # noqa: F811
    words = list(DRILL)
    words[words.index(option) + 1] = typed
    code, _, errors = run(*words)
    assert code == 1 and said in errors and database.all(RestoreDrill) == []
