"""HAProxy in front of portals, as docs/deployment/haproxy.cfg configures it."""

import contextlib
import socket
import ssl
import subprocess
import time
from pathlib import Path

from tests.support.nginx import START_SECONDS, write_certificate
from tests.support.processes import ROOT
from tests.support.server import free_port

PROGRAM = "/usr/sbin/haproxy"
DOCUMENTED = ROOT / "docs" / "deployment" / "haproxy.cfg"


class Haproxy:
    """The running proxy; `host`, `port`, and `tls` are what a Wire needs."""

    host = "127.0.0.1"

    def __init__(self, folder):
        self.folder, self.port, self.process = Path(folder), free_port(), None
        self.log = self.folder / "haproxy.log"
        certificate, key = write_certificate(self.folder)
        self.tls = ssl.create_default_context(cafile=certificate)
        (self.folder / "both.pem").write_bytes(certificate.read_bytes() + key.read_bytes())

    def write(self, *ports):
        """Writes its configuration for the portals at these ports; returns the file."""
        text, machines = DOCUMENTED.read_text(), [f"server portal{at} 127.0.0.1:{port}" for at, port in enumerate(ports)]
        for given, here in (
            ("bind :443", f"bind 127.0.0.1:{self.port}"),
            ("/etc/haproxy/portal.pem", str(self.folder / "both.pem")),
            ("log /dev/log local0", "log stdout format raw local0"),
            ("server one 127.0.0.1:5000", "\n    ".join(machines)),
        ):
            assert text.count(given) == 1, given
            text = text.replace(given, here)
        file = self.folder / "haproxy.cfg"
        file.write_text(text)
        return file

    def start(self, *ports):
        """Starts it in front of the portals and waits until it accepts connections."""
        with self.log.open("w") as log:
            command = [PROGRAM, "-db", "-f", self.write(*ports)]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        return self

    def answers(self):
        """Returns whether it accepts connections."""
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
            return True
        return False

    def stop(self):
        """Stops it."""
        self.process.terminate()
        self.process.wait(START_SECONDS)


@contextlib.contextmanager
def running_haproxy(folder, *ports):
    """Yields HAProxy in front of portals."""
    proxy = Haproxy(folder).start(*ports)
    try:
        yield proxy
    finally:
        proxy.stop()
