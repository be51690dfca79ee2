"""Where processes of one server count together: a folder that the first of them makes, empty, and takes away at its end."""

import os
import shutil
import tempfile

from portal.settings.serving import find_heartbeat_folder

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # what prometheus_client reads when it is imported


def make() -> None:
    """Make the folder for this process and those that it will start. One that another server left is not looked at."""
    os.environ[VARIABLE] = tempfile.mkdtemp(
        prefix="portal-metrics-", dir=find_heartbeat_folder()
    )  # counting must not wait for a disk


def remove() -> None:
    """Take it away, at the end of the server."""
    if folder := os.environ.pop(VARIABLE, None):
        shutil.rmtree(folder, ignore_errors=True)


def close(pid: int) -> None:
    """A process has ended: what it has counted stays, what it alone could tell goes."""
    if VARIABLE in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)  # type: ignore[no-untyped-call]  # it has no types
