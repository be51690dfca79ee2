"""`wsgi.py` on a machine whose clock can be stepped: the seconds in the file CLUSTER_CLOCK are added to the time of day.

Debian's libfaketime 0.9.10 can't do it: with it, time.sleep() of Python 3.11 fails or never ends. Everything here that asks for the time
of day, the portal and what signs its tokens, asks Python. Nobody steps a monotonic clock.
"""

import os
import time
from datetime import timedelta
from pathlib import Path

LOOK_SECONDS = 0.2


class Step:
    """How far the clock is ahead, as the file said at most a moment ago."""

    def __init__(self, file):
        self.file, self.seconds, self.looked_at = file, 0.0, float("-inf")

    def __call__(self):
        if time.monotonic() > self.looked_at + LOOK_SECONDS:
            self.seconds, self.looked_at = float(self.file.read_text() or 0), time.monotonic()
        return self.seconds


def step_clocks(file):
    """Has this process add the file's seconds to every time of day."""
    from portal import clock

    step, machines, now = Step(file), time.time, clock.now
    time.time = lambda: machines() + step()
    clock.now = lambda: now() + timedelta(seconds=step())


def __getattr__(name):
    """The app, for gunicorn: made when asked for, so that what makes it is imported after the clock."""
    if name != "app":
        raise AttributeError(name)
    step_clocks(Path(os.environ["CLUSTER_CLOCK"]))
    from wsgi import app

    return app
