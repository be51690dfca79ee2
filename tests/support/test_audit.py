"""What was not looked up is never called clean."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import advisories, audit

WELL = {"name": "flask", "version": "3.1.2", "vulns": []}
AWAY = {"name": "segno", "skip_reason": "Dependency not found on PyPI and could not be audited: segno (1.6.6)"}
WEAK = {
    "name": "jinja2",
    "version": "3.1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["3.1.6"], "description": "…"}],
}


def look_up(tmp_path, monkeypatch, capsys, answer):
    """Has a program that prints `answer` look up a lock file; returns the exit code and what was said."""
    program, lock = tmp_path / "pip-audit", tmp_path / "some.lock"
    (tmp_path / "answer").write_text(answer)
    program.write_text(f"#!/bin/sh\ncat '{tmp_path}/answer'\n")
    program.chmod(0o700)
    monkeypatch.setattr(audit, "PROGRAM", program)
    return audit.main([lock]), capsys.readouterr().out


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([WELL], audit.CLEAN, "some.lock: 1 packages looked up, 0 known weaknesses.\n"),
        ([WELL, AWAY], audit.UNKNOWN, "nothing is known about segno."),
        ([AWAY, AWAY], audit.UNKNOWN, "nothing is known about 2 packages."),
        ([], audit.UNKNOWN, "0 packages looked up"),
        ([WELL, WEAK, AWAY], audit.WEAK, "jinja2 3.1.0: PYSEC-1, CVE-1. Fixed in 3.1.6."),
    ],
)
def test_what_was_not_looked_up_is_not_called_clean(tmp_path, monkeypatch, capsys, packages, code, words):
    told, said = look_up(tmp_path, monkeypatch, capsys, json.dumps({"dependencies": packages, "fixes": []}))
    assert told == code and words in said


def test_no_answer_at_all_is_told(tmp_path, monkeypatch, capsys):
    told, said = look_up(tmp_path, monkeypatch, capsys, "")
    assert told == audit.UNKNOWN and "The service that knows weaknesses could not be reached" in said


ADVISORY = """id: PYSEC-1
aliases:
- CVE-1
modified: '{modified}T01:02:03.4Z'
{more}affected:
- package:
    name: {name}
    ecosystem: PyPI
  ranges:
  - type: GIT
    events:
    - introduced: '0'
  - type: ECOSYSTEM
    events: {events}
  versions: {versions}
"""
TODAY = datetime.now(UTC).date()
ONE = [{"introduced": "0"}, {"fixed": "3.0.1"}]
TWO = [{"introduced": "2.0"}, {"fixed": "2.2"}, {"introduced": "1.0"}, {"fixed": "1.4"}]
LAST = [{"introduced": "1.0"}, {"last_affected": "2.0"}]


def copy_of(folder, name="Flask_Login", events=(), versions=(), more="", modified=TODAY):
    """Makes a copy of the database with one advisory; returns its folder."""
    path = folder / "copy" / "vulns" / "flask-login"
    path.mkdir(parents=True)
    words = ADVISORY.format(name=name, events=json.dumps(events), versions=json.dumps(versions), more=more, modified=modified)
    (path / "PYSEC-1.yaml").write_text(words)
    return folder / "copy"


@pytest.mark.parametrize(
    ("events", "versions", "weak", "well"),
    [
        (ONE, [], ("0.1", "3.0.0", "3.0.1rc1"), ("3.0.1", "3.1")),
        (TWO, [], ("1.0", "1.3.9", "2.1"), ("0.9", "1.4", "1.9", "2.2")),
        (LAST, [], ("1.0", "2.0"), ("0.9", "2.0.post1", "2.1")),
        ([], ["0.10", "no version", "1.0"], ("0.10", "1.0.0"), ("0.1", "1.1")),
        (ONE, ["4.0"], ("3.0", "4.0"), ("3.5",)),
    ],
)
def test_a_copy_of_the_advisories_knows_which_versions_are_weak(tmp_path, events, versions, weak, well):
    folder = copy_of(tmp_path, events=events, versions=versions)
    for each in (*weak, *well):
        found = advisories.weaknesses(folder, "flask-login", each)
        assert [one["id"] for one in found] == ["PYSEC-1"] * (each in weak), each
    assert advisories.weaknesses(folder, "flask", weak[0]) == []


def test_a_weakness_that_was_withdrawn_and_another_package_count_for_nothing(tmp_path):
    withdrawn = copy_of(tmp_path / "a", events=ONE, more="withdrawn: '2026-01-02T03:04:05Z'\n")
    other = copy_of(tmp_path / "b", name="other", events=ONE)
    assert [advisories.weaknesses(each, "flask-login", "1.0") for each in (withdrawn, other)] == [[], []]


@pytest.mark.parametrize(
    ("version", "age", "code", "words"),
    [
        ("3.0.1", 7, audit.CLEAN, "some.lock: 2 packages compared with advisories up to {day}, 0 known weaknesses.\n"),
        ("3.0.1", 8, audit.UNKNOWN, "The copy ends with {day}: what was published since is not known."),
        ("3.0.0", 400, audit.WEAK, "  flask-login 3.0.0: PYSEC-1, CVE-1. Fixed in 3.0.1.\n"),
    ],
)
def test_a_lock_file_is_compared_with_a_copy_that_says_how_old_it_is(tmp_path, capsys, version, age, code, words):
    day, lock = TODAY - timedelta(days=age), tmp_path / "some.lock"
    lock.write_text(f"Flask.Login[one, two]=={version} \\\n    --hash=sha256:0\npsycopg==3.3.9 \\\n# flask==1\n")
    folder = copy_of(tmp_path, events=ONE, modified=day)
    assert audit.main([lock], folder) == code
    assert words.format(day=day) in capsys.readouterr().out


def test_a_folder_without_advisories_is_no_answer(tmp_path, capsys):
    lock = tmp_path / "some.lock"
    lock.write_text("flask==3.1.3 \\\n")
    assert audit.main([lock], tmp_path) == audit.UNKNOWN
    assert "There are no advisories in" in capsys.readouterr().out
