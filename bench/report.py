"""The numbers as a table, and its place in README.md between two markers."""

import platform
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.client import Slice

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- numbers: made by `make bench` -->\n", "<!-- end of numbers -->"
HEAD = ("what", "requests/s", "p50 ms", "p99 ms", "server ms", "of the floor", "aim")
PACKAGES = ("flask", "sqlalchemy", "gunicorn", "jinja2")


@dataclass
class Row:
    """One line of the table: every slice of it, and what the floor did around each."""

    name: str
    aim: str = ""
    parts: list[Slice] = field(default_factory=list)
    spent: float = 0.0
    ratios: list[float] = field(default_factory=list)

    def add(self, part: Slice, spent: float, floor_rate: float) -> None:
        """A slice, the processor time that it took on the server, and the floor's requests per second beside it."""
        self.parts.append(part)
        self.spent += spent
        self.ratios.append(part.rate / floor_rate)

    @property
    def cells(self) -> list[str]:
        times = sorted(time for part in self.parts for time in part.times)
        return [
            self.name,
            f"{statistics.median(part.rate for part in self.parts):.0f}",
            f"{percentile(times, 0.50) * 1000:.1f}",
            f"{percentile(times, 0.99) * 1000:.1f}",
            f"{self.spent / len(times) * 1000:.2f}",
            f"{statistics.median(self.ratios):.2f} ({min(self.ratios):.2f} to {max(self.ratios):.2f})",
            self.aim,
        ]


def percentile(ordered: list[float], share: float) -> float:
    """The value below which that share of an ordered list lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, ["---", *["---:"] * 5, "---"], *(row.cells for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write(rows: list[Row], rounds: int) -> None:
    """Puts the table between the markers of README.md, with what it was made on."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    made = f"{datetime.now(UTC):%d %B %Y}, a shared machine of 2 cores, {rounds} rounds, Python {platform.python_version()}, {versions}."
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{made}\n\n{table(rows)}\n\n{END}{after}")
