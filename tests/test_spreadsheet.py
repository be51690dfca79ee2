"""A list as a file for spreadsheets: nothing in it is computed, and a cell stays a cell."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.spreadsheet import MARK, cell, lines

COMPUTED = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "＝1",
        "−1",
        "\u00a0=1",
        "\x1b=1",
        "\ufeff=1",
        "\u200b \u202e=1",
        "\u00ad@A",
    ],
)
def test_what_would_be_computed_is_text(text):
    assert cell(text).startswith("'")


@pytest.mark.parametrize("text", ["Dr. Ada Okafor", "Anne-Marie", "O'Brien", "3 + 4", "", "7"])
def test_other_words_stay_as_they_are(text):
    assert cell(text) == text


def test_a_number_is_a_number():
    assert cell(7) == "7"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=4), min_size=1, max_size=5))
def test_whatever_the_cells_hold_the_file_has_their_shape(rows):
    text = "".join(lines(rows))
    assert text.startswith(MARK) and text.endswith("\r\n")
    read = list(csv.reader(io.StringIO(text.removeprefix(MARK), newline="")))
    assert [len(row) for row in read] == [len(row) for row in rows]
    assert [each for row in read for each in row if each.startswith(COMPUTED) or "\n" in each or "\r" in each] == []


def test_a_row_leaves_as_soon_as_it_is_there():
    def rows():
        yield ("first",)
        raise AssertionError("the second row was asked for")

    given_out = lines(rows())
    assert [next(given_out), next(given_out)] == [MARK, '"first"\r\n']
