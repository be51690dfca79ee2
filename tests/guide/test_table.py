"""The coverage table of the help article is whole: each of its lines has a row, and each row a test that walks it."""

import hashlib
import re

from tests.support.guide import HERE, both_ways, read_headings, the_lines, the_rows, walkers

DIGEST = "3bed4b03f0170d84ccb40f6c369553136b10ac684e5e3df5df557d9347aaf753"  # of the article of Jun 27, 2026


def test_the_article_is_the_one_that_readers_have():
    assert hashlib.sha256((HERE / "guide.txt").read_bytes()).hexdigest() == DIGEST


def test_each_line_has_a_row_and_each_row_a_line():
    headings, rows = the_rows()
    assert list(headings.values()) == read_headings((HERE / "guide.txt").read_text())
    told = {(headings[row.section], row.line) for row in rows.values()}
    assert (told - the_lines().keys(), the_lines().keys() - told) == (set(), set())


def test_the_articles_own_words_stand_in_its_line():
    headings, rows = the_rows()
    texts = {name: the_lines()[headings[row.section], row.line].text for name, row in rows.items()}
    assert [(name, words) for name, row in rows.items() for _, words in row.theirs if words not in texts[name]] == []


def test_each_row_asks_for_something_that_a_walk_can_miss():
    assert [name for name, row in the_rows()[1].items() if row.explains == bool(row.wanted)] == []


def test_each_step_is_walked_by_a_test():
    rows = the_rows()[1]
    asked = {name for name, row in rows.items() if not row.explains}
    assert (asked - walkers().keys(), walkers().keys() - rows.keys()) == (set(), set())


def test_each_step_is_walked_with_and_without_javascript():
    """Where a button comes with JavaScript alone, such as Copy, such a test presses it if it is there."""
    assert {name for name, tests in walkers().items() if not both_ways() & set(tests)} == set()


def test_what_only_explains_has_no_number_and_is_no_picture():
    assert [name for name, row in the_rows()[1].items() if row.explains and not re.fullmatch(r"p\d", row.line)] == []
