"""CSV for spreadsheets, safe from formula injection and stray line breaks. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator

MARK = "\ufeff"  # byte order mark: tells a spreadsheet that the file is UTF-8
# What starts a formula (OWASP, CSV injection), including full-width forms; whitespace or what prints nothing before it does not defuse it.
FORMULA = re.compile(r"[\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*[=+\-@\t\r\n＝＋－＠﹢﹣﹦﹫−]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class LineEcho:
    """A file object whose write() returns the line, so that the writer yields lines instead of storing them."""

    @staticmethod
    def write(text: str) -> str:
        return text


def cell(content: str | int) -> str:
    """The content on one line, with an apostrophe before what a spreadsheet would evaluate."""
    text = str(content)
    safe = CONTROL.sub(" ", text).strip()
    return f"'{safe}" if FORMULA.match(text) or FORMULA.match(safe) else safe


WRITER = csv.writer(LineEcho, quoting=csv.QUOTE_ALL, lineterminator="\r\n")


def line(row: Iterable[str | int]) -> str:
    """One row. Every cell is quoted, so that no comma, semicolon, or quote in it splits a cell."""
    return str(WRITER.writerow([cell(each) for each in row]))


def lines(rows: Iterable[Iterable[str | int]]) -> Iterator[str]:
    """The file line by line."""
    yield MARK
    yield from map(line, rows)
