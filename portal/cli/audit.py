"""Commands: `flask --app wsgi audit …`: verify, export, and anchor the audit trail, and the rights of the database role that adds to it."""

import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click
from flask import current_app

from portal import clock
from portal.cli.base import Group, counted, progress
from portal.flows.audit import anchors as anchor_flow
from portal.flows.audit import grants
from portal.flows.audit.export import Period, export_events
from portal.flows.audit.verify import Finding, Report, count_to_verify, verify
from portal.flows.auditor.trail import record_whole
from portal.flows.base.audit import one_line
from portal.flows.base.context import RequestContext
from portal.flows.operator.operator_events import command_context, operator_name

audit_group = Group("audit", help="Verify, export, and anchor the audit trail.")
DATE = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
SENTENCES = {
    "seal_changed": "Seal {seal} was changed: its hash doesn't fit it. Its events can't be checked.",
    "seal_missing": "Seal {seal} was removed.",
    "seals_missing": "Seals {seal} to {other} were removed.",
    "chain_broken": "Seal {seal} doesn't follow the one before it: one of them was replaced.",
    "key_missing": "Seal {seal} can't be checked: none of PORTAL_ENCRYPTION_KEYS opens its key {text}, or the key was removed.",
    "key_without_seal": "The key {text} has none of its seals any more: all seals were removed, or the last ones.",
    "key_returned": "Seal {seal} was made with the key {text}, which had been replaced: it was added with an old key.",
    "event_changed": "Event {event}, in seal {seal}, was changed. Its time is {at}.",
    "event_unreadable": "Event {event} holds a value that the portal never writes: it was changed, or added.",
    "seal_unreadable": "Seal {seal}, or one soon after it, holds a value that the portal never writes. What follows can't be verified.",
    "event_moved": "Event {event}, in seal {seal}, holds what event {other} held: they were moved.",
    "event_removed": "Event {event}, in seal {seal}, was removed.",
    "event_added": "Event {event} is in no seal, although later events are. Its time is {at}: it was added.",
    "event_late": "Event {event} was sealed late, in seal {seal}. Its time is {at}, when others had long been sealed: it was added.",
    "anchor_differs": "Seal {seal} isn't the one of the anchor of {text}: the chain was replaced.",
    "anchor_missing": "The anchor of {text} names seal {seal}, and the last one is {other}: the end of the trail was cut off.",
}
NOT_GRANTED = {
    "name": "ROLE: A role's name has letters, digits, and underscores, and begins with no digit.",
    "sqlite": "PORTAL_DATABASE_URL: SQLite knows no roles. Whoever can write to its file can change it; the chain shows that.",
    "unknown": "ROLE: There is no such role. Make it first: CREATE ROLE … LOGIN.",
    "not_owner": "PORTAL_DATABASE_URL: Only the owner of the tables can give these rights. Nothing has changed.",
    "owner": "ROLE: It is a superuser or owns the tables, so no right can be kept from it. Give the tables to another role.",
}


def utc(typed: datetime | None) -> datetime | None:
    """What click reads has no zone; here it means UTC."""
    return typed and typed.replace(tzinfo=UTC)


def told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def sentence(finding: Finding) -> str:
    """What was found, in one sentence."""
    kind = "seal_missing" if finding.kind == "seals_missing" and finding.seal == finding.other else finding.kind
    return SENTENCES[kind].format(**finding._asdict() | {"at": told(finding.at) if finding.at else ""})


def context_of(command: str) -> RequestContext:
    """The context of a command, with the account of the machine that runs it (AU-7)."""
    who = one_line(f"{command}, run by {operator_name()}")
    return command_context(current_app.extensions["keys"], clock.now(), who)


@audit_group.command("verify")
@click.option("--anchors", type=click.File(), help="Also compare the chain with this file of anchors.")
@click.option("--since", type=DATE, help="Read only events that were sealed since (UTC). The chain is verified as a whole.")
@click.option("--record", is_flag=True, help="Record in the trail what was found, for auditors' folders.")
def verify_trail(anchors: TextIO | None, since: datetime | None, record: bool) -> None:
    """Say whether the audit trail is as it was written. Exits with 1 if something was changed, removed, added, or moved."""
    if record and since:
        raise click.ClickException("--record: What is recorded has to be of all events. Leave out --since.")
    try:
        known = anchor_flow.read_anchors(anchors or ())
    except (anchor_flow.NoAnchor, UnicodeDecodeError) as error:
        raise click.ClickException(f"--anchors: Line {error} isn't an anchor. Name a file that the worker wrote.") from error
    if anchors and not known:
        raise click.ClickException(
            "--anchors: The file holds no anchor. Take it from where it was kept, or leave the option out."
        )
    with progress(count_to_verify(), "Events") as bar:
        report = verify(current_app.extensions["keys"], clock.now(), known, utc(since), bar.update)
    tell(report)
    if known:
        number = sum(map(len, known.values()))
        click.echo(f"Compared with {counted(number, 'anchor')}, the last of {anchor_flow.newest_day(known.values())}.")
    if record:
        record_whole(context_of("audit verify"), report)
    if report.found:
        sys.exit(1)


def tell(report: Report) -> None:
    """Print what was verified and found."""
    for finding in report.findings:
        click.echo(sentence(finding), err=True)
    if report.found > len(report.findings):
        click.echo(f"And {report.found - len(report.findings)} more.", err=True)
    period = f", from {told(report.first_at)} to {told(report.last_at)}" if report.first_at and report.last_at else ""
    found = counted(report.found, "fault") if report.found else "unchanged"
    click.echo(f"{counted(report.events, 'event')} in {counted(report.seals, 'seal')}{period}: {found}.")
    if report.retired:
        click.echo(f"Deleted by age, as their seals say: {counted(report.retired, 'event')}.")
    if report.unsealed_since:
        click.echo(
            f"Not sealed yet: {counted(report.unsealed, 'event')}, the oldest of {told(report.unsealed_since)}. A worker seals them."
        )


@audit_group.command("export")
@click.option("--from", "start", type=DATE, required=True, help="The first day (UTC).")
@click.option("--to", "end", type=DATE, required=True, help="The day after the last (UTC).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; the terminal if omitted.")
def export_trail(start: datetime, end: datetime, output: Path | None) -> None:
    """Write the events of a period as JSON Lines, with their place in the chain. The export is recorded in the trail."""
    if end <= start:
        raise click.ClickException(
            "--to: The period ends before it begins. It is the day after the last one, such as the first of a month."
        )
    lines = export_events(context_of("audit export"), Period(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)))
    if output is None:
        for line in lines:
            click.echo(line, nl=False)
        return
    draft = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
    try:
        draft.touch(mode=0o600, exist_ok=False)
        with draft.open("w") as file, progress(None, "Events", lines) as bar:
            file.writelines(bar)
        draft.replace(output)
    except OSError as error:
        raise click.ClickException(f"--output: {output} can't be written ({error.strerror}).") from error
    finally:
        draft.unlink(missing_ok=True)


@audit_group.command("anchor")
def anchor_trail() -> None:
    """Print the head of the chain, and append it to the anchors in PORTAL_AUDIT_ANCHORS."""
    folder = current_app.extensions["settings"].audit_anchors
    anchor = anchor_flow.make_anchor(clock.now())
    if anchor is None:
        raise click.ClickException("Nothing is sealed yet. A worker seals events a few minutes after they happen.")
    click.echo(anchor.line())
    try:
        if folder:
            anchor_flow.append_anchor(folder, anchor)
    except OSError as error:
        raise click.ClickException(f"PORTAL_AUDIT_ANCHORS: {folder} takes no anchor ({error.strerror}).") from error


@audit_group.command("grants")
@click.argument("role")
@click.option(
    "--apply", "is_applied", is_flag=True, help="Execute the statements, too. PORTAL_DATABASE_URL names the tables' owner."
)
def print_grants(role: str, is_applied: bool) -> None:
    """Print the rights of the application's own PostgreSQL role, which may add to the audit trail and change nothing in it."""
    try:
        statements = grants.write_grants(role)
        if is_applied:
            grants.apply_grants(role)
    except grants.NotGranted as reason:
        raise click.ClickException(NOT_GRANTED[str(reason)]) from reason
    click.echo("".join(f"{statement};\n" for statement in statements), nl=False)
