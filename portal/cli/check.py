"""The command `flask --app wsgi check`: what an operator should look at, although the portal runs."""

import sys
from collections.abc import Iterator

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import ProgrammingError

from portal import clock, zones
from portal.cli.base import usable_database
from portal.db import BUSY
from portal.flows.audit.seal import waiting_since
from portal.flows.operator import practices
from portal.settings import audit, config


@click.command("check")
@with_appcontext
def check() -> None:
    """Name what is out of date or missing: time zone data, the zones of practices, the audit trail. Exits with 1 if there is something."""
    click.echo(f"Time zones: tzdata {zones.data_version()}")
    with usable_database((*BUSY, ProgrammingError)):
        found = [*find_old_data(), *find_unknown_zones(), *find_unsealed()]
    for sentence in found:
        click.echo(sentence, err=True)
    if found:
        sys.exit(1)
    click.echo("Nothing to do.")


def find_old_data() -> Iterator[str]:
    """A sentence if the time zone data may be more than a year old."""
    since = zones.data_is_from()
    if clock.now().date() - since > config.ZONE_DATA_OLD:
        yield (
            f"The time zone data (tzdata {zones.data_version()}) may be more than a year old: its latest date is {since}. "
            "Governments change their clocks at short notice. Install the newest tzdata, then restart pages and workers."
        )


def find_unknown_zones() -> Iterator[str]:
    """A sentence for each practice without a time zone that exists, and one for accounts that chose one that has vanished."""
    unknown, number = practices.count_unknown_zones()
    for name, zone in unknown:
        what = f"the time zone {zone}, which is not in the data" if zone else "no time zone"
        yield f"{name} has {what}, so its times are shown in PORTAL_TIME_ZONE. Set it: practices set {name!r} --time-zone …"
    if number:
        yield f"{number} accounts chose a time zone that is not in the data. They read the times of their practice until they choose again."


def find_unsealed() -> Iterator[str]:
    """A sentence if events have waited for a worker that seals them."""
    since = waiting_since()
    if since and clock.now() - since > audit.UNSEALED_MAX:
        yield f"Events since {since:%Y-%m-%d %H:%M} UTC are not sealed: no worker runs, or it has many to seal. Start one: queue work"
