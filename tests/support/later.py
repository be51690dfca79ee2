"""`wsgi.py` by a clock that tests move: real processes whose time is the machine's plus the seconds in a file of their site.

The queue looks for what is due twice a second, since a day of the test lasts a moment.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from huey.consumer import Scheduler

from portal import clock
from tests.support.server import Server

FILE = "later"
SWEEP_SECONDS = 0.5  # instead of 60


class LaterServer(Server):
    """A portal that asks the site's file what time it is."""

    application = "tests.support.later:app"


class LaterClock:
    """The time of a site's processes, as its tests read and move it."""

    def __init__(self, site):
        self.file = site.folder / FILE

    def move(self, **by):
        """Moves the time forward; the arguments are timedelta's."""
        moved = read_seconds(self.file) + timedelta(**by).total_seconds()
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(moved))
        fresh.replace(self.file)

    def now(self):
        """Returns the time there."""
        return datetime.now(UTC) + timedelta(seconds=read_seconds(self.file))


def read_seconds(file):
    """Returns how far a site's clock is ahead."""
    return float(file.read_text()) if file.exists() else 0.0


def __getattr__(name):
    """The app, for gunicorn and flask: made when asked for, so that tests can import the rest."""
    if name != "app":
        raise AttributeError(name)
    file, machine = Path(os.environ["PORTAL_INSTANCE"], FILE), clock.now
    clock.now = lambda: machine() + timedelta(seconds=read_seconds(file))
    Scheduler.periodic_task_seconds = SWEEP_SECONDS
    from wsgi import app

    return app
