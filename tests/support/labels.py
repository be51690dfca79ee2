"""The table of labels in docs/languages.md: what each language calls a label, written down by hand beside the catalogues."""

from functools import cache

from portal.languages import name_of
from tests.house.source import ROOT

DOCUMENT = ROOT / "docs" / "languages.md"


def rows_under(heading):
    """Returns the rows of the table under a heading of docs/languages.md, its head first, as lists of cells."""
    part = DOCUMENT.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in part.splitlines() if line.startswith("| ")]
    return [row for row in rows if set(row[0]) != {"-"}]


@cache
def labels_in(language):
    """Returns English label -> label in a language."""
    head, *rows = rows_under("Labels")
    column = head.index(name_of(language))
    return {row[0]: row[column] for row in rows}
