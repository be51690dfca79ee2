"""Formats the results as a table and writes it between two markers in README.md."""

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
    """One row of the table: its slices, and their rates relative to the floor's."""

    name: str
    target: str = ""
    slices: list[Slice] = field(default_factory=list)
    cpu: float = 0.0
    ratios: list[float] = field(default_factory=list)

    def add(self, measured: Slice, cpu: float, floor_rate: float) -> None:
        """Add a slice, the CPU seconds it took on the server, and the floor's requests per second around it."""
        self.slices.append(measured)
        self.cpu += cpu
        self.ratios.append(measured.rate / floor_rate)

    @property
    def cells(self) -> list[str]:
        times = sorted(time for each in self.slices for time in each.times)
        return [
            self.name,
            f"{statistics.median(each.rate for each in self.slices):.0f}",
            f"{percentile(times, 0.50) * 1000:.1f}",
            f"{percentile(times, 0.99) * 1000:.1f}",
            f"{self.cpu / len(times) * 1000:.2f}",
            f"{statistics.median(self.ratios):.2f} ({min(self.ratios):.2f} to {max(self.ratios):.2f})",
            self.target,
        ]


def percentile(ordered: list[float], share: float) -> float:
    """The value below which `share` of an ordered list lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, ["---", *["---:"] * 5, "---"], *(row.cells for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write(rows: list[Row], rounds: int) -> None:
    """Write the table between the markers in README.md, with date, machine, and versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    made = f"{datetime.now(UTC):%d %B %Y}, a shared machine of 2 cores, {rounds} rounds, Python {platform.python_version()}, {versions}."
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{made}\n\n{table(rows)}\n\n{END}{after}")
