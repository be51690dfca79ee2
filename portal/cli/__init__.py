"""Commands: `flask --app wsgi accounts …`, `audit …`, `check`, `demo …`, `keys …`, `practices …`, `queue …`, `retention …`, `db …`, …"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup

from portal import phones, zones
from portal.cli.access import sessions_group
from portal.cli.accounts import accounts_group
from portal.cli.base import Group, usable_database
from portal.cli.check import check
from portal.cli.demo import demo_group
from portal.cli.folder import audit_group
from portal.cli.keys import keys_group
from portal.cli.practices import practices_group
from portal.cli.retention import retention_group
from portal.db import BUSY
from portal.flows.messages import outbox
from portal.models import Base
from portal.settings.addresses import SettingError
from portal.settings.environment import Settings
from portal.settings.watching import TEXT
from portal.version import VERSION
from portal.watch import logs
from portal.words.refusals import Refused, Unclear, in_english

if TYPE_CHECKING:
    from flask_alembic import Alembic


log = logging.getLogger(__name__)


class Migrations(click.Group):
    """`db …`, by Flask-Alembic. Imported lazily: it takes a third of startup, and nothing else needs it."""

    def __init__(self, app: Flask) -> None:
        super().__init__("db", help="Manage the database tables.")
        self.app = app

    def invoke(self, ctx: click.Context) -> Any:
        from alembic.util import CommandError

        with usable_database(BUSY):
            ctx.obj = make_migrator(self.app)
            try:
                return super().invoke(ctx)
            except CommandError as error:  # such as a migration that there is not
                raise click.ClickException(f"{error}.") from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self.library().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.library().get_command(ctx, cmd_name)

    @staticmethod
    def library() -> click.Group:
        from flask_alembic.cli import cli

        return cli


def make_migrator(app: Flask) -> "Alembic":
    """Return the migrator of the app's database; its `upgrade()` creates every table."""
    from flask_alembic import Alembic

    return Alembic(app, run_mkdir=False, command_name="", metadatas=Base.metadata, engines=app.extensions["migrations_engine"])


queue_group = Group("queue", help="Send queued texts and emails.")
texts_group = Group("texts", help="Look after the gateways for texts.")


def register_commands(app: Flask) -> None:
    groups = (
        practices_group, accounts_group, audit_group, demo_group, keys_group, queue_group, retention_group, sessions_group, texts_group,
    )  # fmt: skip
    for group in groups:
        app.cli.add_command(group)
    app.cli.add_command(check)
    app.cli.add_command(Migrations(app))


def main() -> None:
    """The console script `medximity-portal …`: what `flask --app wsgi …` is in the repository."""
    os.environ["FLASK_APP"] = "portal.wsgi"
    group = FlaskGroup(name="medximity-portal", load_dotenv=False, add_version_option=False)
    group.add_command(
        audit_group
    )  # found without the app, so that folders are verified where there is neither database nor setting
    click.version_option(VERSION, prog_name="medximity-portal")(group).main()


@queue_group.command("work")
@click.option("--beside", type=int, help="Stop when the process with this ID ends.")
def work(beside: int | None) -> None:
    """Send queued texts and emails until stopped. Run as many workers as you like, on any number of machines."""
    if beside:
        threading.Thread(target=stop_with_parent, args=(beside,), daemon=True).start()
    kind = current_app.extensions["settings"].log
    logs.configure(kind, is_service=True)
    if kind == TEXT:
        click.echo(f"Time zones: tzdata {zones.data_version()}", err=True)
    else:
        log.info("Time zones: tzdata %s", zones.data_version())
    try:
        with traced(current_app.extensions):
            current_app.extensions["queue"].work()
    except SettingError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def traced(extensions: dict[str, Any]) -> Iterator[None]:
    """Send traces meanwhile, if that is on."""
    traces = extensions.get("traces")
    if traces is None:
        yield
        return
    traces.sender.start()
    try:
        yield
    finally:
        traces.sender.stop()


def stop_with_parent(parent: int) -> None:
    """Stop this process gracefully as soon as its parent has exited, even if the parent was killed."""
    while os.getppid() == parent:
        threading.Event().wait(1)
    os.kill(os.getpid(), signal.SIGTERM)


@queue_group.command("status")
def show_queue() -> None:
    """Count texts and emails by state."""
    counted = outbox.count_rows()
    for kind, state, number in counted:
        click.echo(f"{kind:<6} {state:<8} {number}")
    if not counted:
        click.echo("There are no texts and no emails.")


@texts_group.command("check")
@click.option("--to", help="Also send one text, to this number: +12025550123.")
def check_texts(to: str | None) -> None:
    """Ask the gateways for texts whether their credentials are right, and say what a code costs."""
    from portal import text_check  # imports apprise, which takes a second

    settings: Settings = current_app.extensions["settings"]
    if not settings.texts or not settings.text_urls:
        raise click.ClickException("There is no gateway to ask: PORTAL_SMS_URL is not set, or PORTAL_SMS is 0.")
    try:
        number = phones.parse(to, settings.text_countries[0], settings.text_countries) if to else ""
        is_well = text_check.check_gateways(settings, click.echo)
        if number:
            is_well = text_check.send_sample(settings, number, click.echo) and is_well
    except Unclear as unclear:
        raise click.ClickException(
            f"--to: Write the number with its country code, such as {unclear.suggestions[0]}."
        ) from unclear
    except Refused as refused:
        raise click.ClickException(f"--to: {in_english(refused)}") from refused
    except SettingError as error:
        raise click.ClickException(str(error)) from error
    if not is_well:
        sys.exit(1)
