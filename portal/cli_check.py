"""The command `flask --app wsgi check`: what an operator should look at, although the portal runs."""

import sys
from collections.abc import Iterator

import click

from portal import clock, zones
from portal.settings import config


@click.command("check")
def check() -> None:
    """Name what is out of date: the time zone data. Exits with 1 if there is something."""
    click.echo(f"Time zones: tzdata {zones.data_version()}")
    found = list(find_faults())
    for sentence in found:
        click.echo(sentence, err=True)
    if found:
        sys.exit(1)
    click.echo("Nothing to do.")


def find_faults() -> Iterator[str]:
    """A sentence for each thing to look at."""
    since = zones.data_is_from()
    if clock.now().date() - since > config.ZONE_DATA_OLD:
        yield (
            f"The time zone data (tzdata {zones.data_version()}) may be more than a year old: its latest date is {since}. "
            "Governments change their clocks at short notice. Install the newest tzdata, then restart pages and workers."
        )
