"""Browsers without JavaScript that speak HTTP to a running portal: plain, quick, and many at the same moment."""

import contextlib
import html
import http.client
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.support import phone

PASSWORD = "harbor-lantern-2026"  # of every demo account
PATIENCE = 60
CODE = "/sign-in/code"
BACKUP_CODE = "/sign-in/backup-code"
SECURITY = "/account/security"
CHOOSE = "/account/security/two-factor"
SCAN = CHOOSE + "/totp/scan"
CODES = CHOOSE + "/backup-codes"
PROVE = CODES + "/check"
FIRST_PAGES = ("/home", "/ehr/charts", "/support")  # where a complete sign-in leads, by role


@dataclass(frozen=True)
class Answer:
    """What came back for one request; `location` is a path or None."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...]

    @property
    def location(self):
        return dict(self.headers).get("Location")

    @property
    def went_in(self):
        """Returns whether this answer let somebody in."""
        return self.status == 303 and self.location in FIRST_PAGES

    @property
    def lines(self):
        """Returns what a person reads, tags away."""
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", self.text)).split())


class Wire:
    """One browser of one person at a running portal: its cookies, and the CSRF token of the page it saw last."""

    def __init__(self, server, agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", ip=None):
        """`ip`: the address that it comes from, any that begins with 127."""
        self.port = server.port
        self.agent, self.ip = agent, ip
        self.cookies = {}
        self.token = None

    def tab(self, server=None):
        """Returns another tab of the same browser (of another server of the same site, if told): the same cookies."""
        other = Wire(server or self, self.agent, self.ip)
        other.cookies, other.token = dict(self.cookies), self.token
        return other

    def get(self, path):
        """Asks for a page; redirects are answers, too."""
        return self._ask("GET", path, None)

    def open(self, path):
        """Asks for a page and follows where it leads."""
        answer = self.get(path)
        for _ in range(6):
            if answer.status not in (301, 302, 303) or not answer.location:
                break
            answer = self.get(answer.location)
        return answer

    def post(self, path, **fields):
        """Sends a form with the token of the page that was seen last."""
        return self._ask("POST", path, urlencode({"csrf_token": self.token or "", **fields}))

    def send(self, path, **fields):
        """Opens the page of a form, then sends the form."""
        self.open(path)
        return self.post(path, **fields)

    def sign_in(self, username, password=PASSWORD):
        """Shows the password; returns the answer."""
        return self.send("/sign-in", username=username, password=password)

    def signed_in(self):
        """Returns whether a page behind the side opens."""
        return self.get("/account").status == 200

    def _ask(self, method, path, body):
        headers = {"User-Agent": self.agent, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, PATIENCE, self.ip and (self.ip, 0))
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.read().decode(), tuple(response.getheaders()))
        self._learn(answer)
        return answer

    def _learn(self, answer):
        for name, value in answer.headers:
            if name == "Set-Cookie":
                for morsel in SimpleCookie(value).values():
                    self.cookies[morsel.key] = morsel.value
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        if found:
            self.token = found[1]


def at_once(*deeds):
    """Does all deeds at the same moment; returns their results in order. A deed that raised is its exception."""
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
    """Returns the phone's Entry for the set-up page in an answer."""
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
    """Sets up an authenticator app; returns the phone's entry and the backup codes. `at`: which moment's code is spent."""
    entry = begin(wire, username)
    answer = wire.post(SCAN, code=entry.code(at))
    assert answer.location == CODES, answer.lines
    return entry, codes_on(wire.get(CODES))


def prove_saved(wire, codes):
    """Types the code that is asked for by number."""
    number = int(re.search(r"code (\d+) from your copy", wire.open(PROVE).lines)[1])
    return wire.post(PROVE, code=codes[number])


def entry_of(server, username):
    """Returns the key of a demo account, read off the test bench's phone, as an Entry."""
    text = Wire(server).get("/test-bench").lines
    key = re.search(rf" {re.escape(username)} \d{{6}} .*?Setup key ((?:[A-Z2-7]{{4}} ?){{8}})", text)[1]
    return phone.Entry("Medximity", username, key.replace(" ", ""), 6, 30, "SHA1")


def claimant(server, username):
    """Returns a browser in which the password was shown and the code was not."""
    wire = Wire(server)
    answer = wire.sign_in(username)
    assert answer.location == CODE, answer.lines
    wire.get(CODE)
    return wire
