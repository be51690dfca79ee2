"""A fake text gateway on loopback that misbehaves on demand."""

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

HANG_SECONDS = 20  # longer than any client's timeout


class Gateway:
    """Records requests, in order, and holds the answers to give: see `Answer` for their names."""

    def __init__(self):
        self.taken = []  # (number, text, time) of every accepted text
        self.reports = {}  # text -> the URL of its delivery report
        self.asked = []  # the same for every text received, accepted or not
        self.orders = collections.deque()
        self.habit = "accept"
        self.choose = None  # a function that decides for each text, if neither an order nor the habit does
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.gateway = self
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # the client was killed or disconnected
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, kind="json", **options):
        """Returns the apprise URL of this gateway, with the report URL."""
        extra = "".join(f"&{name}={value}" for name, value in options.items())
        return f"{kind}://user:gateway-token@127.0.0.1:{self.server.server_port}/texts?:to={{to}}&:report={{report}}{extra}"

    def will(self, *orders):
        """Queues answers for the next texts; afterward the habit applies again."""
        self.orders.extend(orders)

    def decide(self, text):
        """Records a text and returns what to do with it."""
        with self.lock:
            self.asked.append((*text, time.time()))
            if self.choose:
                return self.choose(text)
            return self.orders.popleft() if self.orders else self.habit

    def take(self, text):
        """Accepts a text."""
        with self.lock:
            self.taken.append((*text, time.time()))

    def report(self, words, state):
        """Sends the delivery report of an accepted text; returns the HTTP status."""
        with urllib.request.urlopen(self.reports[words] + state, timeout=HANG_SECONDS) as answer:  # noqa: S310 (the portal under test)
            return answer.status

    def let_go(self):
        """Ends all hanging requests."""
        ended, self.ended = self.ended, threading.Event()
        ended.set()

    def words(self):
        """Returns the accepted texts."""
        return [words for _, words, _ in self.taken]

    def texts_to(self, number):
        """Returns the accepted texts to a number, in order."""
        return [words for to, words, _ in list(self.taken) if to.strip().lstrip("+") == number.lstrip("+")]

    def close(self):
        """Stops the server and ends hanging requests."""
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
        """A request as Kannel expects it, with everything in the URL."""
        self.do_POST()

    def read(self):
        """Returns (number, text) of the request and its report URL."""
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
        """Logs nothing, since it would log phone numbers."""


@pytest.fixture
def gateway():
    """A gateway for this test."""
    gateway = Gateway()
    yield gateway
    gateway.close()
