"""The portal as it is served: gunicorn in processes of its own, to be killed and started again at will."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.processes import ROOT, Fork

START_SECONDS = 30
STOP_SECONDS = 15


class Server:
    """One portal on one site, reachable at `url`; keeps its port over a restart. PORTAL_WORKER="1" runs the queue's worker beside it."""

    application = "wsgi:app"

    def __init__(self, site, workers=2, **settings):
        self.site = site
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = site.folder / "server.log"
        self.process = None
        place = {"HOST": "127.0.0.1", "PORT": str(self.port), "WEB_CONCURRENCY": str(workers)}
        self.environment = site.environment | place | settings

    def start(self):
        """Starts the processes and returns when the portal answers."""
        self.process = self.launch(["gunicorn", self.application])
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The portal did not start:\n{self.log.read_text()}")
            time.sleep(0.05)
        return self

    def launch(self, words):
        """Starts `python -m words…` in a session of its own; returns the process."""
        return Fork(words, self.environment, self.log, leads=True)

    def answers(self):
        """Returns whether the portal answers a request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=STOP_SECONDS)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/sign-in")
                return connection.getresponse().status < 500
            except (OSError, http.client.HTTPException):
                return False

    def stop(self):
        """Asks the processes to finish what they are at and to end; returns the exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def kill(self):
        """Ends all its processes at once with SIGKILL, in the middle of whatever they do."""
        if not self.process:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def kill_a_worker(self):
        """Ends one worker with SIGKILL; gunicorn starts another. Returns the dead one's process id."""
        victim = self.workers()[0]
        os.kill(victim, signal.SIGKILL)
        return victim

    def workers(self):
        """Returns the process ids of the workers that answer requests."""
        return [pid for pid in self._children() if pid not in self.carriers()]

    def carriers(self):
        """Returns the process id of the queue's worker, in a list that is empty while there is none."""
        return [pid for pid in self._children() if b"queue\0work" in command_of(pid)]

    def _children(self):
        """Returns the process ids of what the first process started, in any of its threads."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(word) for task in tasks for word in task.read_text().split()]

    def restart(self):
        """Kills it and starts it again at the same address."""
        self.kill()
        return self.start()


class ColdServer(Server):
    """One that is started as an operator starts it, its imports and all."""

    def launch(self, words):
        command, rest = [sys.executable, "-m", *words], {"cwd": ROOT, "env": self.environment, "stdin": subprocess.DEVNULL}
        with self.log.open("a") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **rest)


def command_of(pid):
    """Returns the command line of a process, empty where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def free_port():
    """Returns a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_server(site, workers=2, kind=Server, **settings):
    """Yields a running Server on a site; further settings are environment variables."""
    server = kind(site, workers, **settings)
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture
def server(site):
    """A running portal of this test's own, with the demo accounts: two processes, as `make run` starts them."""
    with running_server(site) as server:
        yield server


@pytest.fixture(scope="module")
def shared_server(sites):
    """A running portal with the demo accounts for all tests of a module, which leave them as they found them."""
    site = sites.seeded()
    with running_server(site) as server:
        yield server
    sites.remove(site)
