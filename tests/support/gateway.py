"""A gateway for texts: a small program on loopback that takes them as a carrier's would, and misbehaves on order."""

import collections
import contextlib
import json
import socket
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

HANG_SECONDS = 20  # longer than anybody waits


class Gateway:
    """What was asked of it, in order, and what it is going to answer: see `Answer` for the words."""

    def __init__(self):
        self.taken = []  # (number, words, moment) of every text that it accepted
        self.reports = {}  # words -> where to report what became of that text
        self.asked = []  # the same of every text that was brought, whatever became of it
        self.orders = collections.deque()
        self.habit = "accept"
        self.choose = None  # a function that decides for each text, where neither order nor habit does
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.gateway = self
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # who brought the text was killed, or went away
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, kind="json", **options):
        """Returns the apprise URL that leads here. It brings along where to report: a gateway that does not want to know leaves it."""
        extra = "".join(f"&{name}={value}" for name, value in options.items())
        return f"{kind}://user:gateway-token@127.0.0.1:{self.server.server_port}/texts?:to={{to}}&:report={{report}}{extra}"

    def will(self, *orders):
        """Decides about the next texts, one word each; afterwards the habit holds again."""
        self.orders.extend(orders)

    def decide(self, text):
        """Notes a text; returns what to do with it."""
        with self.lock:
            self.asked.append((*text, time.time()))
            if self.choose:
                return self.choose(text)
            return self.orders.popleft() if self.orders else self.habit

    def take(self, text):
        """Accepts a text: from here on it is on its way to a phone."""
        with self.lock:
            self.taken.append((*text, time.time()))

    def report(self, words, state):
        """Tells what became of a text that was accepted, as late as the test likes; returns the status."""
        with urllib.request.urlopen(self.reports[words] + state, timeout=HANG_SECONDS) as answer:
            return answer.status

    def let_go(self):
        """Breaks off whatever it lets hang."""
        ended, self.ended = self.ended, threading.Event()
        ended.set()

    def words(self):
        """Returns the words of the texts that were accepted."""
        return [words for _, words, _ in self.taken]

    def close(self):
        """Ends it, and whoever it lets hang."""
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


class Answer(BaseHTTPRequestHandler):
    """One text. accept, refuse (400), too many (429), busy (503), hang, take and hang, break off, take and break off, twice,
    elsewhere (a redirect).
    """

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        gateway = self.server.gateway
        text, report = self.read()
        order = gateway.decide(text)
        if order in ("accept", "twice") or order.startswith("take and"):
            gateway.reports[text[1]] = report
            gateway.take(text)
        if order.endswith("hang"):
            gateway.ended.wait(HANG_SECONDS)
        if order.endswith(("hang", "break off")):
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        for _ in range(2 if order == "twice" else 1):
            self.reply({"refuse": 400, "too many": 429, "busy": 503, "elsewhere": 307}.get(order, 200))

    def do_GET(self):
        """As Kannel is asked: everything stands in the address."""
        self.do_POST()

    def read(self):
        """Returns (number, words) of the request, and where to report."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if "json" in self.headers.get("Content-Type", ""):
            fields = json.loads(body)
            return (fields["to"], fields["message"]), fields.get("report")
        fields = parse_qs(body) | parse_qs(urlsplit(self.path).query)
        number, words = fields.get("to", fields.get("To")), fields.get("message", fields.get("Body"))
        return (number[0], words[0]), fields.get("report", [None])[0]

    def reply(self, status):
        self.send_response(status)
        if status == 307:
            self.send_header("Location", self.path)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *words):
        """Says nothing: the words would hold numbers."""


@pytest.fixture
def gateway():
    """A gateway of this test's own."""
    gateway = Gateway()
    yield gateway
    gateway.close()
