"""Portal processes that start without the second of imports: each is forked by fork_server.py."""

import atexit
import functools
import json
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).parents[2]


class ForkServer:
    """The fork server's process, which ends with this one."""

    def __init__(self):
        command = [sys.executable, "-m", "tests.support.fork_server"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lock = threading.Lock()

    def ask(self, **order):
        """Sends a request and returns the number in the reply."""
        with self.lock:
            print(json.dumps(order), file=self.process.stdin, flush=True)
            return int(self.process.stdout.readline())

    def close(self):
        """Stops the fork server."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@functools.cache
def fork_server():
    """Returns the fork server of this process, started on first use."""
    server = ForkServer()
    atexit.register(server.close)
    return server


class Fork:
    """A forked `python -m words…`, with the interface of subprocess.Popen."""

    def __init__(self, words, environment, out, err=None, leads=False):
        order = {"words": words, "environment": environment, "out": str(out), "err": str(err or out), "leads": leads}
        self.words, self.returncode = words, None
        self.pid = fork_server().ask(**order)
        self.ending = os.pidfd_open(self.pid)
        self.look = select.poll()
        self.look.register(self.ending, select.POLLIN)

    def poll(self):
        """Returns the exit code, None while it runs."""
        return self._look(0)

    def wait(self, timeout=None):
        """Returns the exit code; raises TimeoutExpired after that many seconds."""
        if self._look(timeout) is None:
            raise subprocess.TimeoutExpired(self.words, timeout)
        return self.returncode

    def send_signal(self, number):
        """Sends a signal unless it has exited."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        """Sends SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self):
        """Sends SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds):
        """Reaps the process. Until then its ID is not reused, so no signal can reach another process."""
        if self.returncode is None and self.look.poll(seconds and seconds * 1000):
            os.close(self.ending)
            self.returncode = fork_server().ask(ended=self.pid)
        return self.returncode
