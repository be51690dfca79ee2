"""Commands: `flask --app wsgi accounts …`: one account, or those of a file."""

import secrets
import sys
from pathlib import Path

import click
from flask import current_app

from portal import clock
from portal.cli.base import Group, checked, dry_run
from portal.cli.file_import import FileImport
from portal.flows.operator import accounts
from portal.flows.operator.account_rows import NEEDED, OPTIONAL
from portal.flows.operator.import_accounts import Importer
from portal.flows.operator.operator_events import command_context
from portal.models import ROLES
from portal.settings import operation
from portal.words.refusals import Refused, in_english

accounts_group = Group("accounts", help="Create accounts, one or a file of them, and disable them.")
COLUMNS = f"Columns: {', '.join(NEEDED)}; optional: {', '.join(OPTIONAL)}. UTF-8, separated by commas, semicolons, or tabs."


def refuse_bytes(_context: click.Context | None, _parameter: click.Parameter | None, typed: str | None) -> str | None:
    """A callback for a password: bytes that are not UTF-8 could never be typed on a page."""
    if typed and typed != typed.encode("utf-8", "ignore").decode():
        raise click.ClickException("--password: It holds bytes that are not UTF-8. Check the terminal's encoding.")
    return typed


def first_password(is_open: bool, email: str | None, password: str | None) -> str:
    """The password that an account begins with: one that nobody learns, the one that was given, or one that is asked for."""
    if is_open and password:
        raise click.ClickException("--without-password: Leave --password out.")
    if is_open and not email:
        raise click.ClickException("--without-password: It needs --email, where the link to choose a password goes.")
    if is_open:
        return secrets.token_urlsafe(operation.FIRST_PASSWORD_BYTES)
    if password is None:
        password = refuse_bytes(None, None, click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return password or ""


@accounts_group.command("create")
@click.argument("username", callback=checked("username", "USERNAME"))
@click.option("--name", required=True, callback=checked("full_name", "--name"), help="Full name, as shown in the portal.")
@click.option("--role", type=click.Choice(ROLES), default="patient", show_default=True, help="Who the person is.")
@click.option("--practice", callback=checked("practice", "--practice"), help="Name of a practice that `practices set` has made.")
@click.option("--email", callback=checked("email", "--email"), help="Confirmed email address for notices.")
@click.option(
    "--without-password", "is_open", is_flag=True, help='Let the person choose one, with "Forgot password?"; needs --email.'
)
@click.option("--password", callback=refuse_bytes, help="Prompted for if omitted.")
def create_account(
    username: str, name: str, role: str, practice: str | None, email: str | None, is_open: bool, password: str | None
) -> None:
    """Create one account. An existing username is left unchanged.

    With --without-password nobody knows its password, and the person chooses one by an emailed link.
    """
    keys = current_app.extensions["keys"]
    try:
        is_new = accounts.create_account(
            keys, clock.now(), username, name, role, first_password(is_open, email, password), practice, email
        )
    except Refused as refused:
        option = "--practice" if refused.reason in accounts.PRACTICE_REASONS else "--password"
        raise click.ClickException(f"{option}: {in_english(refused)}") from refused
    click.echo(f"Created {username}." if is_new else f"{username} already exists. Nothing was changed.")


@accounts_group.command("import", epilog=COLUMNS)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--report", type=click.Path(path_type=Path), help="Write every line that was not imported to this CSV file, and why."
)
@dry_run
def import_accounts(file: Path, report: Path | None, is_rehearsal: bool) -> None:
    """Create the accounts in a CSV file that don't exist yet. Its first line names the columns.

    Nobody gets a password: people choose one with "Forgot password?". An account that exists is left as it is; if the file says
    something else of it, that is reported. Exits with 1 if there is a line to correct. After an interruption, run it again.
    """
    settings = current_app.extensions["settings"]
    context = command_context(current_app.extensions["keys"], clock.now(), "accounts import")
    importer = Importer(context, settings.text_countries[0], is_rehearsal)
    done = FileImport(importer, settings.text_countries).run(file, report)
    importer.record(done.added)
    would = "would be " if is_rehearsal else ""
    click.echo(
        f"{done.added:,} accounts {would}created, {done.there:,} are there already, {done.wrong:,} lines have to be corrected."
    )
    if done.wrong:
        done.summarize(report)
        sys.exit(1)
