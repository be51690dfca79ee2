"""Minimal HTTP browsers without JavaScript for a running portal, many of them concurrently."""

import contextlib
import html
import http.client
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.support import phone
from tests.support.rows import Rows
from tests.support.spared import named_act, spare

PASSWORD = "harbor-lantern-2026"  # of every demo account
PATIENCE = 60
CODE = "/sign-in/code"
BACKUP_CODE = "/sign-in/backup-code"
SECURITY = "/account/security"
CHOOSE = "/account/security/two-factor"
SCAN = CHOOSE + "/totp/scan"
CODES = CHOOSE + "/backup-codes"
PROVE = CODES + "/check"
FIRST_PAGES = ("/home", "/ehr/charts", "/support")  # after a complete sign-in, by role


@dataclass(frozen=True)
class Answer:
    """The response to one request; `location` is a path or None."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...]

    @property
    def location(self):
        return {name.lower(): value for name, value in self.headers}.get("location")  # HAProxy writes names in lowercase

    @property
    def went_in(self):
        """Returns whether this response completed a sign-in."""
        return self.status == 303 and self.location in FIRST_PAGES

    @property
    def lines(self):
        """Returns the text without tags."""
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


class Wire:
    """One person's browser at a running portal: its cookies, and the CSRF token of its last page."""

    def __init__(self, server, agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", ip=None):
        """`ip`: its source address, any in 127.0.0.0/8."""
        self.host, self.port, self.tls = server.host, server.port, getattr(server, "tls", None)  # tls: of nginx
        self.agent, self.ip = agent, ip
        self.site = getattr(server, "site", None)
        self.is_spared = self.site is not None  # the confirmation of an act, while both factors are fresh
        self.headers = {}  # further headers of every request
        self.cookies = {}
        self.token = None

    def tab(self, server=None):
        """Returns another tab with the same cookies, optionally at another server of the same site."""
        other = Wire(server or self, self.agent, self.ip)
        other.cookies, other.token, other.headers = dict(self.cookies), self.token, dict(self.headers)
        return other

    def get(self, path):
        """Requests a page without following redirects."""
        return self._ask("GET", path, None)

    def open(self, path):
        """Requests a page and follows redirects."""
        answer = self.get(path)
        for _ in range(6):
            if answer.status not in (301, 302, 303) or not answer.location:
                break
            answer = self.get(answer.location)
        return answer

    def post(self, path, **fields):
        """Submits a form with the CSRF token of the last page."""
        return self._ask("POST", path, urlencode({"csrf_token": self.token or "", **fields}))

    def send(self, path, **fields):
        """Opens a form's page, then submits the form."""
        self.open(path)
        return self.post(path, **fields)

    def sign_in(self, username, password=PASSWORD):
        """Submits the password; returns the response."""
        return self.send("/sign-in", username=username, password=password)

    def signed_in(self):
        """Returns whether a page behind the side opens."""
        return self.get("/account").status == 200

    def _ask(self, method, path, body):
        answer = self._send(method, path, body)
        is_act = self.is_spared and named_act(answer.location)
        spared = is_act and spare(Rows(self.site).engine, self.cookies.get("session"), answer.location)
        return self._send(method, path, body) if spared else answer

    def _send(self, method, path, body):
        headers = {"User-Agent": self.agent, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= self.headers
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        place = self.host, self.port, PATIENCE, self.ip and (self.ip, 0)
        connection = SecureConnection(place, self.tls) if self.tls else http.client.HTTPConnection(*place)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.read().decode(), tuple(response.getheaders()))
        self._learn(answer)
        return answer

    def _learn(self, answer):
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                for morsel in SimpleCookie(value).values():
                    self.cookies[morsel.key] = morsel.value
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        if found:
            self.token = found[1]


class SecureConnection(http.client.HTTPConnection):
    """HTTPS to portal.example, wherever it runs."""

    def __init__(self, place, tls):
        super().__init__(*place)
        self.tls = tls

    def connect(self):
        super().connect()
        self.sock = self.tls.wrap_socket(self.sock, server_hostname="portal.example")


def at_once(*deeds):
    """Runs all functions concurrently and returns their results in order, or the exceptions they raised."""
    line = threading.Barrier(len(deeds))

    def run(deed):
        line.wait(PATIENCE)
        try:
            return deed()
        except (OSError, http.client.HTTPException) as fault:
            return fault

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def entry_on(answer):
    """Returns the phone's Entry from a setup page."""
    return phone.read_otpauth(html.unescape(re.search(r'href="(otpauth://[^"]+)"', answer.text)[1]))


def codes_on(answer):
    """Returns the backup codes on a page, by number."""
    found = re.findall(r"<code>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</code>", answer.text)
    return dict(enumerate(found[:10], 1))


def begin(wire, username):
    """Signs in and goes as far as the QR code; returns the phone's entry."""
    wire.sign_in(username)
    wire.send(CHOOSE, method="totp")
    return entry_on(wire.get(SCAN))


def turn_on(wire, username, at=None):
    """Sets up an authenticator app; returns the phone's entry and the backup codes. `at`: the time of the code that is used."""
    entry = begin(wire, username)
    answer = wire.post(SCAN, code=entry.code(at))
    assert answer.location == CODES, answer.lines
    return entry, codes_on(wire.get(CODES))


def prove_saved(wire, codes):
    """Submits the backup code with the requested number."""
    number = int(re.search(r"code (\d+) from your copy", wire.open(PROVE).lines)[1])
    return wire.post(PROVE, code=codes[number])


def entry_of(server, username):
    """Returns a demo account's key from the test bench, as an Entry."""
    text = Wire(server).get("/test-bench").lines
    key = re.search(rf" {re.escape(username)} \d{{6}} .*?Setup key ((?:[A-Z2-7]{{4}} ?){{8}})", text)[1]
    return phone.Entry("Medximity", username, key.replace(" ", ""), 6, 30, "SHA1")


def claimant(server, username):
    """Returns a claimant's browser: the password is verified, the code is not. Tries again while the line to hash is too long."""
    wire = Wire(server)
    answer = wire.sign_in(username)
    for _ in range(PATIENCE):
        if answer.status != 503:
            break
        time.sleep(0.5)
        answer = wire.sign_in(username)
    assert answer.location == CODE, answer.lines
    wire.get(CODE)
    return wire
