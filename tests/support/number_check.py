"""A fake number check (SIM swaps) on loopback that answers as configured."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

HANG_SECONDS = 20  # longer than any client's timeout
ANSWERS = {
    "garbage": (200, b"\x00<html>"),
    "a list": (200, b'["changed"]'),
    "a new word": (200, b'{"result": "perhaps"}'),
    "a number": (200, b'{"result": 1}'),
    "nested": (200, b"[" * 4000),
    "endless": (200, b'{"result": "changed", "more": "' + b"x" * 100_000 + b'"}'),
    "error": (500, b'{"result": "changed"}'),
    "elsewhere": (307, b""),
}


class NumberCheck:
    """`answer` is "ok", "unknown", "changed", "hang", or a key of ANSWERS; `asked` is what was requested."""

    def __init__(self):
        self.answer = "ok"
        self.asked = []
        self.ended = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Reply)
        self.server.check = self
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/numbers?key=check-token"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        """Stops the server and ends hanging requests."""
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


class Reply(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_POST(self):
        check = self.server.check
        check.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if check.answer == "hang":
            check.ended.wait(HANG_SECONDS)
            return
        status, body = ANSWERS.get(check.answer, (200, json.dumps({"result": check.answer}).encode()))
        self.send_response(status)
        if status == 307:
            self.send_header("Location", self.path)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Says nothing."""


@pytest.fixture
def number_check():
    """One of this test's own."""
    check = NumberCheck()
    yield check
    check.close()
