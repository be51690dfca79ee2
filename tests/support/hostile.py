"""Requests that nobody sends on purpose, drawn by hypothesis: junk in every place of a request, whoever sends it and wherever it goes."""

import io
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote_from_bytes

from hypothesis import strategies as st
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

import portal
from tests.support.junk import COOKIES, HEADERS, TEXTS

HOST = "127.0.0.1:5000"
FORM = "application/x-www-form-urlencoded"
MARK = "zq"  # stands behind what would end a text, an attribute, or a header
BREAKS = (f"<{MARK}>", f'"{MARK}', f"'{MARK}", f"a\r\n{MARK}: b", f"{{{{{MARK}}}}}")
NUMBERS = (
    "0", "-1", "1e3", "2147483647", "2147483648", "9223372036854775808", "9" * 400, "9" * 5_000, "٣", "²", "+1", " 1", "1_0", "0x1", "1.0",
)  # fmt: skip
LONG = tuple(letter * length for letter in ("a", "é", "\0", "<", "1", " ") for length in (300, 20_000))
BROKEN = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\0b", b"\xc0\x80", b"\0" * 50)
# What broke pages before: characters that PostgreSQL refuses, numbers that no column holds, and what is no text or ends it.
KEEN = tuple(
    text.encode("utf-8", "surrogatepass") for text in ("a\0b", "\0", f"<{MARK}>", f'"{MARK}', "\ud800", "2147483648", "9" * 5_000)
)
WORDS = (
    st.sampled_from(KEEN)
    | st.sampled_from((b"", *BROKEN, *(text.encode("utf-8", "surrogatepass") for text in (*TEXTS, *BREAKS, *NUMBERS, *LONG))))
    | st.binary(max_size=40)
)
METHODS = ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW", "get", "")
HEADER_NAMES = (
    *HEADERS,
    "Host",
    "X-Forwarded-Port",
    "X-Forwarded-Ssl",
    "Expect",
    "TE",
    "Upgrade",
    "HX-Prompt",
    "HX-History-Restore-Request",
)
HEADER_WORDS = (
    b"true", b"localhost", b"evil.example", b"[::1]:80", b"127.0.0.1:99999", b"http://127.0.0.1:5000", b"https",
    b"192.0.2.7, 127.0.0.1",
    b"for=192.0.2.7;proto=https", b"100-continue", b"bytes=0-0,9-", b"*", b'W/"x", "', b"en-XA;q=nan, *;q=9", b"cross-site", b"step",
    b"\xc3\x28",
    b"a" * 30_000, b"en," * 9_000, b"gzip;q=1e9",
)  # fmt: skip
TYPES = (
    "application/json", "text/plain", "", "multipart/form-data", "multipart/form-data; boundary=",
    'multipart/form-data; boundary="x', "a/b; charset=x",
    f"{FORM}; charset=utf-16", f"{FORM}; charset=nonsense", "\xff/\0",
)  # fmt: skip
BODIES = (
    b"", b"{", b"[]", b"null", b'{"a": NaN}', b"[" * 30_000, b'{"a":"\\ud800"}', b'{"csp-report": 1}', b'[{"body": {"blockedURL": "http://["}}]',
    b"&".join(b"code=1" for _ in range(3_000)), b"&" * 60_000, b"=" * 9_000, b"a" * 1_000_000,
)  # fmt: skip
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n%b\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="picture"; filename="%b"\r\nContent-Type: image/png\r\n\r\nx\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="%b\r\n\r\nx',
    b"--x\r\n\r\n%b--x",
    b"--y%b",
)
READ = re.compile(r'request\.(args|form|values)\.get\("(\w+)"|"(\w+)" in request\.(args|form)')
FIELD = re.compile(r"^    (\w+) = (?:\w+\()?\w*Field\(", re.MULTILINE)


@cache
def read_names(of_query):
    """Returns every name that the portal's code reads from a query; or from a form, with every field of its forms."""
    sources = [path.read_text() for path in sorted(Path(portal.__file__).parent.rglob("*.py"))]
    read = [(one or other, name or asked) for text in sources for one, name, asked, other in READ.findall(text)]
    if of_query:
        return tuple(sorted({"q", *(name for where, name in read if where != "form")}))
    return tuple(sorted({name for _, name in read} | {name for text in sources for name in FIELD.findall(text)}))


@dataclass
class Plan:
    """What is drawn of a request, before it is known which fields the page has, and what is in them."""

    who: str
    endpoint: str
    verb: str  # of the route
    rule: str
    parts: list  # of the path: whether what exists stands there, and what does otherwise
    query: list  # (number of a name, value, whether it is percent-encoded)
    fields: list  # likewise
    headers: list
    cookies: list  # (name, value or the number of somebody's session)
    body: tuple  # content type and bytes, or None for a form
    method: str  # in place of the route's, or ""
    is_own: tuple  # session, token, and what its form has in it; and whether it comes without a proxy


MOSTLY = st.sampled_from((True,) * 9 + (False,))
NOTHING = st.just([])
PARTS_OF = {False: st.tuples(st.booleans() | st.just(True), WORDS)}  # whether it is a number: what stands there
PARTS_OF[True] = st.tuples(st.booleans() | st.just(True), st.sampled_from([text.encode() for text in NUMBERS]) | WORDS)
JUNK = st.lists(st.tuples(st.integers(0, 200), WORDS, MOSTLY), max_size=4)
HEADER = st.tuples(st.sampled_from(HEADER_NAMES), st.sampled_from(HEADER_WORDS) | WORDS)
COOKIE = st.tuples(st.sampled_from((*COOKIES, "language", "scheme", "")), WORDS | st.integers(0, 20))
MULTIPART = st.tuples(
    st.just("multipart/form-data; boundary=x"), st.builds(lambda part, word: part % word, st.sampled_from(PARTS), WORDS)
)
OTHER_BODY = st.tuples(st.sampled_from(TYPES), st.sampled_from(BODIES))
BODY = st.sampled_from((0,) * 6 + (1, 2)).flatmap((st.none(), MULTIPART, OTHER_BODY).__getitem__)
METHOD = st.sampled_from(("",) * 40 + METHODS)


def plans(who, endpoint, verb, rule):
    """Returns a strategy for one visitor's request to one route; the simplest is what a browser would send."""
    is_form, parts = verb == "POST", re.findall(r"<(int:)?", rule)
    fixed = (st.just(each) for each in (who, endpoint, verb, rule))
    return st.builds(
        Plan,
        *fixed,
        st.tuples(*(PARTS_OF[bool(kind)] for kind in parts)),
        JUNK,
        JUNK if is_form else NOTHING,
        st.lists(HEADER, max_size=2),
        st.lists(COOKIE, max_size=2),
        BODY if is_form else st.none(),
        METHOD,
        st.tuples(MOSTLY, MOSTLY, MOSTLY, MOSTLY),
    )


@dataclass
class Request:
    """What travels, and what it would be asked of the portal."""

    method: str
    path: bytes
    query: bytes
    headers: list
    cookies: list
    content_type: str = FORM
    body: bytes = b""
    facts: dict = field(default_factory=dict)

    def __str__(self):
        about = f"{self.method} {self.path[:300]!r}?{self.query[:300]!r}, {self.content_type}: {self.body[:300]!r}"
        headers = [f"{name}: {value[:100]!r}" for name, value in self.headers]
        return "\n  ".join([about, *headers, repr([cookie.partition(b"=")[0] for cookie in self.cookies])])

    @property
    def size(self):
        """Returns about how many bytes it has."""
        return sum(map(len, (self.path, self.query, self.body, *self.cookies, *(value for _, value in self.headers))))

    def environ(self):
        """Returns it as the portal's server hands it on."""
        environ = {
            "REQUEST_METHOD": self.method, "SCRIPT_NAME": "", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "5000",
            "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": HOST,
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(self.body), "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False, "wsgi.input_terminated": True,
            "CONTENT_TYPE": self.content_type, "CONTENT_LENGTH": str(len(self.body)),
            "PATH_INFO": self.path.decode("latin-1"), "QUERY_STRING": self.query.decode("latin-1"),
            "HTTP_COOKIE": b"; ".join(self.cookies).decode("latin-1"),
        }  # fmt: skip
        return environ | {f"HTTP_{name.upper().replace('-', '_')}": value.decode("latin-1") for name, value in self.headers}

    def send(self, app):
        """Returns the Response of a WSGI application."""
        return Response(*run_wsgi_app(app, self.environ(), buffered=True))


def joined(pairs):
    """Returns (name, value, whether it is percent-encoded) as a form or a query."""
    return b"&".join(
        name.encode() + b"=" + (quote_from_bytes(value).encode() if encoded else value) for name, value, encoded in pairs
    )


def named(junk, names):
    """Returns junk with names in place of their numbers."""
    return [(names[number % len(names)], value, encoded) for number, value, encoded in junk]


def without_line_ends(value):
    """Returns a value as a header can hold it."""
    return re.sub(rb"[\r\n]", b"", value)
