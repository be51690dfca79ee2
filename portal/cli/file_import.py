"""`accounts import`: reads the file, hands its accounts on in batches, and reports the lines that have to be corrected."""

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import click

from portal import spreadsheet
from portal.cli.base import progress
from portal.csv_records import FileRefused, Lines, Problem, Record, read_header, read_records
from portal.flows.operator.account_rows import COLUMNS, AccountRow, check_columns, check_record
from portal.flows.operator.import_accounts import Importer
from portal.settings import operation

TWICE = "An earlier line has the same username. Keep one of them."
MANY = f"It has more than {operation.IMPORT_LINES:,} accounts. Split it, and import one part after the other."


class FileImport:
    """One run over one file. `wrong` counts lines, of which each may have several problems."""

    def __init__(self, importer: Importer, countries: Sequence[str]) -> None:
        self.importer, self.countries = importer, countries
        self.added = self.there = self.wrong = 0
        self.kinds: Counter[tuple[str, str]] = Counter()
        self.first: dict[tuple[str, str], int] = {}
        self.lines_by_name: dict[int, int] = {}  # hash of a username -> its first line
        self.rows: list[AccountRow] = []
        self.problems: list[Problem] = []
        self.report: TextIO | None = None

    def run(self, file: Path, report: Path | None) -> "FileImport":
        """Import the file. Raises ClickException if it, or the report, can't be used."""
        with ExitStack() as opened:
            try:
                stream = opened.enter_context(file.open("rb"))
                lines, size = Lines(stream), os.fstat(stream.fileno()).st_size
                names, separator = read_header(lines, COLUMNS)
                check_columns(names)
            except OSError as error:
                raise click.ClickException(f"{file}: It can't be read ({error.strerror}).") from error
            except FileRefused as refused:
                raise click.ClickException(f"{file}: {refused}") from refused
            self.report = open_report(opened, file, report)
            with progress(size, "Accounts") as bar:
                self.read(lines, names, separator, bar)
        return self

    def read(self, lines: Lines, names: Sequence[str], separator: str, bar: Any) -> None:
        told = 0
        for found in read_records(lines, separator, len(names)):
            self.take(found, names)
            if len(self.rows) + len(self.problems) >= operation.IMPORT_BATCH:
                self.finish_batch()
                bar.update(lines.read - told)
                told = lines.read
        self.finish_batch()
        bar.update(lines.read - told)

    def take(self, found: Record | Problem, names: Sequence[str]) -> None:
        """Check one record, and keep it for the batch."""
        if isinstance(found, Problem):
            self.problems.append(found)
            return
        row = check_record(found, names, self.countries)
        if isinstance(row, list):
            self.problems.extend(row)
            return
        before = self.lines_by_name.setdefault(hash(row.username), row.line)
        if before != row.line:
            self.problems.append(Problem(row.line, "username", TWICE, f"{row.username} (line {before})"))
            return
        if len(self.lines_by_name) > operation.IMPORT_LINES:
            self.finish_batch()
            raise click.ClickException(MANY)
        self.rows.append(row)

    def finish_batch(self) -> None:
        """Store what was collected, and write what is wrong into the report, in the order of the lines."""
        outcome = self.importer.take_batch(self.rows)
        self.added, self.there = self.added + outcome.added, self.there + outcome.there
        problems = sorted([*self.problems, *outcome.problems], key=lambda problem: problem.line)
        self.wrong += len({problem.line for problem in problems})
        for problem in problems:
            kind = problem.column, problem.what
            self.kinds[kind] += 1
            self.first.setdefault(kind, problem.line)
        if self.report:
            shown = ((each.line, each.column, each.what, each.shown[: operation.IMPORT_SHOWN]) for each in problems)
            self.report.writelines(map(spreadsheet.line, shown))
            self.report.flush()
        self.rows, self.problems = [], []

    def summarize(self, report: Path | None) -> None:
        """Say on standard error what is wrong, the most frequent first, without a value of anybody's."""
        for kind, number in self.kinds.most_common(operation.IMPORT_SENTENCES):
            column, what = kind
            where = f"{column}: " if column else ""
            click.echo(f"{number:,} of these, the first in line {self.first[kind]}: {where}{what}", err=True)
        click.echo(f"Every line is in {report}." if report else "To get every line, run it again with --report FILE.", err=True)


def open_report(opened: ExitStack, file: Path, report: Path | None) -> TextIO | None:
    """The report, new, and readable by its owner alone, as it repeats what is in the file."""
    if report is None:
        return None
    try:
        if report.exists() and report.samefile(file):
            raise click.ClickException("--report: This is the file to import. Name another one.")
        number = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(number, 0o600)  # also if it was there
    except OSError as error:
        raise click.ClickException(f"--report: {report} can't be written ({error.strerror}).") from error
    written = opened.enter_context(os.fdopen(number, "w", encoding="utf-8", newline=""))
    written.write(spreadsheet.MARK + spreadsheet.line(("line", "column", "problem", "value")))
    return written
