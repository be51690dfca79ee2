"""Kannel on loopback: a real SMS gateway (two processes) with its own fake SMSC."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from tests.support.server import free_port

START_SECONDS = 20
CENTRE = "/usr/lib/kannel/test/fakesmsc"  # Debian's kannel-extras
SETTINGS = """
group = core
admin-port = {admin}
admin-password = admin
admin-interface = 127.0.0.1
smsbox-port = {box}
smsbox-interface = 127.0.0.1
log-file = {folder}/bearerbox.log
box-allow-ip = "127.0.0.1"
store-type = spool
store-location = {folder}/spool

group = smsc
smsc = fake
smsc-id = FAKE
port = {centre}
host = 127.0.0.1
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
global-sender = 15550100
log-file = {folder}/smsbox.log

group = sendsms-user
username = portal
password = kannel-secret
max-messages = 8
concatenation = true

group = sms-service
keyword = default
text = "no"
"""

# A part of a text as the SMSC logs it: whole in one part, or coded, with a header that counts the parts.
PART = re.compile(r"Got message \d+: <\d+ (?P<number>\+\d+) (?:text (?P<plain>[^>]*)|udh (?P<header>\S+) data (?P<coded>[^>]*))>")
REST = re.compile(r"Got message \d+: <(?P<line>[^>]*)>")


class NotUp(Exception):
    """A process of Kannel did not begin to listen."""


class Kannel:
    """The running processes; `delivered` is what the SMSC received."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = {name: free_port() for name in ("admin", "box", "centre", "sendsms")}
        fields = {"username": "portal", "password": "kannel-secret", "charset": "UTF-8", "message": "text", "to": "{to}"}
        asked = "&".join(f":{name}={value}" for name, value in fields.items())  # apprise: its "message" is Kannel's "text"
        self.url = f"form://127.0.0.1:{self.ports['sendsms']}/cgi-bin/sendsms?method=GET&{asked}"
        # 19: delivered, undelivered, or rejected; Kannel replaces %d with the status
        self.reporting_url = f"{self.url}&:dlr-mask=19&:dlr-url={{report}}%d"
        self.processes = []

    @property
    def delivered(self):
        """Returns the SMSC's log lines, one per text."""
        return (self.folder / "centre.log").read_text(errors="replace")

    def texts_to(self, number):
        """Returns the texts to a number in GSM's own alphabet, oldest first, joined as a phone does."""
        texts, reading = [], False
        for line in self.delivered.splitlines():
            if part := PART.search(line):
                reading = part["number"] == number
                first = part["plain"] is not None or part["header"].endswith("%01")
                words = unquote_plus(part["coded"]) if part["plain"] is None else part["plain"]
                if reading and first:
                    texts.append(words)
                elif reading:
                    texts[-1] += words
            elif reading and (more := REST.search(line)):
                texts[-1] += "\n" + more["line"]
        return texts

    def start(self):
        """Starts bearerbox, smsbox, and the SMSC, each once the previous one is ready."""
        (self.folder / "spool").mkdir(parents=True)
        (self.folder / "kannel.conf").write_text(SETTINGS.format(folder=self.folder, **self.ports))
        self._run("bearerbox", "/usr/sbin/bearerbox", "kannel.conf")
        self._wait("box")
        self._run("smsbox", "/usr/sbin/smsbox", "kannel.conf")
        self._wait("sendsms")
        self._run("centre", CENTRE, "-H", "127.0.0.1", "-r", str(self.ports["centre"]), "-m", "0", "1 2 text nothing")
        return self

    def stop(self):
        """Stops them in reverse order."""
        for process in reversed(self.processes):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()

    def _run(self, name, *command):
        with (self.folder / f"{name}.log").open("w") as log:
            started = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": os.defpath}
            )
        self.processes.append(started)

    def _wait(self, name):
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[name]), 1):
                return
            has_ended = self.processes[-1].poll() is not None
            if has_ended or time.monotonic() > deadline:
                raise NotUp(f"Kannel's {name} did not come up: {self._logs()}")
            time.sleep(0.05)

    def _logs(self):
        return "\n".join(path.read_text(errors="replace")[-500:] for path in self.folder.glob("*.log"))


@pytest.fixture
def kannel(tmp_path):
    """A Kannel for this test."""
    assert shutil.which("bearerbox", path="/usr/sbin") and Path(CENTRE).exists(), "apt-get install kannel kannel-extras"
    running = started(tmp_path)
    yield running
    running.stop()


def started(folder, tries=3):
    """Returns a running Kannel; tries again on other ports, as another process may take one just before Kannel does."""
    running = Kannel(folder / f"kannel{tries}")
    try:
        return running.start()
    except NotUp:
        running.stop()
        if tries == 1:
            raise
        return started(folder, tries - 1)
