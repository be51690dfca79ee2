"""Commands: `flask --app wsgi practices …`: where practices are and how to reach them."""

import click
from flask import current_app

from portal.cli.base import Group, checked
from portal.flows.operator import practices

practices_group = Group("practices", help="Say where practices are, and how to reach them.")


@practices_group.command("set")
@click.argument("name", callback=checked("practice", "NAME"))
@click.option("--time-zone", callback=checked("time_zone", "--time-zone"), help="IANA name, such as America/Los_Angeles.")
@click.option("--phone", callback=checked("practice_phone", "--phone"), help="As people write it, such as (503) 555-0142.")
@click.option("--address", callback=checked("address", "--address"), help="In one line, for letters and directions.")
@click.option("--city", callback=checked("city", "--city"), help="As patients read it.")
@click.option("--language", help="For people who never chose one: a tag of PORTAL_LANGUAGES, such as es.")
def set_practice(name: str, **options: str | None) -> None:
    """Create a practice, or change what the options name. Appointments keep the time of day that they were made for."""
    language, offered = options["language"], current_app.extensions["settings"].languages
    if language is not None and language not in offered:
        raise click.ClickException(f"--language: Choose one of PORTAL_LANGUAGES: {', '.join(offered)}.")
    columns = {column: value for column, value in options.items() if value is not None}
    done = practices.set_practice(name, columns, current_app.extensions["settings"].time_zone)
    said = {practices.CREATED: f"Created {name}.", practices.CHANGED: f"Changed {name}.", practices.SAME: "Nothing was changed."}
    click.echo(said[done])


@practices_group.command("list")
def list_practices() -> None:
    """Print each practice with its time zone, phone number, and address, and with its language if it has one."""
    for name, zone, phone, address, language in practices.list_practices():
        told = (name, zone or "(no time zone)", phone or "(no phone number)", address or "(no address)", language)
        click.echo("  ".join(filter(None, told)))
