"""Commands: `flask --app wsgi demo …`: people to look at the portal with, and to measure it with."""

import click
from flask import current_app

from portal import clock
from portal.cli.base import Group, dry_run, progress
from portal.flows.operator import demo, demo_crowd
from portal.flows.operator.demo_rows import USERNAME, Crowd

demo_group = Group("demo", help="Manage the demo accounts.")


@demo_group.command("seed")
@click.option(
    "--accounts", type=click.IntRange(0, demo_crowd.MOST), default=0, help="Also create this many accounts, to measure with."
)
@dry_run
def seed_demo(accounts: int, is_rehearsal: bool) -> None:
    """Create any missing demo accounts and print where to sign in."""
    settings = current_app.extensions["settings"]
    if accounts and settings.is_https:
        raise click.ClickException("--accounts: These accounts are for measuring, on loopback only.")
    if not settings.is_loopback:
        raise click.ClickException("Everybody knows the demo accounts' password, so they are created on loopback only.")
    if is_rehearsal:
        rehearse(accounts)
        return
    demo.seed_demo(current_app.extensions["keys"], clock.now())
    seed_crowd(accounts)
    click.echo(f"Patient portal  {settings.base_url}/\nEHR             {settings.base_url}/ehr")
    if settings.test_bench:
        click.echo(f"Test bench      {settings.base_url}/test-bench")
    for origin in settings.origins[1:]:
        click.echo(f"Also served at  {origin}/")
    click.echo(f"\nDemo accounts (all with the password {demo.PASSWORD}):")
    for person in demo.PEOPLE:
        click.echo(f"  {person.username:<10} {person.about}")


def rehearse(accounts: int) -> None:
    """Say how many accounts are missing."""
    missing = max(0, accounts - demo_crowd.count_members())
    click.echo(f"{len(demo.find_missing())} demo accounts would be created, and {missing:,} accounts to measure with.")


def seed_crowd(wanted: int) -> None:
    """Add accounts until there are as many, with a bar that shows how far it is; each batch is committed, so it may be stopped."""
    missing = wanted - demo_crowd.count_members()
    if missing <= 0:
        return
    crowd = Crowd(current_app.extensions["keys"], clock.now())
    with progress(missing, "Accounts") as bar:
        while added := demo_crowd.add_members(crowd, wanted):
            bar.update(added)
    demo_crowd.analyze()
    click.echo(f"Accounts {USERNAME.format(1)} to {USERNAME.format(wanted)}, with the same password.\n")
