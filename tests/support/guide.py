"""The help article as a table: each of its lines, what a reader presses and sees there, and the tests that walk it.

`python -m tests.support.guide`, or `make guide`, prints it. tests/guide/guide.txt is the article as its readers have it, and
tests/guide/steps.txt says what each line promises. A test marks what it walks by `with step(reader, "patient 4"):`.
"""

import ast
import contextlib
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parents[1] / "guide"
TITLE = "How to Set Up Two-Factor Authentication"  # before it stands the website's menu
COOKIES = "We use first-party cookies"  # after it, too
EXPLAINS = "explains"  # a line that asks for nothing and promises nothing
VERBS = ("press", "type", "choose", "scan", "read", "save", "see")


@dataclass(frozen=True)
class Line:
    """One line of the article: `name` is its place in its section, such as "6.3", "5.b1", "3.picture", or "p2"."""

    section: str
    name: str
    text: str


@dataclass(frozen=True)
class Row:
    """What steps.txt says of one line: (verb, words) by the article's words, and by words of ours where it has none."""

    section: str
    step: str
    theirs: tuple[tuple[str, str], ...]
    ours: tuple[tuple[str, str], ...]
    explains: bool

    @property
    def line(self):
        """Returns the line's name in its section; a letter behind it tells apart what the line leaves to its reader, as in "3a"."""
        return re.sub(r"(?<=\d)[a-d]$", "", self.step)

    @property
    def wanted(self):
        """Returns every (verb, words) of the row."""
        return self.theirs + self.ours


def article(text):
    """Returns the lines of the article as they are, without the empty ones and without the website around them."""
    return [line for line in text[text.index(TITLE) : text.index(COOKIES)].splitlines() if line.strip()]


def is_heading(line):
    """Returns whether a line is the heading of a section: no sentence, no list, no picture."""
    return not line.startswith((" ", "Last updated")) and not line.endswith((".", ":"))


def read_headings(text):
    """Returns the headings of the article, in order."""
    return [line for line in article(text) if is_heading(line)]


def read_lines(text):
    """Returns the Lines of the article, in order; a section is named by its heading."""
    lines, counts, section, path = [], defaultdict(int), "", []
    for raw in article(text):
        indent, words = len(raw) - len(raw.lstrip()), raw.strip()
        if is_heading(raw):
            section, path = words, []
            counts.clear()
            continue
        name, path = place(words, indent, path, counts)
        lines.append(Line(section, name, words))
    return lines


def place(words, indent, path, counts):
    """Returns (name of a line, path of the numbers above the next ones); `path` holds (indent, number)."""
    if not indent:
        path = []
    if number := re.match(r"(\d+)\. ", words):
        path = [*[each for each in path if each[0] < indent], (indent, number[1])]
        return ".".join(each for _, each in path), path
    kind = "picture" if words.startswith("{{screenshot") else "b" if words.startswith("•") else "p"
    above = ".".join(each for at, each in path if at < indent)
    counts[kind, above] += 1
    own = kind if kind == "picture" else f"{kind}{counts[kind, above]}"
    return f"{above}.{own}".lstrip("."), path


def read_rows(text):
    """Returns (section names of ours -> headings of the article, Rows) of steps.txt."""
    headings, rows = {}, []
    for raw in filter(str.strip, text.splitlines()):
        if heading := re.fullmatch(r"\[([\w-]+)\] (.+)", raw):
            headings[heading[1]] = heading[2]
        elif not raw.startswith("#"):
            name, theirs, ours, *_ = [*(cell.strip() for cell in raw.split("|")), "", ""]
            explains = theirs == EXPLAINS
            rows.append(Row(list(headings)[-1], name, () if explains else doings(theirs), doings(ours), explains))
    return headings, rows


def doings(cell):
    """Returns the (verb, words) of a cell such as `see Off; press Enable`."""
    found = [tuple(piece.strip().split(" ", 1)) for piece in cell.split(";") if piece.strip()]
    assert all(len(each) == 2 and each[0] in VERBS for each in found), cell
    return tuple(found)


@cache
def the_lines():
    """Returns the Lines of the article by (section, name)."""
    return {(line.section, line.name): line for line in read_lines((HERE / "guide.txt").read_text())}


@cache
def the_rows():
    """Returns (headings, Rows by their ids, such as "patient 6.3")."""
    headings, rows = read_rows((HERE / "steps.txt").read_text())
    return headings, {f"{row.section} {row.step}": row for row in rows}


@contextlib.contextmanager
def step(reader, *ids):
    """Walks steps inside the block; fails afterward unless the reader did and saw there what steps.txt asks for."""
    wanted = [each for name in ids for each in the_rows()[1][name].wanted]
    wanted = [(verb, reader.words_of(words) if verb == "see" else words) for verb, words in wanted]
    to_see, begun = [words for verb, words in wanted if verb == "see"], len(reader.did)
    seen = on_the_page(reader, to_see)
    yield
    done = reader.did[begun:]
    told = [words for verb, words in done if verb == "see"]
    seen += [words for words in to_see if any(words in each for each in told)]
    seen += on_the_page(reader, [words for words in to_see if words not in seen])
    missing = [(verb, words) for verb, words in wanted if (words not in seen if verb == "see" else (verb, words) not in done)]
    assert missing == [], f"{', '.join(ids)}: not done or seen, up to {reader.headline}"


def on_the_page(reader, words):
    """Returns those of some words that the whole page shows now, the menus included."""
    shown = " ".join(reader.whole_text().split()) if words else ""
    return [each for each in words if each in shown]


def walks(path):
    """Returns test -> ids that its steps name, itself or in functions of its file that it calls."""
    functions = {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    own, called = {}, {}
    for name, function in functions.items():
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        own[name] = [each.value for call in calls if call.func.id == "step" for each in call.args[1:]]
        called[name] = {call.func.id for call in calls} & functions.keys()
    return {name: sorted({each for one in reach(name, called) for each in own[one]}) for name in functions if name[:5] == "test_"}


def reach(name, called):
    """Returns the functions that one function calls, itself included, directly or through others."""
    found = {name}
    while more := {each for one in found for each in called[one]} - found:
        found |= more
    return found


@cache
def both_ways():
    """Returns the tests that walk with and without JavaScript: those with the reader of tests/guide/conftest.py, or one like it."""
    found = set()
    for path in HERE.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if getattr(node, "name", "").startswith("test_") and "reader" in {each.arg for each in node.args.args}:
                marks = {ast.unparse(each) for each in node.decorator_list}
                found |= set() if "with_javascript" in marks else {f"{path.name}::{node.name}"}
    return found


@cache
def walkers():
    """Returns id -> the tests that walk it, as "file::test"."""
    found = defaultdict(list)
    for path in sorted(HERE.glob("test_*.py")):
        for test, ids in walks(path).items():
            for each in ids:
                found[each].append(f"{path.name}::{test}")
    return dict(found)


def table():
    """Returns the printed table, section by section."""
    headings, rows = the_rows()
    printed = []
    for section, heading in headings.items():
        printed += ["", heading]
        for name, row in rows.items():
            if row.section == section:
                labels = EXPLAINS if row.explains else "; ".join(" ".join(each) for each in row.wanted)
                tests = walkers().get(name, [] if row.explains else ["NO TEST"])
                printed.append(f"  {row.step:12} {labels}")
                printed += [f"{'':15}{test}{' (JavaScript on and off)' * (test in both_ways())}" for test in tests]
    walked = [name for name, row in rows.items() if not row.explains]
    missing = [name for name in walked if name not in walkers()]
    return "\n".join(
        [*printed, "", f"{len(walked)} steps and promises, {len(missing)} without a test: {', '.join(missing) or 'none'}."]
    )


if __name__ == "__main__":
    print(table())
