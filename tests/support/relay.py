"""A look-alike site: a program on loopback that stands between browsers and a portal under a name of its own, and passes everything on.

It does what kits for this do: the portal sees its own Host, Origin, and addresses, and the browser those of the relay, in headers,
cookies, pages, scripts, and JSON. It keeps each session that passes, and tries them all.
"""

import http.client
import threading
from contextlib import closing
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.support.application import application
from tests.support.server import running_server
from tests.support.town import Town

NAME = "medximity.localhost"  # every name in .localhost is this machine, and browsers take passkeys there
PATIENCE = 30  # seconds
OWN = {"connection", "content-length", "date", "host", "server", "transfer-encoding", "accept-encoding", "keep-alive"}


class Relay:
    """One look-alike of the portal at `url`. It asks the portal from an address of its own."""

    def __init__(self, url, ip="127.0.0.66"):
        self.portal, self.ip = urlsplit(url), ip
        self.sessions = set()
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
        self.server.relay, self.server.daemon_threads = self, True
        self.host, self.port = "127.0.0.1", self.server.server_port
        self.url = f"http://{NAME}:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def to_portal(self, text):
        """Returns what the browser said as the portal expects it."""
        return text.replace(self.url, self.portal.geturl()).replace(f"{NAME}:{self.port}", self.portal.netloc)

    def to_browser(self, text):
        """Returns what the portal said as the browser expects it."""
        here = text.replace(self.portal.geturl(), self.url).replace(self.portal.netloc, f"{NAME}:{self.port}")
        return here.replace(f'"{self.portal.hostname}"', f'"{NAME}"')  # in JSON, the site of a passkey

    def ask(self, method, path, headers, body=None):
        """Passes a request on; returns status, headers, and body."""
        with closing(http.client.HTTPConnection(self.portal.hostname, self.portal.port, PATIENCE, (self.ip, 0))) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            told = [(name, value) for name, value in answer.getheaders() if name.lower() not in OWN]
            for name, value in told:
                if name == "Set-Cookie":
                    self.keep(value)
            return answer.status, told, answer.read()

    def keep(self, cookie):
        with self.lock:
            self.sessions |= {morsel.value for morsel in SimpleCookie(cookie).values() if morsel.key == "session"}

    def stolen(self, path):
        """Returns the sessions with which a page of the account opens for the relay itself."""
        agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
        return [each for each in sorted(self.sessions) if self.ask("GET", path, {**agent, "Cookie": f"session={each}"})[0] == 200]


class Passing(BaseHTTPRequestHandler):
    """One request of a browser."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        relay, length = self.server.relay, int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        said = {name: relay.to_portal(value) for name, value in self.headers.items() if name.lower() not in OWN}
        status, told, text = relay.ask(self.command, self.path, said, relay.to_portal(body.decode()).encode() if body else None)
        kind = next((value for name, value in told if name.lower() == "content-type"), "")
        if kind.startswith(("text/", "application/json", "application/javascript")):
            text = relay.to_browser(text.decode()).encode()
        self.send_response(status)
        for name, value in told:
            self.send_header(name, relay.to_browser(value))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET  # noqa: N815 (its name there)

    def log_message(self, *words):
        """Says nothing."""


@pytest.fixture(scope="module")
def look_alike(sites):
    """A portal with newcomers, its server, and a relay in front of it. Patients choose whether new browsers are confirmed."""
    site = sites.seeded()
    with (
        running_server(site, PORTAL_CONFIRM_NEW_BROWSERS="choice", PORTAL_PASSKEYS="1") as server,
        application(site) as app,  # for its database: passkeys would be on for the tests after it, too
    ):
        relay = Relay(server.url.replace("127.0.0.1", "localhost"))
        yield Town(server.url, app), server, relay
        relay.close()
    sites.remove(site)
