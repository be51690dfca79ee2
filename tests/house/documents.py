"""The project's documents as text: tables, headings, and code spans."""

import re
from functools import cache

from tests.house.source import ROOT

DOCS = ROOT / "docs"
IN_PORTAL = [
    path for path in (ROOT / "portal").rglob("*.md") if ROOT / "portal" / "help" not in path.parents
]  # articles are pages
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "bench").glob("*.md"), *IN_PORTAL])


def text_of(path):
    """Returns a document's text without code blocks and comments."""
    return re.sub(r"^```.*?^```|<!--.*?-->", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)


def rows(path):
    """Returns the cells of every row of every table of a document."""
    lines = [line for line in text_of(path).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if not line.startswith("| ---")]


def first_cells(path):
    """Returns the first cell of every row, without bold and code marks."""
    return [row[0].replace("*", "").replace("`", "") for row in rows(path)]


@cache
def anchors(path):
    """Returns the anchors of a document's headings, as common viewers generate them."""
    headings = re.findall(r"^#+ (.+)$", text_of(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def named(path):
    """Returns the code spans of a document."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text_of(path))
