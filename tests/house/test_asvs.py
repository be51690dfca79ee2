"""docs/asvs.md answers every requirement of ASVS 5.0.0 at levels 1 and 2 once, with files and tests that exist, and counts right."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

from tests.house.documents import DOCS, rows, text_of
from tests.house.source import ROOT

ENTRY, CHAPTERS, THIRD = DOCS / "asvs.md", sorted((DOCS / "asvs").glob("[0-9]*.md")), DOCS / "asvs" / "level-3.md"
MET, DEVIATION, NOT_HERE = "met", "deviation", "does not apply"
KINDS = {"accepted": "Accepted", "the operator's": "The operator's", "open": "Open"}  # as the entry has them, as a reason begins
ID = re.compile(r"\d+\.\d+\.\d+")


def wanted():
    """Returns id -> level, from the list beside this file: ids and levels are facts, and stand in OWASP's repository."""
    lines = [line.split() for line in Path(__file__).with_name("asvs_levels.txt").read_text().splitlines() if line[0] != "#"]
    return {each: level for level, *ids in lines for each in ids}


def answers():
    """Returns (file, id, level, what it asks, answer, reason, tests) for each row of each chapter."""
    return [(path, *row) for path in (*CHAPTERS, THIRD) for row in rows(path) if ID.fullmatch(row[0])]


@cache
def functions_of(name):
    """Returns the names of a file's tests."""
    tree = ast.parse((ROOT / name).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_requirement_is_answered_once_at_its_level_in_its_chapter():
    found = answers()
    assert sorted(row[1] for row in found) == sorted(wanted())
    assert {row[1]: row[2] for row in found} == wanted()
    chapters = {path: int(path.stem) for path in CHAPTERS}
    assert [row[1] for row in found if (row[0] == THIRD) != (row[2] == "3")] == []
    assert [row[1] for row in found if row[0] != THIRD and chapters[row[0]] != int(row[1].split(".")[0])] == []


def test_each_answer_is_one_of_three_and_says_what_it_has_to():
    for _, each, _, asks, answer, reason, tests in answers():
        assert asks and reason, each
        linked = "](" in reason
        assert answer in (MET, DEVIATION, NOT_HERE), each
        assert answer != MET or (linked and "::" in tests), f"{each}: where, and which test?"
        assert answer != DEVIATION or (linked and reason.startswith(tuple(KINDS.values()))), each
        assert answer != DEVIATION or not reason.startswith("Open") or "To close it" in reason or "has to be run" in reason, each
        assert answer != NOT_HERE or tests == "–", each


def test_each_test_that_is_named_exists():
    named = [(each, name) for _, each, *_, tests in answers() for name in re.findall(r"`([^`]+)`", tests)]
    assert len(named) > 200
    for each, name in named:
        path, _, test = name.partition("::")
        assert (ROOT / path).is_file() and test in functions_of(path), f"{each}: {name}"


def numbers(row):
    """Returns a row's numbers: how many requirements, and how many of each answer."""
    return [int(cell) for cell in row[1:]]


def test_the_numbers_of_the_entry_are_those_of_the_tables():
    by_chapter = {str(path.relative_to(DOCS)): Counter(row[4] for row in answers() if row[0] == path) for path in CHAPTERS}
    listed = {re.search(r"\((asvs/\d+\.md)\)", row[0])[1]: numbers(row) for row in rows(ENTRY) if "](asvs/" in row[0]}
    counted = {name: [found.total(), found[MET], found[DEVIATION], found[NOT_HERE]] for name, found in by_chapter.items()}
    assert listed == counted and len(counted) == 17
    assert f"{sum(level == '3' for level in wanted().values())} requirements of level 3" in text_of(ENTRY)
    said = re.search(r"Of (\d+) requirements, (\d+) are met, (\d+) are deviations, and (\d+) do not apply", text_of(ENTRY))
    assert list(map(int, said.groups())) == [sum(column) for column in zip(*counted.values(), strict=True)]


def test_the_entry_lists_every_deviation_by_its_kind():
    for row in rows(ENTRY):
        if row[0] in KINDS:
            deviating = [
                each
                for path, each, _, _, answer, reason, _ in answers()
                if path != THIRD and answer == DEVIATION and reason.startswith(KINDS[row[0]])
            ]
            assert ID.findall(row[1]) == deviating, row[0]
    assert [row[0] for row in rows(ENTRY) if row[0] in KINDS] == list(KINDS)


def test_what_requirements_cite_is_answered_and_applies():
    """docs/requirements.md names ASVS as a source: such a requirement has an answer here, and it applies."""
    present = {row[1] for row in answers() if row[4] != NOT_HERE}
    text = (DOCS / "requirements.md").read_text()
    cited = {each for line in text.splitlines() for part in re.findall(r"ASVS ([\d., ]+)", line) for each in ID.findall(part)}
    assert len(cited) > 70 and cited - present == set()
