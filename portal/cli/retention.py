"""Commands: `flask --app wsgi retention …`: what has been kept long enough goes."""

import click
from flask import current_app

from portal import clock
from portal.cli.base import Group, dry_run, progress
from portal.flows.audit import retire
from portal.flows.base.context import RequestContext
from portal.flows.operator import retention
from portal.flows.operator.operator_events import command_context
from portal.settings import operation

retention_group = Group("retention", help="Delete what has been kept long enough.")


@retention_group.command("run")
@dry_run
def run_retention(is_rehearsal: bool) -> None:
    """Delete sessions, trust, links, codes, messages, recoveries, and events of the audit trail that were over long ago.

    The portal may run meanwhile. Accounts in PORTAL_RETENTION_HOLDS keep everything. After an interruption, run it again.
    """
    context = command_context(current_app.extensions["keys"], clock.now(), "retention run")
    try:
        held = retention.find_held(current_app.extensions["settings"].retention_holds)
    except retention.UnknownHold as error:
        raise click.ClickException(
            f"PORTAL_RETENTION_HOLDS: No account has the username {error}. Nothing was deleted. Correct the name, or take it out."
        ) from error
    numbers = [retention.count_old(rule, context.now, held) for rule in retention.RULES]
    deleted = numbers
    if not is_rehearsal:
        with progress(sum(numbers), "Rows") as bar:
            deleted = [retention.delete_old(rule, context.now, held, bar.update) for rule in retention.RULES]
        retention.record_retention(context, sum(deleted))
    does = "would go" if is_rehearsal else "are deleted"
    for rule, number in zip(retention.RULES, deleted, strict=True):
        click.echo(f"{number:>12,} {rule.what}, over for more than {rule.kept.days:,} days, {does}")
    run_events(context, held, is_rehearsal, does)
    if held:
        click.echo(f"{len(held):,} accounts keep everything, by PORTAL_RETENTION_HOLDS.")


def run_events(context: RequestContext, held: list[int], is_rehearsal: bool, does: str) -> None:
    """The same for the audit trail, which goes in whole seals from its beginning."""
    old = retention.count_old_events(context.now)
    number = retire.count_retirable(context.now, held)
    if number and not is_rehearsal:
        try:
            with progress(number, "Events") as bar:
                number = retire.retire_events(context, current_app.extensions["keys"], held, bar.update)
        except retire.MayNotDelete as error:
            raise click.ClickException(
                "PORTAL_DATABASE_URL: This role may not delete events, as the portal's own should not. Run this as the tables' owner."
            ) from error
    click.echo(f"{number:>12,} events, older than {operation.EVENTS_KEPT.days:,} days, {does}")
    if old > number:
        click.echo(f"{old - number:>12,} more events are as old, and stay until all of their seal may go")
