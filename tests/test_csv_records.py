"""CSV that others wrote is read line by line: what is broken costs its own line, and no line is too long to be read."""

import io
import tracemalloc

import pytest

from portal.csv_records import (
    EMPTY,
    NOT_UTF_8,
    ONLY_RETURNS,
    QUOTES,
    TOO_LONG,
    UTF_16,
    FileRefused,
    Lines,
    Problem,
    Record,
    read_header,
    read_records,
)
from portal.settings import operation

HEADER = b"username,name\n"


def read(content):
    """Returns (names, what separates them, records and problems) of a file."""
    lines = Lines(io.BytesIO(content))
    names, separator = read_header(lines, ("username", "name"))
    found = list(read_records(lines, separator, len(names)))
    assert lines.read == len(content)
    return names, separator, found


def records(content):
    """Returns (line, cells) of each record below the header, or (line, what is wrong)."""
    return [(each.line, each.cells if isinstance(each, Record) else each.what) for each in read(HEADER + content)[2]]


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        (b"username,name\r\npat,Pat Doe\r\n", ","),
        (b"\xef\xbb\xbfusername;name\npat;Pat Doe", ";"),
        (b"Username\tNAME \n pat \t Pat Doe \n", "\t"),
        (b'\xef\xbb\xbf"username","name"\n"pat","Pat Doe"\n', ","),
        (b"\n \nusername,name\npat,Pat Doe\n", ","),
    ],
)
def test_what_spreadsheets_write_is_read(content, separator):
    names, found_separator, (record,) = read(content)
    assert (names, found_separator, record.cells) == (["username", "name"], separator, ["pat", "Pat Doe"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", EMPTY),
        (b"\n\n", EMPTY),
        (b"\xef\xbb\xbf", EMPTY),
        ("username,name\n".encode("utf-16"), UTF_16),
        ("username,name\n".encode("utf-16-le"), UTF_16),
        (b"username,name\rpat,Pat\r", ONLY_RETURNS),
        ("username,prénom\n".encode("cp1252"), NOT_UTF_8),
        (b"u" * 20_000, TOO_LONG),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_sentence(content, sentence):
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert str(refused.value).endswith(sentence)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'pat,"Doe, Pat"\n', [(2, ["pat", "Doe, Pat"])]),
        (b'pat,"Pat\r\nDoe"\r\nsam,Sam\r\n', [(2, ["pat", "Pat\r\nDoe"]), (4, ["sam", "Sam"])]),
        (b'pat,"Pat ""P"" Doe"\n', [(2, ["pat", 'Pat "P" Doe'])]),
        (b"pat,Pat\n\n,\n,,,\nsam,Sam,,\n", [(2, ["pat", "Pat"]), (6, ["sam", "Sam"])]),
        (b"pat,\xe9\nsam,Sam\n", [(2, NOT_UTF_8), (3, ["sam", "Sam"])]),
        (b'pat,"Pat\nsam,Sam\nkim,Kim\n', [(2, QUOTES), (3, ["sam", "Sam"]), (4, ["kim", "Kim"])]),
        (b'pat,Pat"\nsam,Sam\n', [(2, QUOTES), (3, ["sam", "Sam"])]),
        (b'pat,"Pat" Doe\nsam,Sam\n', [(2, QUOTES), (3, ["sam", "Sam"])]),
        (b'pat,5" Pat\nsam,6" Sam\nkim,Kim\n', [(2, QUOTES), (3, QUOTES), (4, ["kim", "Kim"])]),
        (b'pat,"Pat\n\xff\nsam,Sam\n', [(2, QUOTES), (3, NOT_UTF_8), (4, ["sam", "Sam"])]),
        (b"pat,\0\n", [(2, ["pat", "\0"])]),
        (b"pat,Pat\rsam,Sam\n", [(2, QUOTES)]),
    ],
)
def test_a_broken_line_costs_itself_alone(content, found):
    assert records(content) == found


@pytest.mark.parametrize(("content", "number"), [(b"pat\n", 1), (b"pat,Pat,Doe\n", 3)])
def test_a_line_with_other_cells_is_told_to_have_them(content, number):
    ((line, what),) = records(content)
    assert line == 2 and what.startswith(f"It has {number} cells instead of 2. ")


def test_a_line_of_ten_megabytes_is_told_and_never_held():
    stream = io.BytesIO(HEADER + b"x" * 10_000_000 + b"\npat,Pat\n")
    tracemalloc.start()
    lines = Lines(stream)
    names, separator = read_header(lines, ("username",))
    found = list(read_records(lines, separator, len(names)))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [Problem(2, "", TOO_LONG), Record(3, ["pat", "Pat"])]
    assert most < 1_000_000


def test_a_line_may_be_as_long_as_is_said(monkeypatch):
    monkeypatch.setattr(operation, "IMPORT_LINE_BYTES", 16)
    assert records(b"pat,123456789012")[0] == (2, ["pat", "123456789012"])
    assert records(b"pat,1234567890123\nsam,Sam\n")[0][1] == TOO_LONG
