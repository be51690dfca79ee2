"""Lists as CSV for spreadsheets, so that no cell becomes a formula or a line of its own. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator

MARK = "\ufeff"  # tells a spreadsheet that the file is UTF-8
# What begins a formula (OWASP, CSV injection), its full-width twins included; blank space before it does not help.
FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠﹢﹣﹦﹫−]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Line:
    """A file that holds nothing: what the writer gives it goes straight on."""

    @staticmethod
    def write(text: str) -> str:
        return text


def cell(content: str | int) -> str:
    """A cell's words on one line; an apostrophe before what a spreadsheet would compute."""
    text = str(content)
    safe = CONTROL.sub(" ", text).strip()
    return f"'{safe}" if FORMULA.match(text) or FORMULA.match(safe) else safe


def lines(rows: Iterable[Iterable[str | int]]) -> Iterator[str]:
    """The file line by line; every cell in quotes, so that a comma, a semicolon or a quote in it divides nothing."""
    writer = csv.writer(Line, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield MARK
    for row in rows:
        yield writer.writerow([cell(each) for each in row])
