"""What the commands share: faults told in a sentence, options checked as the portal's forms do."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import ProgrammingError

from portal.db import BUSY
from portal.forms.accounts import check_value
from portal.words.refusals import Refused, in_english


@contextmanager
def usable_database(faults: tuple[type[Exception], ...]) -> Iterator[None]:
    """Tell in a sentence, instead of a traceback, that the database cannot be used."""
    try:
        yield
    except faults as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise click.ClickException(
            f"PORTAL_DATABASE_URL: the database is unreachable, busy, full, or not migrated yet with `db upgrade` ({reason}). "
            "Run this again later; nothing is done twice."
        ) from error


class Group(AppGroup):
    """Commands that need the tables. A missing one is OperationalError on SQLite, ProgrammingError on PostgreSQL."""

    def invoke(self, ctx: click.Context) -> Any:
        with usable_database((*BUSY, ProgrammingError)):
            return super().invoke(ctx)


def checked(field: str, shown: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback that validates a value as the portal's forms do; `shown` names the option in the message."""

    def check(_context: click.Context, _parameter: click.Parameter, typed: str | None) -> str | None:
        if typed is None:
            return None
        try:
            return check_value(field, typed)
        except Refused as refused:
            raise click.ClickException(f"{shown}: {in_english(refused)}") from refused

    return check


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts: "1 seal", "2 seals"."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


dry_run = click.option("--dry-run", "is_rehearsal", is_flag=True, help="Say what would be done, and change nothing.")


def progress(length: int | None, label: str, of: Iterable[Any] | None = None) -> Any:
    """A bar on the terminal that shows how far a command is: `length` steps, or through `of`. A file that the words go to gets none."""
    return click.progressbar(of, length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())
