"""The portal served by gunicorn in separate processes, which can be killed and restarted."""

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

from portal.settings.addresses import in_url
from tests.support.processes import ROOT, Fork

START_SECONDS = 30
STOP_SECONDS = 15


class Server:
    """One portal on one site, reachable at `url`; keeps its port across restarts. PORTAL_WORKER="1" runs the queue's worker beside it."""

    application = "wsgi:app"

    def __init__(self, site, workers=2, **settings):
        self.site = site
        self.port = free_port()
        self.host = settings.get("HOST", "127.0.0.1")
        self.url = f"http://{in_url(self.host)}:{self.port}"
        self.log = site.folder / "server.log"
        self.process, self.was_killed = None, False
        place = {"HOST": self.host, "PORT": str(self.port), "WEB_CONCURRENCY": str(workers)}
        self.environment = site.environment | place | settings

    def start(self):
        """Starts the processes and waits until the portal answers."""
        deadline = time.monotonic() + START_SECONDS
        while self.was_killed and not self.address_is_free() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.process = self.launch(["gunicorn", self.application])
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The portal did not start:\n{self.log.read_text()}")
            time.sleep(0.05)
        return self

    def launch(self, words):
        """Starts `python -m words…` in a new session; returns the process."""
        return Fork(words, self.environment, self.log, leads=True)

    def answers(self):
        """Returns whether the portal answers a request."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=STOP_SECONDS)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/sign-in")
                return connection.getresponse().status < 500
            except (OSError, http.client.HTTPException):
                return False

    def stop(self):
        """Stops gracefully; returns the exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def kill(self):
        """Kills all its processes with SIGKILL."""
        if not self.process:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process, self.was_killed = None, True

    def address_is_free(self):
        """Returns whether nobody listens at its address: a worker that was killed with the first process may take longer to end."""
        with socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError:
                return False
            return True

    def kill_a_worker(self):
        """Kills one worker with SIGKILL, which gunicorn replaces. Returns its process ID."""
        victim = self.workers()[0]
        os.kill(victim, signal.SIGKILL)
        return victim

    def workers(self):
        """Returns the process ids of the workers that answer requests."""
        return [pid for pid in self._children() if pid not in self.carriers()]

    def connections(self):
        """Returns how many sockets each worker has open, its connections and the one that all of them listen on among them."""
        return [sum("socket" in str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()) for pid in self.workers()]

    def settled_connections(self, workers=2):
        """Returns the same once all of them have started, and no connection has come or gone for a fifth of a second."""
        before, now = None, []
        while now != before or len(now) != workers:
            before = now
            time.sleep(0.2)
            now = self.connections()
        return now

    def carriers(self):
        """Returns the queue worker's process ID in a list, empty if there is none."""
        return [pid for pid in self._children() if b"queue\0work" in command_of(pid)]

    def _children(self):
        """Returns the process IDs of the first process's children."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(word) for task in tasks for word in task.read_text().split()]

    def restart(self):
        """Kills it and restarts it at the same address."""
        self.kill()
        return self.start()


class ColdServer(Server):
    """A server started as an operator would start it, without the fork server."""

    def launch(self, words):
        command, rest = [sys.executable, "-m", *words], {"cwd": ROOT, "env": self.environment, "stdin": subprocess.DEVNULL}
        with self.log.open("a") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **rest)


def command_of(pid):
    """Returns the command line of a process, empty if it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def free_port():
    """Returns a free port on loopback."""
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
    """A running portal for this test, with the demo accounts: two processes, as `make run` starts them."""
    with running_server(site) as server:
        yield server


@pytest.fixture(scope="module")
def shared_server(sites):
    """A running portal with the demo accounts shared by a module's tests, which do not change the accounts."""
    site = sites.seeded()
    with running_server(site) as server:
        yield server
    sites.remove(site)
