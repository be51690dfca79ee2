"""Where processes of one server count together: a folder that the first of them makes, empty, and takes away at its end.

Its processes hold a lock on it for as long as one of them lives. A server that was killed leaves its folder, and the next one that starts
takes it away. A lock, not the number of a process: that is given again, and containers that share memory number theirs apart.

prometheus_client counts in files that it maps into memory and that have no memory of their own until it writes: where none is left, the
kernel ends the process at that moment, and with it every request. So each process takes the memory before, or doesn't count.
"""

import contextlib
import fcntl
import logging
import os
import shutil
import tempfile
from pathlib import Path

from portal.settings.serving import find_heartbeat_folder

log = logging.getLogger(__name__)
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # what prometheus_client reads when it is imported
PREFIX = "portal-metrics-"
KINDS = ("counter", "histogram")  # of which prometheus_client has a file for each process
FILE_BYTES = 1 << 16  # as long as it makes them; all series that there can be take a quarter of it


class Room:
    """Whether this process may count."""

    is_there = True


room = Room()


def make() -> None:
    """Make the folder for this process and those that it will start, and take away those of dead servers.

    One that a living server has is not looked at.
    """
    place = find_heartbeat_folder()  # counting must not wait for a disk
    remove_abandoned(Path(place or tempfile.gettempdir()))
    os.environ.pop(VARIABLE, None)
    try:
        folder = tempfile.mkdtemp(prefix=PREFIX, dir=place)
        while not hold(folder):  # another server that starts now has taken it for an abandoned one
            folder = tempfile.mkdtemp(prefix=PREFIX, dir=place)
    except OSError as error:
        give_up(error)
        return
    reserve(folder)
    if room.is_there:
        os.environ[VARIABLE] = folder
    else:
        shutil.rmtree(folder, ignore_errors=True)


def reserve(folder: str | None = None) -> None:
    """Take the memory for what this process will count, before it counts. If there is none, it doesn't count."""
    folder = folder or os.environ.get(VARIABLE)
    if not folder:
        return
    paths = [Path(folder, f"{kind}_{os.getpid()}.db") for kind in KINDS]
    try:
        for path in paths:
            with path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, FILE_BYTES)
    except OSError as error:
        for path in paths:
            path.unlink(missing_ok=True)
        give_up(error)


def give_up(error: OSError) -> None:
    room.is_there = False
    log.error("metrics: process %s does not count: no room in %s (%s)", os.getpid(), find_heartbeat_folder(), error.strerror)


def hold(folder: str) -> bool:
    """Lock a folder until this process and its forks have ended; False if it is gone."""
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    fcntl.flock(lock, fcntl.LOCK_EX)
    if Path(folder).exists():
        return True
    os.close(lock)
    return False


def remove_abandoned(place: Path) -> None:
    """Take away the folders of this account's servers of which no process lives."""
    for folder in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # it is another account's, locked, or already gone
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(lock).st_uid == os.geteuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
            finally:
                os.close(lock)


def remove() -> None:
    """Take it away, at the end of the server."""
    if folder := os.environ.pop(VARIABLE, None):
        shutil.rmtree(folder, ignore_errors=True)


def close(pid: int) -> None:
    """A process has ended: what it has counted stays, what it alone could tell goes."""
    if VARIABLE in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # it has no types
