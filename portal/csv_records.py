"""Reads CSV that others wrote, in bounded memory: a broken line costs that line, never the file, and no line is too long. Pure."""

import csv
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from portal.settings import operation

UTF_8_MARK, UTF_16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = ",;\t"  # a comma, a semicolon as spreadsheets write it where the comma is a decimal point, and a tab
CHUNK = 65_536

NOT_UTF_8 = "It has bytes that are not UTF-8. Save the file as “CSV UTF-8”."
TOO_LONG = f"It is longer than {operation.IMPORT_LINE_BYTES:,} bytes. Check whether a line break is missing."
QUOTES = "Its quotation marks don't match. Write a quotation mark inside of a quoted cell twice."
UTF_16 = "It is not UTF-8, but probably UTF-16. Save it as “CSV UTF-8”, and import that."
ONLY_RETURNS = "Its lines end with a carriage return alone. Save it as “CSV UTF-8”, and import that."
EMPTY = "It is empty. The first line has to name the columns."


class FileRefused(Exception):
    """The whole file can't be read; the message is a sentence about it."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line, and what to do. `column`: "" if it is the line as a whole; `shown`: the value."""

    line: int
    column: str
    what: str
    shown: str = ""


@dataclass(frozen=True)
class Record:
    """The cells of one record, and the line on which it begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Line:
    number: int
    text: str
    problem: str = ""


class Lines:
    """The lines of a file. `read` counts bytes, for a progress bar."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.number, self.read = stream, 0, 0
        self.waiting: deque[Line] = deque()

    def next(self) -> Line | None:
        """The next line, without more of it in memory than a line may have; None at the end."""
        if self.waiting:
            return self.waiting.popleft()
        raw = self.take(operation.IMPORT_LINE_BYTES + 1)
        if not raw:
            return None
        self.number += 1
        if len(raw) > operation.IMPORT_LINE_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = self.take(CHUNK)
            return Line(self.number, "", TOO_LONG)
        if self.number == 1:
            raw = strip_mark(raw)
        try:
            return Line(self.number, raw.decode())
        except UnicodeDecodeError:
            return Line(self.number, "", NOT_UTF_8)

    def take(self, most: int) -> bytes:
        raw = self.stream.readline(most)
        self.read += len(raw)
        return raw

    def put_back(self, lines: list[Line]) -> None:
        self.waiting.extendleft(reversed(lines))


def strip_mark(raw: bytes) -> bytes:
    """The first line without its byte order mark. Raises FileRefused if it is UTF-16."""
    if raw.startswith(UTF_16_MARKS) or b"\0" in raw:
        raise FileRefused(UTF_16)
    return raw.removeprefix(UTF_8_MARK)


def read_header(lines: Lines, known: Collection[str]) -> tuple[list[str], str]:
    """(names of the columns in lower case, what separates them). Blank lines before them are skipped. Raises FileRefused."""
    line = lines.next()
    while line and not (line.problem or line.text.strip()):
        line = lines.next()
    if line is None:
        raise FileRefused(EMPTY)
    if line.problem:
        raise FileRefused(f"Line {line.number} should name the columns. {line.problem}")
    if "\r" in line.text.rstrip("\r\n"):
        raise FileRefused(ONLY_RETURNS)
    ways = [([name.strip().lower() for name in split([line], each) or []], each) for each in SEPARATORS]
    return max(ways, key=lambda way: len(set(way[0]) & set(known)))


def read_records(lines: Lines, separator: str, width: int) -> Iterator[Record | Problem]:
    """Every record after the header, or what is wrong with it. `width`: how many cells it has. Blank records are skipped."""
    while line := lines.next():
        if line.problem:
            yield Problem(line.number, "", line.problem)
            continue
        taken = take_record(lines, line)
        cells = split(taken, separator)
        if cells is None:
            lines.put_back(taken[1:])  # only the first of them is known to be wrong
            yield Problem(line.number, "", QUOTES)
        elif any(cells) and (len(cells) < width or any(cells[width:])):
            what = f"It has {len(cells)} cells instead of {width}. Check its separators and quotation marks."
            yield Problem(line.number, "", what)
        elif any(cells):
            yield Record(line.number, cells[:width])


def take_record(lines: Lines, line: Line) -> list[Line]:
    """The line, and those after it that belong to the same record, as a line break inside of quotation marks does."""
    taken, quotes = [line], line.text.count('"')
    while quotes % 2 and len(taken) < operation.IMPORT_RECORD_LINES:
        more = lines.next()
        if more is None:
            break
        if more.problem:
            lines.put_back([more])
            break
        taken.append(more)
        quotes += more.text.count('"')
    return taken


def split(taken: list[Line], separator: str) -> list[str] | None:
    """The cells of one record, without blanks around them; None if its quotation marks don't match."""
    try:
        rows = list(csv.reader([line.text for line in taken], delimiter=separator, strict=True))
    except csv.Error:
        return None
    return [cell.strip() for cell in rows[0]] if len(rows) == 1 else None
