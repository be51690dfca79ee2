"""Formats the results as a table and writes it between two markers in README.md."""

import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- numbers: made by `make bench` -->\n", "<!-- end of numbers -->"
PACKAGES = ("flask", "sqlalchemy", "gunicorn", "jinja2")
OF_FLOOR, OF_BEFORE, OF_QUIET, OF_SINGLE, ITSELF = "of the floor", "of before", "of its quiet value", "of a single queue", ""
AT_LEAST, AT_MOST = "at least", "at most"
# What is measured, in what unit, and what its target compares with what.
WORKS = (
    ("Whole sign-in, hash included", ("sign_in", "rate"), "journeys/s", OF_FLOOR, AT_LEAST, 0.80),
    ("– processor time", ("sign_in", "cpu"), "ms", OF_FLOOR, AT_MOST, 1.25),
    ("– statements", ("sign_in", "statements"), "", ITSELF, AT_MOST, 14),
    ("Security page, on", ("security", "rate"), "pages/s", OF_FLOOR, AT_LEAST, 0.50),
    ("– processor time", ("security", "cpu"), "ms", OF_FLOOR, AT_MOST, 2),
    ("– statements", ("security", "statements"), "", ITSELF, AT_MOST, 2),
    ("Whole set-up, to codes proved", ("set_up", "rate"), "journeys/s", OF_FLOOR, AT_LEAST, 0.24),
    ("– processor time", ("set_up", "cpu"), "ms", OF_FLOOR, AT_MOST, 5.5),
    ("– statements", ("set_up", "statements"), "", ITSELF, AT_MOST, 18),
    ("To the QR code, three requests, processor time", ("qr", "cpu"), "ms", OF_FLOOR, AT_MOST, 6),
    ("A right code's POST, processor time", ("code", "cpu"), "ms", OF_BEFORE, AT_MOST, 0.5),
    ("– statements", ("code", "statements"), "", ITSELF, AT_MOST, 5),
    ("Memory of a worker, warm", ("memory", "warm"), "MB", OF_FLOOR, AT_MOST, 1.25),
    ("– after 50 sign-ins at once", ("memory", "crowd"), "MB", OF_FLOOR, AT_MOST, 1.4),
    ("Start to first answer", ("start", "seconds"), "s", OF_FLOOR, AT_MOST, 1.3),
    *(
        row
        for database, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL"))
        for row in (
            (f"50 people sign in at once, {name}: told to wait, of 1,000", (database, "refused"), "", ITSELF, AT_MOST, 0),
            ("– Security page meanwhile, p99", (database, "meanwhile"), "ms", OF_QUIET, AT_MOST, 3),
            ("– sign-in, p99", (database, "signed in"), "ms", OF_SINGLE, AT_MOST, 1.2),
        )
    ),
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    unit: str
    floor: float | None
    before: float
    now: float
    bases: tuple[float, float]  # what both are compared with
    compared: str
    limit: str
    target: float

    @property
    def shares(self) -> tuple[float, float]:
        """What the target is about, before and now: the values themselves, or what they are of something else."""
        return self.before / self.bases[0], self.now / self.bases[1]

    @property
    def is_reached(self) -> bool:
        share = self.shares[1]
        return share >= self.target if self.limit == AT_LEAST else share <= self.target

    @property
    def cells(self) -> list[str]:
        values = ["" if value is None else shown(value) for value in (self.floor, self.before, self.now)]
        shares = " → ".join(map(shown, self.shares)) if self.compared else ""
        name = f"{self.name} ({self.unit})" if self.unit else self.name
        target = f"{self.limit} {self.target:g} {self.compared}".strip()
        return [name, *values, shares, target, "reached" if self.is_reached else "**missed**"]


def shown(value: float) -> str:
    """A number with about three digits."""
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def rows(medians: dict[tuple[str, str, str], float]) -> list[Row]:
    """The rows of the table, from the medians of (work, what, whose)."""
    made = []
    for name, (work, what), unit, compared, limit, target in WORKS:
        floor, before, now, single = (medians.get((work, what, whose)) for whose in ("floor", "before", "now", "single queue"))
        quiet = [medians.get((work, "quiet", whose)) for whose in ("before", "now")]
        base = {OF_FLOOR: [floor] * 2, OF_BEFORE: [before] * 2, OF_QUIET: quiet, OF_SINGLE: [single] * 2, ITSELF: [1, 1]}
        made.append(
            Row(name, unit, single if compared == OF_SINGLE else floor, before, now, base[compared], compared, limit, target)
        )
    return made


def table(found: list[Row], before: str) -> str:
    """The rows as a Markdown table."""
    head = ["what", "floor", f"`{before}`", "now", "compared", "target", ""]
    lines = [head, ["---", *["---:"] * 4, "---", "---"], *(row.cells for row in found)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def made_now(rounds: int) -> str:
    """Date, machine, rounds, commit, and versions, in one sentence."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    now = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=README.parent, check=True, capture_output=True, text=True
    ).stdout
    counted = f"{rounds} rounds" if rounds > 1 else "one round"
    made = f"{datetime.now(UTC):%d %B %Y}, a shared machine of 2 cores, {counted}, commit {now.strip()}"
    return f"{made}, Python {platform.python_version()}, {versions}."


def put_between(begin: str, end: str, text: str) -> None:
    """Write a text between two markers in README.md."""
    before, _, rest = README.read_text().partition(begin)
    README.write_text(f"{before}{begin}\n{text}\n\n{end}{rest.partition(end)[2]}")


def write(found: list[Row], before: str, rounds: int) -> None:
    """Write the table between the markers in README.md, with date, machine, and versions."""
    put_between(BEGIN, END, f"{made_now(rounds)}\n\n{table(found, before)}")
