"""Making a folder: everything that was found, in files, with a manifest, and signed."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal import spreadsheet
from portal.crypto import Keyring
from portal.flows.auditor.collect import Findings
from portal.flows.auditor.trail import Trail
from portal.folder import archive, trail_words
from portal.folder.archive import Store, Written, write_file
from portal.folder.tables import Cell, Table, all_tables
from portal.folder.words import Words
from portal.version import VERSION
from portal.words.refusals import N_

FORMAT = "medximity-auditors-folder/1"
DOCUMENTS = Path(__file__).parent / "documents"
LINES_AT_ONCE = 500
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """Who wants which folder, in which language. `made_by`: name and account, or an operator's name."""

    language: str
    made_by: str
    made_at: datetime


def write_folder(store: Store, found: Findings, trail: Trail, keys: Keyring, order: Order, progress: Progress) -> list[Written]:
    """Write every file of the folder, the signature last; `progress` is told the name of each. Raises OSError."""
    from portal.folder.report import Making, draw_report  # libraries that no page needs, a tenth of the start

    words, key = Words(order.language, found.scope.zone, found.countries), keys.signing_key()
    tables = [*all_tables(words, found), trail_words.trail_table(words, trail)]
    said, in_short = tuple(trail_words.sentences(words, trail)), trail_words.in_short(words, trail)
    making = Making(order.made_at, order.made_by, VERSION, key.fingerprint, said, in_short)
    written: list[Written] = []

    def add(name: str, parts: Iterator[bytes], rows: int | None = None) -> None:
        progress(name)
        written.append(write_file(store, name, parts, rows))

    for table in tables:
        add(f"{table.name}.csv", csv_bytes(words, table), len(table.rows))
    add("report.pdf", iter([draw_report(words, found, tables[:-1], making)]))
    for path in sorted(DOCUMENTS.glob("*.md")):
        add(path.name, iter([path.read_bytes()]))
    add(archive.PUBLIC_KEY, iter([key.public.pem]))
    add(archive.README, iter([readme(words, found).encode()]))
    add(archive.MANIFEST, iter([manifest(found, trail, order, key.name, key.fingerprint, written)]))
    sums = archive.sums_file(written)
    add(archive.SUMS, iter([sums]))
    add(archive.SIGNATURE, iter([key.sign(sums)]))
    return written


def csv_bytes(words: Words, table: Table) -> Iterator[bytes]:
    """The file of a table, some hundred lines at a time."""
    rows = (tuple(in_file(words, cell) for cell in row) for row in table.rows)
    head = tuple(column.head for column in table.columns)
    batch: list[str] = []
    for line in spreadsheet.lines(iter([head, *rows])):
        batch.append(line)
        if len(batch) == LINES_AT_ONCE:
            yield "".join(batch).encode()
            batch.clear()
    yield "".join(batch).encode()


def in_file(words: Words, cell: Cell) -> str | int:
    """A cell as the file has it: times to the second, with their distance from UTC."""
    if isinstance(cell, datetime):
        return words.exact(cell)
    return "" if cell is None else cell


def manifest(found: Findings, trail: Trail, order: Order, key_name: str, fingerprint: str, files: Sequence[Written]) -> bytes:
    """What the folder is, for programs."""
    scope, period = found.scope, found.scope.period
    content: dict[str, Any] = {
        "format": FORMAT,
        "practice": {"id": scope.practice_id, "name": scope.practice},
        "period": {
            "from": period.first.isoformat(),
            "to": period.last.isoformat(),
            "time_zone": period.zone.key,
            "begins_at": utc(period.begins_at),
            "ends_before": utc(period.ends_at),
        },
        "made": {
            "at": utc(order.made_at),
            "as_of": utc(scope.now),
            "by": order.made_by,
            "version": VERSION,
            "language": order.language,
        },
        "audit_trail": trail_words.for_programs(trail),
        "key": {"id": key_name, "algorithm": "Ed25519", "sha256": fingerprint.replace(" ", "")},
        "files": [
            {"name": each.name, "sha256": each.sha256, "size": each.size, **({} if each.rows is None else {"rows": each.rows})}
            for each in sorted(files, key=lambda each: each.name)
        ],
    }
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


README_SENTENCES = (
    N_("report.pdf is for reading. Each of its tables is a CSV file beside it, with every character as it was written."),
    N_("To check that nothing was changed, go into this folder and run:"),
    "    openssl pkey -pubin -in public-key.pem -outform DER | sha256sum",
    N_("It has to print the fingerprint that whoever runs the portal, or the practice's administrator, tells you themselves."),
    "    openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig",
    N_("It has to print: Signature Verified Successfully"),
    "    sha256sum --strict -c SHA256SUMS",
    N_("It has to print OK for each file, and no warning. A file that is not in SHA256SUMS does not belong here."),
    N_("Whoever has the portal installed can do all of that at once, with neither a database nor settings:"),
    "    medximity-portal audit verify-folder . --key KEY.pem",
)


def readme(words: Words, found: Findings) -> str:
    """README.txt: what the folder is, and how to check it with programs that every Linux and macOS has."""
    title = words.say(N_("Two-factor authentication at %(practice)s"), practice=found.scope.practice)
    return "\n\n".join((title, *map(words.say, README_SENTENCES))) + "\n"
