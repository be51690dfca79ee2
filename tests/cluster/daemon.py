"""A program of the cluster: started in a session of its own, killed or frozen with all its processes, stopped by its process ID."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS, STOP_SECONDS = 60, 20
AS_ROOT = os.geteuid() == 0
NOBODY = {"user": "nobody", "group": "nogroup", "extra_groups": []} if AS_ROOT else {}  # PostgreSQL and PgBouncer refuse root
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"  # Debian's own programs


def until(true, seconds=START_SECONDS, pause=0.1):
    """Waits until a function returns something true; returns its last value, even if time ran out."""
    deadline = time.monotonic() + seconds
    while not (said := true()) and time.monotonic() < deadline:
        time.sleep(pause)
    return said


def accepts(port):
    """Returns whether something listens on a port of loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def family(pid):
    """Returns a process ID and those of all processes below it, the oldest first."""
    found = [pid]
    for each in found:
        for file in Path(f"/proc/{each}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(word) for word in file.read_text().split()]
    return found


def send(number, pids):
    """Sends a signal to processes; those that are gone need none."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def belongs_to_nobody(path):
    """Gives a file or folder to the account that runs the servers which refuse root."""
    if AS_ROOT:
        shutil.chown(path, NOBODY["user"], NOBODY["group"])
    return path


@dataclass
class Daemon:
    """One program: `what` it is in a few words, its `command`, and the port of loopback that it is reached at, if it has one."""

    name: str
    what: str
    command: list
    folder: Path
    port: int | None = None
    environment: dict = field(default_factory=dict)
    unprivileged: bool = False
    process: subprocess.Popen | None = None

    @property
    def log(self):
        """The file with everything that it says."""
        return self.folder / f"{self.name}.log"

    def launch(self):
        """Starts it without waiting."""
        account = NOBODY if self.unprivileged else {}
        environment = {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": str(self.folder)} | self.environment
        with self.log.open("ab") as log:
            out = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": ROOT}
            words = [str(word) for word in self.command]
            self.process = subprocess.Popen(words, env=environment, start_new_session=True, **out, **account)
        return self

    def start(self):
        """Starts it and waits until it is ready."""
        self.launch()
        if not until(lambda: self.is_ready() or self.process.poll() is not None) or not self.is_ready():
            self.kill()
            raise RuntimeError(f"{self.name} did not start. Its last words:\n{self.log.read_text()[-2000:]}")
        return self

    def is_ready(self):
        """Returns whether it does its work; subclasses know better than by its port."""
        return self.is_alive() and (self.port is None or accepts(self.port))

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def pids(self):
        """Returns the IDs of its processes."""
        return family(self.process.pid) if self.is_alive() else []

    def kill(self):
        """Ends all its processes with SIGKILL, at one moment."""
        pids = self.pids()
        send(signal.SIGSTOP, pids)  # so that none of them has time to notice the others' end
        send(signal.SIGKILL, pids)
        if self.process:
            self.process.wait()

    def terminate(self):
        """Asks it to end in order."""
        if self.is_alive():
            self.process.terminate()

    def stop(self):
        """Ends it in order, and kills what is left after that."""
        if self.is_alive():
            self.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        self.kill()
