"""A proxy in front of portals: a real program, on loopback, with TLS and as docs/deployment configures it."""

import contextlib
import socket
import ssl
import subprocess
import time
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal import clock
from tests.support.processes import ROOT
from tests.support.server import free_port

DOCUMENTED = ROOT / "docs" / "deployment"
NAME = "portal.example"
START_SECONDS = 20


def write_certificate(folder):
    """Writes a certificate for portal.example that signs itself, and its key; returns both files' paths."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    signed = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False).sign(key, hashes.SHA256())
    files = folder / "portal.pem", folder / "portal.key"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(*plain))
    return files


class Proxy:
    """A running proxy; `host`, `port`, and `tls` are what a Wire needs. Each kind writes its configuration and names its command."""

    host = "127.0.0.1"

    def __init__(self, folder):
        self.folder, self.port, self.process = Path(folder), free_port(), None
        self.log = self.folder / "proxy.log"
        self.certificate, self.key = write_certificate(self.folder)
        self.tls = ssl.create_default_context(cafile=self.certificate)

    def write(self, *ports):
        """Writes its configuration for the portals at these ports; returns the file."""
        raise NotImplementedError

    def command(self, file):
        """Returns the command that runs it with a configuration, in the foreground."""
        raise NotImplementedError

    def start(self, *ports):
        """Starts it in front of the portals at these ports and waits until it accepts connections."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(self.command(self.write(*ports)), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
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
def running(proxy, *ports):
    """Yields a proxy, running in front of portals."""
    proxy.start(*ports)
    try:
        yield proxy
    finally:
        proxy.stop()


def filled_in(text, *pairs, times=None):
    """Returns a documented configuration with what is different here in place of what it says; each must be in it."""
    for given, here in pairs:
        assert given in text and times in (None, text.count(given)), given
        text = text.replace(given, here)
    return text
