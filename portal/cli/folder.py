"""Commands: `flask --app wsgi audit folder …`: auditors' folders, the key that signs them, and restore drills."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import click
from flask import current_app

from portal import clock, zones
from portal.cli.audit import audit_group as audit_group
from portal.cli.audit import context_of
from portal.cli.base import counted, progress
from portal.flows.auditor import collect, drills, scope, trail
from portal.flows.auditor.scope import Period, Scope
from portal.folder import check
from portal.folder.archive import DirectoryStore
from portal.folder.make import Order, write_folder
from portal.folder.naming import folder_name
from portal.folder.tables import all_tables
from portal.folder.words import Words
from portal.languages import SOURCE
from portal.policy import policy_under
from portal.settings import auditing
from portal.signing import PublicKey, load_public_key

DAY = click.DateTime(["%Y-%m-%d"])
FILES = 18  # of a folder, for the bar that shows how far it is


@audit_group.command("folder")
@click.option("--practice", help="The name of one practice; all of them if omitted.")
@click.option("--from", "first", type=DAY, help="The first day, by the practice's clock; twelve months ago if omitted.")
@click.option("--to", "last", type=DAY, help="The last day; today if omitted.")
@click.option(
    "--output", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where each practice gets a folder."
)
@click.option("--dry-run", is_flag=True, help="Say what the folders would hold, and write nothing.")
def make_folders(practice: str | None, first: datetime | None, last: datetime | None, output: Path, dry_run: bool) -> None:
    """Make the signed folder that an auditor asks for, for one practice or all. A folder that exists is left as it is."""
    found = scope.list_practices(practice)
    if not found:
        raise click.ClickException("--practice: No practice has that name. See them with practices list.")
    scopes = [make_scope(*each, first.date() if first else None, last.date() if last else None) for each in found]
    if dry_run:
        for each in scopes:
            tell_content(each, output)
        return
    for each in scopes:
        make_one(each, output)


def make_scope(practice_id: int, name: str, zone_name: str | None, first: date | None, last: date | None) -> Scope:
    """The practice and the period, by its clock. Raises ClickException for days that the page would refuse, too."""
    settings, now = current_app.extensions["settings"], clock.now()
    zone = zones.first_zone(zone_name, settings.time_zone)
    today = now.astimezone(zone).date()
    period = Period(*choose_days(first, last, today), zone)
    if max(period.first, period.last) > today:
        raise click.ClickException("--from, --to: The period can't end in the future. Choose today or an earlier day.")
    if min(period.first, period.last) < scope.earliest_day(today):
        raise click.ClickException(
            f"{'--from' if first else '--to'}: Records are kept for {auditing.FOLDER_YEARS} years. Choose a day that is no longer ago."
        )
    if period.last < period.first:
        raise click.ClickException("--to: The period ends before it begins. Choose a last day that is not before the first.")
    return Scope(practice_id, name, period, now, policy_under("provider", settings.provider_methods))


def choose_days(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """The first and the last day: as they were given, else today and twelve months before the last day, as far as records go back."""
    last, earliest = last or today, scope.earliest_day(today)
    if first or last < earliest:
        return first or last, last
    return max(scope.default_days(last)[0], earliest), last


def tell_content(asked: Scope, output: Path) -> None:
    """Print how many rows each table would have."""
    found = collect.collect(asked, current_app.extensions["settings"], current_app.extensions["keys"], with_texts=True)
    click.echo(f"{output / folder_name(asked)}: {counted(found.holdings.staff, 'person', 'people')}")
    for table in all_tables(Words(SOURCE, asked.zone), found):
        click.echo(f"  {len(table.rows):>6}  {table.title}")


def make_one(asked: Scope, output: Path) -> None:
    """Make one folder beside its place, and move it there when it is whole."""
    target = output / folder_name(asked)
    if target.exists():
        click.echo(f"{target} exists already. Nothing was changed.")
        return
    settings, keys = current_app.extensions["settings"], current_app.extensions["keys"]
    with fresh_directory(output, target) as draft, progress(FILES, asked.practice) as bar:
        context = context_of("audit folder")
        collect.record_operators_folder(context, asked)
        found = collect.collect(asked, settings, keys, with_texts=True)
        state = trail.read_trail(keys, context.now)
        order = Order(SOURCE, f"the operator ({context.user_agent})", context.now)
        write_folder(DirectoryStore(draft), found, state, keys, order, lambda _name: bar.update(1))
    click.echo(f"Made {target}.")


@contextmanager
def fresh_directory(output: Path, target: Path) -> Iterator[Path]:
    """A directory to write into, which becomes the target. Of one that was not finished nothing is left. Raises ClickException."""
    draft = output / f".{target.name}.part"
    try:
        output.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed
        draft.mkdir(mode=0o700)
        try:
            yield draft
            draft.rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise click.ClickException(f"--output: {output} can't be written ({error.strerror}).") from error


@audit_group.command("key")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Also write the newest public key to this file, as PEM."
)
def show_key(output: Path | None) -> None:
    """Print the fingerprint of each key that signs folders, the newest first. Auditors compare them, and keep the file."""
    keys = current_app.extensions["keys"].signing_keys()
    for key in keys:
        click.echo(f"{key.name}: {key.fingerprint}")
    if output:
        try:
            output.write_bytes(keys[0].public.pem)
        except OSError as error:
            raise click.ClickException(f"--output: {output} can't be written ({error.strerror}).") from error


@audit_group.command("drill")
@click.option("--at", required=True, type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="When it was done (UTC).")
@click.option("--by", required=True, help="Who did it.")
@click.option("--result", required=True, type=click.Choice(drills.RESULTS), help="Whether it worked.")
@click.option("--note", default="", help="What was restored, and what was found.")
def record_drill(at: datetime, by: str, result: str, note: str) -> None:
    """Record that a backup was restored on another machine, for auditors. The same drill is recorded once."""
    context, when = context_of("audit drill"), at.replace(tzinfo=UTC)
    if when > context.now:
        raise click.ClickException("--at: That time hasn't come yet. Record a drill after it was done.")
    if when.date() < scope.earliest_day(context.now.date()):
        raise click.ClickException(f"--at: Folders go back {auditing.FOLDER_YEARS} years. Record a drill that is no longer ago.")
    for option, text, most in (("--by", by, 100), ("--note", note, auditing.RULE_TEXT_MAX)):
        if len(text) > most or not text.isprintable() or (option == "--by" and not text.strip()):
            raise click.ClickException(f"{option}: Use one line of 1 to {most} characters.")
    is_new = drills.record_drill(context, when, by.strip(), result, note.strip())
    click.echo("Recorded." if is_new else "This drill was recorded before. Nothing was changed.")


@audit_group.command("verify-folder", with_appcontext=False)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--key", "key_file", type=click.Path(path_type=Path), help="The public key (PEM), from whoever runs the portal.")
@click.option("--fingerprint", help="Or its fingerprint: then the key in the folder counts, if it has that one.")
def verify_folder(path: Path, key_file: Path | None, fingerprint: str | None) -> None:
    """Say whether a folder, or a ZIP file of one, is as it was signed. Exits with 1 if not. Needs neither database nor settings."""
    if (key_file is None) == (fingerprint is None):
        raise click.ClickException("--key, --fingerprint: Give one of the two, from whoever runs the portal.")
    try:
        key = load_public_key(key_file) if key_file else None
    except (OSError, ValueError) as error:
        raise click.ClickException(f"--key: {key_file} holds no public key of a portal ({error}).") from error
    try:
        verdict = check.check_folder(path, trusting(fingerprint or ""), key)
    except check.NoFolder as error:
        raise click.ClickException(f"{path}: There is no folder to check ({error}).") from error
    for fault in verdict.faults:
        click.echo(fault, err=True)
    if verdict.faults:
        raise click.ClickException(f"{path} is not as it was signed.")
    made, period = verdict.manifest["made"], verdict.manifest["period"]
    click.echo(f"{path} is as it was signed: {counted(verdict.files, 'file')}.")
    click.echo(
        f"{verdict.manifest['practice']['name']}, {period['from']} to {period['to']}, made at {made['at']} by {made['by']}."
    )
    click.echo(f"Key: {verdict.fingerprint}")


def trusting(fingerprint: str) -> Callable[[PublicKey], bool]:
    """Whether a key has the fingerprint that was typed."""
    return lambda key: key.has_fingerprint(fingerprint)
