"""Requests that nobody sends on purpose: every route and method with junk in paths, queries, headers, cookies, and fields."""

import contextlib
import http.client
import random
import re
import socket
from dataclasses import dataclass
from urllib.parse import quote, quote_from_bytes

TEXTS = (
    "", " ", "\0", "a\0b", "\t", "[", "]", "http://[", "//evil.example", "\\\\evil", "é", "💥", "\u202e", "\u200b", "\ud800", "²",
    "٣٤٥٦٧٨", "-1", "0", "1", "2147483648", "9" * 400, "1e999", "NaN", "None", "null", "true", "%", "%00", "%zz",
    "' OR 1=1 --", "{{7*7}}", "<script>", "../../etc/passwd", "2026-02-30", "0000-00-00", "9999-12-31", "+1 503 555 0164", "+" * 30,
    "tel:+15035550164", "a@b",
    "@", "a" * 300, "a" * 5000, "ÿþ", "=?utf-8?q?=", "a=b; a=c", ";,=", '"', '"\\', "totp", "sms", "backup", "reset", "emergency", "123456",
    "ABCD-EFGH-JKMN-PQRS",
    "127.0.0.1:99999", "[::1", "::ffff:1", "bytes=0-", "bytes=9-1", "W/", "Thu, 99 Foo 0000 99:99:99 GMT", "q=;q",
    "en;q=x", "*;q=2", "0x10",
)  # fmt: skip
HEADERS = (
    "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Cookie", "Date", "Forwarded", "HX-Boosted",
    "HX-Current-URL", "HX-Request", "HX-Target", "HX-Trigger", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
    "If-Unmodified-Since", "Origin", "Prefer", "Range", "Referer", "Sec-Fetch-Mode", "Sec-Fetch-Site", "User-Agent", "X-Background",
    "X-CSRFToken", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Proto", "X-HTTP-Method-Override",
    "X-Original-URL", "X-Real-IP", "Script-Name",
)  # fmt: skip
COOKIES = ("session", "browser", "trusted", "draft", "__Host-session", "csrf_token")
QUERIES = (
    "next",
    "page",
    "at",
    "kind",
    "authenticator",
    "add",
    "change",
    "done",
    "reset",
    "trust",
    "q",
    "sort",
    "state",
    "status",
    "MessageStatus",
)
FIELDS = (
    "username", "password", "new_password", "code", "phone", "email", "name", "full_name", "label", "method", "authenticator", "typed",
    "reason", "checks", "note", "day", "days", "sign_ins", "q", "kind", "next", "trust", "country", "state", "status",
)  # fmt: skip
METHODS = ("GET",) * 8 + ("POST",) * 14 + ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "get", "BREW")
TYPES = ("application/x-www-form-urlencoded",) * 6 + (
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/json",
    "text/plain",
    "a/b; charset=x",
    "",
)
PATIENCE = 60


@dataclass(frozen=True)
class Answer:
    """What came back; `status` is None where the connection was closed without an answer."""

    status: int | None
    headers: object = None
    body: bytes = b""

    @property
    def fault(self):
        """Returns what is wrong with the answer, None if nothing is. A 503 says when to come back."""
        if self.status is None:
            return "closed without an answer"
        if self.status >= 500 and not (self.status == 503 and self.headers["Retry-After"]):
            return f"{self.status}"
        return "a stack trace" if b"Traceback (most" in self.body else None


class Junk:
    """Makes requests from one random source, so that a seed repeats them."""

    def __init__(self, routes, samples, seed):
        """`routes`: rules with variable parts in angle brackets. `samples`: what may stand in a variable part, by name."""
        self.routes, self.samples, self.random = routes, samples, random.Random(seed)  # noqa: S311 (a walk that a seed repeats)

    def text(self):
        """Returns a junk text as it would stand in a form: percent-encoded."""
        if self.random.random() < 0.1:
            return quote_from_bytes(self.random.randbytes(self.random.randint(1, 40)))
        return quote(self.random.choice(TEXTS).encode("utf-8", "surrogatepass"))

    def header(self):
        """Returns a junk text as it may stand in a header: bytes without a line break."""
        if self.random.random() < 0.05:
            return re.sub(rb"[\r\n]", b"", self.random.randbytes(self.random.randint(1, 40)))
        return re.sub(rb"[\r\n\0]", b"", self.random.choice(TEXTS).encode("utf-8", "surrogatepass"))

    def path(self):
        """Returns a route's address, its variable parts filled with what exists or with junk."""

        def fill(found):
            known = self.samples.get(found[1], ())
            return str(self.random.choice(known)) if known and self.random.random() < 0.7 else self.text() or "x"

        return re.sub(r"<(?:[^:>]*:)?(\w+)>", fill, self.random.choice(self.routes))

    def pairs(self, names, most):
        """Returns some names with junk, as a query or a form writes them."""
        return [f"{self.random.choice(names)}={self.text()}" for _ in range(self.random.randint(0, most))]

    def request(self, host, cookies=(), token=None):
        """Returns one request as bytes, and its first line. `cookies` and `token` are those of somebody's session."""
        method, query = self.random.choice(METHODS), "&".join(self.pairs(QUERIES, 3))
        first = f"{method} {self.path()}{'?' if query else ''}{query} HTTP/1.1"
        own = [f"{name}={value}" for name, value in cookies]
        junk = [f"{self.random.choice(COOKIES)}=".encode() + self.header() for _ in range(self.random.choice((0, 0, 0, 1, 2)))]
        lines = [
            first.encode(),
            b"Host: " + host.encode(),
            b"Connection: close",
            b"Cookie: " + b"; ".join([each.encode() for each in own] + junk),
        ]
        lines += [self.random.choice(HEADERS).encode() + b": " + self.header() for _ in range(self.random.choice((0, 0, 1, 2)))]
        body = b""
        if method not in ("GET", "HEAD", "OPTIONS", "TRACE"):
            fields = [f"csrf_token={token}"] * bool(token and self.random.random() < 0.9) + self.pairs(FIELDS, 6)
            body = "&".join(fields).encode() if self.random.random() < 0.95 else self.random.randbytes(200)
            lines += [f"Content-Length: {len(body)}".encode(), f"Content-Type: {self.random.choice(TYPES)}".encode()]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body, first


def send(place, request):
    """Sends a request on a connection of its own; returns the Answer."""
    with contextlib.closing(socket.create_connection(place, PATIENCE)) as connection:
        try:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection, method=request.split(b" ", 1)[0].decode())
            response.begin()
            with response:
                return Answer(response.status, response.headers, response.read())
        except (ConnectionError, http.client.HTTPException):
            return Answer(None)
