"""The portal's own clock on the test bench: moved ahead for rules about expiry, in all processes of this instance alone."""

from datetime import timedelta
from pathlib import Path

from portal.crypto import Keyring
from portal.flows.operator.bench.state import FILE, change_state, read_state
from portal.settings import config
from portal.words.refusals import Refused

PART = "seconds_ahead"
STEPS = {
    "minutes": timedelta(minutes=10),
    "hours": timedelta(hours=72),
    "days": timedelta(days=30),
}  # by their names in addresses


class Ahead:
    """How far the portal's clock is ahead, for `clock.now()`: a look at the file's date each time, and inside only when it has changed."""

    def __init__(self, keys: Keyring, folder: Path) -> None:
        self.keys, self.folder = keys, folder
        self.stamp: tuple[int, int] | None = None
        self.seconds = 0.0

    def __call__(self) -> timedelta:
        try:
            found = (self.folder / FILE).stat()
        except OSError:  # nobody has changed anything yet
            return timedelta()
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self.stamp:
            self.seconds, self.stamp = read_state(self.keys, self.folder).get(PART, 0.0), stamp
        return timedelta(seconds=self.seconds)


def seconds_ahead(keys: Keyring, folder: Path) -> float:
    """How far the clock is ahead of the real time. `folder`: the instance."""
    return float(read_state(keys, folder).get(PART, 0.0))


def move_ahead(keys: Keyring, folder: Path, by: timedelta) -> None:
    """Move the clock. Raises Refused if that is further than it goes."""
    with change_state(keys, folder) as state:
        seconds = state.get(PART, 0.0) + by.total_seconds()
        if seconds > config.BENCH_CLOCK_MAX.total_seconds():
            raise Refused("clock_far")
        state[PART] = seconds


def set_right(keys: Keyring, folder: Path) -> None:
    """Set the clock to the real time."""
    with change_state(keys, folder) as state:
        state[PART] = 0.0
