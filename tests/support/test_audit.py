"""What was not looked up is never called clean."""

import json

import pytest

from tests.support import audit

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
