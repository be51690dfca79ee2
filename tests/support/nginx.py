"""nginx in front of portals, as docs/deployment/nginx.conf configures it: TLS ends there, and it reads whole requests."""

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

DOCUMENTED = ROOT / "docs" / "deployment" / "nginx.conf"
NAME = "portal.example"
START_SECONDS = 20
AROUND = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1000; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {documented}
}}
"""


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


class Nginx:
    """The running proxy; `host`, `port`, and `tls` are what a Wire needs."""

    host = "127.0.0.1"

    def __init__(self, folder):
        self.folder, self.port = Path(folder), free_port()
        self.certificate, self.key = write_certificate(self.folder)
        self.tls = ssl.create_default_context(cafile=self.certificate)
        self.process = None

    def start(self, *ports):
        """Starts it in front of the portals at these ports and waits until it accepts connections."""
        text, machines = DOCUMENTED.read_text(), "\n".join(f"server 127.0.0.1:{port} fail_timeout=2s;" for port in ports)
        for given, here in (
            ("listen 443", f"listen 127.0.0.1:{self.port}"),
            ("/etc/ssl/portal.pem", str(self.certificate)),
            ("/etc/ssl/portal.key", str(self.key)),
            ("server 127.0.0.1:5000 fail_timeout=2s;", machines),
        ):
            assert given in text
            text = text.replace(given, here)
        settings = self.folder / "nginx.conf"
        settings.write_text(AROUND.format(folder=self.folder, documented=text))
        command = ["/usr/sbin/nginx", "-p", self.folder, "-e", self.folder / "error.log", "-c", settings]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "error.log").read_text()
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
def running_nginx(folder, *ports):
    """Yields nginx in front of portals."""
    nginx = Nginx(folder).start(*ports)
    try:
        yield nginx
    finally:
        nginx.stop()
