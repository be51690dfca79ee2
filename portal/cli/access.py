"""Commands: `flask --app wsgi sessions end`, and `accounts disable` and `enable`: who may stay in, and who may come in at all."""

from typing import NoReturn

import click
from flask import current_app

from portal import clock
from portal.cli.accounts import accounts_group
from portal.cli.base import Group, dry_run, progress
from portal.flows.base.context import RequestContext
from portal.flows.operator import access
from portal.flows.operator.operator_events import command_context

sessions_group = Group("sessions", help="End sessions.")


def context_of(command: str) -> RequestContext:
    return command_context(current_app.extensions["keys"], clock.now(), command)


def refuse_unknown(username: str) -> NoReturn:
    raise click.ClickException(f"USERNAME: No account is called {username}.")


@sessions_group.command("end")
@click.argument("username", required=False)
@click.option("--all", "is_all", is_flag=True, help="End everybody's, for example after a restore.")
@dry_run
def end_sessions(username: str | None, is_all: bool, is_rehearsal: bool) -> None:
    """End the sessions and trusted browsers of one person, or everybody's. Those who are signed in sign in again."""
    if bool(username) == is_all:
        raise click.ClickException("USERNAME: Name one person, or give --all.")
    if is_rehearsal and not is_all:
        raise click.ClickException("--dry-run: It counts everybody's, so it goes with --all.")
    context = context_of("sessions end")
    if username:
        ended = access.end_sessions(context, username) or refuse_unknown(username)
    else:
        ended = access.count_live(context)
        if not is_rehearsal:
            with progress(ended.sessions, "Sessions") as bar:
                ended = access.end_all_sessions(context, bar.update)
    would = "would be " if is_rehearsal else ""
    click.echo(f"{ended.sessions:,} sessions and {ended.browsers:,} trusted browsers {would}ended.")


@accounts_group.command("disable")
@click.argument("username")
def disable_account(username: str) -> None:
    """Disable an account, for somebody who has left: its sessions end at once, and nothing signs in to it. Nothing is deleted."""
    say(username, access.set_disabled(context_of("accounts disable"), username, True), "disabled")


@accounts_group.command("enable")
@click.argument("username")
def enable_account(username: str) -> None:
    """Enable an account again. Its password, factors, and backup codes are as they were."""
    say(username, access.set_disabled(context_of("accounts enable"), username, False), "enabled")


def say(username: str, is_changed: bool | None, state: str) -> None:
    """Say what came of it. Raises ClickException if there is no such account."""
    if is_changed is None:
        refuse_unknown(username)
    click.echo(f"{username} is {state} now." if is_changed else f"{username} is {state} already. Nothing was changed.")
