"""Numbers that texts go to, and the codes in them: in no log, page, mail, audit row or exception; in the database sealed only."""

import re

import pytest

from tests.support import canary, wire
from tests.support.loud import LoudWorker, break_inserts, heap, said
from tests.support.outbox import running_worker, until
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CHOOSE, CODE, SECURITY, Wire

NUMBER, CONFIRM, SEND = (f"{CHOOSE}/sms/{step}" for step in ("number", "code", "send"))
PHONE, CONFIRM_AGAIN = "/account/phone", f"{SECURITY}/confirm"
TYPED_ON = {NUMBER, PHONE}  # where a person types a number, and has it shown again
FIRST, SECOND, THIRD, ON_FILE, REFUSED = "+15035550147", "+16085550163", "+14155550138", "+15035550181", "+19005550155"
NUMBERS = (FIRST, SECOND, THIRD, ON_FILE, REFUSED)


class Witness(Wire):
    """A browser that keeps every answer it got."""

    def __init__(self, server):
        super().__init__(server)
        self.seen = []

    def _ask(self, method, path, body):
        answer = super()._ask(method, path, body)
        self.seen.append((path.partition("?")[0], f"{answer.text} {answer.headers}"))
        return answer

    def find(self, path, pattern):
        """Opens a page; returns what a pattern finds there."""
        return re.search(pattern, self.open(path).text)[1]


class Story:
    """Everything that can be done with numbers, once; `codes` is what was sent, `typed` what was tried."""

    def __init__(self, server, gateway):
        self.server, self.gateway = server, gateway
        self.browsers, self.read, self.codes = [], 0, []

    def browser(self):
        """Returns a browser whose pages are looked through in the end."""
        self.browsers.append(Witness(self.server))
        return self.browsers[-1]

    def code(self, number):
        """Waits for the next text, which goes to a number; returns its digits."""
        assert until(lambda: len(self.gateway.taken) > self.read), "no text came"
        to, words, _ = self.gateway.taken[self.read]
        self.read += 1
        assert to == number
        self.codes.append(words[:6])
        return words[:6]

    def connect(self, browser, typed, number):
        """The two steps of a set-up, with a wrong code first."""
        assert browser.send(NUMBER, phone=typed).location == CONFIRM
        code = self.code(number)
        assert browser.send(CONFIRM, code=f"{(int(code) + 1) % 10**6:06}").status == 422
        assert browser.post(CONFIRM, code=code).status == 303

    def tell(self):
        """Sets up, errs, signs in, changes the number, adds another and takes it away, keeps the profile, turns it off."""
        maria = self.browser()
        maria.sign_in("maria")
        assert maria.send(PHONE, phone="900 555 0155").status == 422
        assert maria.send(PHONE, phone="(503) 555-0181").status == 303
        maria.send(CHOOSE, method="sms")
        assert maria.send(NUMBER, phone="(900) 555-0155").status == 422
        self.connect(maria, "503-555-0147", FIRST)
        self.sign_in(FIRST)
        authenticator = maria.find(SECURITY, r"authenticators/(\w+)/name")
        maria.send(f"{CHOOSE}?change={authenticator}", method="sms")
        self.connect(maria, "+1 608 555 0163", SECOND)
        assert until(lambda: len(self.gateway.taken) > self.read)
        assert self.gateway.taken[self.read][0] == FIRST  # is told, without a code
        self.read += 1
        maria.send(f"{CHOOSE}?add=1", method="sms")
        self.connect(maria, "415.555.0138", THIRD)
        newest = re.findall(r"authenticators/(\w+)/remove", maria.open(SECURITY).text)[-1]
        for path in (
            f"{SECURITY}/authenticators/{newest}/name",
            f"{SECURITY}/authenticators/{newest}/remove",
            "/account",
            "/home",
        ):
            maria.open(path)
        assert maria.send(f"{SECURITY}/authenticators/{newest}/remove").status == 303
        assert until(lambda: len(self.gateway.taken) > self.read)
        self.read += 1
        disable = maria.find(f"{SECURITY}/disable", r'name="generation" value="(\d+)"')
        assert maria.post(f"{SECURITY}/disable", password=wire.PASSWORD, generation=disable).status == 303
        maria.open(f"{SECURITY}/activity")
        return self

    def sign_in(self, number):
        """In by text, in another browser; a new text too early, and each page on the way."""
        late = self.browser()
        assert late.sign_in("maria").location == CODE
        for path in (CODE, "/sign-in/no-code", "/sign-in/backup-code"):
            late.open(path)
        way = late.find(CODE, r'name="authenticator" value="(\w+)"')
        assert late.post("/sign-in/send", authenticator=way).status == 422
        assert late.post(CODE, code=self.code(number)).went_in

    def pages(self):
        """Returns every answer but those where the number was typed."""
        return " ".join(text for browser in self.browsers for path, text in browser.seen if path not in TYPED_ON)


@pytest.fixture
def portal(site, gateway, mail_server):
    """A portal and its worker, both as loud as can be. The first gateway is asked as Kannel is, and always busy."""
    first = f"form://127.0.0.1:{gateway.server.server_port}/cgi-bin/sendsms?method=GET&:to={{to}}"
    gateway.choose = lambda text: "busy" if len(gateway.asked) % 2 else "accept"
    settings = {"PORTAL_SMS_URL": f"{first} {gateway.url()}", "PORTAL_SMTP_URL": mail_server.url}
    with running_server(site, **said(site), **settings) as server, running_worker(site, kind=LoudWorker, **settings):
        yield server


def found_in(place):
    """Returns the numbers of which any spelling is in a heap of bytes."""
    return [number for number in NUMBERS if canary.hits(place, canary.of_number(number))]


def digits_in(text, codes):
    """Returns how many codes stand in a text, fractions of a second left out."""
    return canary.digits_in(re.sub(r"[.,]\d{6}", "", text), codes)


def test_the_search_finds_a_number_however_it_is_written():
    forms = ("+15035550147", "15035550147", "(503) 555-0147", "503 555 0147", "to=%2B15035550147", "%28503%29+555-0147")
    assert [found_in(form.encode()) for form in forms] == [[FIRST]] * len(forms)
    assert found_in(b"+15035550147".hex().encode()) == [FIRST]
    assert found_in("(503) 555-0142 ••• ••• ••47 +1503".encode()) == []


def test_no_log_page_mail_or_row_holds_a_number_or_a_code(portal, gateway, mail_server, postgres):
    story = Story(portal, gateway).tell()
    rows = Rows(portal.site)
    assert until(lambda: rows.one("SELECT count(*) FROM outbox WHERE state <> 'sent'") == 0), "something was not carried"
    log, carried = portal.log.read_text(), (portal.site.folder / "worker.log").read_text()
    assert "POST /sign-in/code" in log and "INSERT INTO sent_codes" in log, "the portal is not loud"
    assert "DEBUG" in carried and "UPDATE outbox" in carried and "gateway 1 of 2" in carried, "the worker is not loud"
    mails = [f"{message['Subject']} {message}" for _, message, _ in mail_server.box]
    assert len(mails) > 5
    mails += [part.get_content() for _, message, _ in mail_server.box for part in message.walk() if not part.is_multipart()]
    places = {"pages": story.pages(), "mails": "\n".join(mails), "log": log, "worker's log": carried}
    assert {name: found_in(text.encode()) for name, text in places.items()} == {name: [] for name in places}
    assert {name: digits_in(text, story.codes) for name, text in places.items()} == dict.fromkeys(places, 0)
    assert found_in(heap(portal, postgres)) == []
    assert sum(canary.digits_in(cell, story.codes) for cell in rows.texts()) == 0
    assert rows.one("SELECT count(*) FROM outbox WHERE body_sealed IS NOT NULL") == 0, "the words of a text outlive it"
    typed = [text for browser in story.browsers for path, text in browser.seen if path in TYPED_ON]
    assert "900 555 0155" in " ".join(typed), "what was typed is not kept"


def test_no_exception_holds_a_number_or_a_code(portal, gateway, postgres):
    """Every form that takes a number or a texted code breaks in the middle of its transaction."""
    story = Story(portal, gateway)
    jun, maria = story.browser(), story.browser()
    for browser, name in ((jun, "jun"), (maria, "maria")):
        browser.sign_in(name)
        browser.send(CHOOSE, method="sms")
    assert maria.send(NUMBER, phone="(503) 555-0147").location == CONFIRM
    code = story.code(FIRST)
    for browser, path in ((jun, NUMBER), (maria, CONFIRM)):
        browser.open(path)
    break_inserts(portal.site, "sent_codes")
    broken = [jun.post(NUMBER, phone="+1 608 555 0163")]
    break_inserts(portal.site, "events")
    broken += [
        maria.post(CONFIRM, code=code),
        maria.post(PHONE, phone="415 555 0138"),
        maria.post(NUMBER, phone="(608) 555-0163"),
    ]
    assert [answer.status for answer in broken] == [500] * len(broken)
    log = portal.log.read_text()
    assert log.count("broken on purpose") >= len(broken)
    places = {"pages": " ".join(answer.text for answer in broken), "log": log}
    assert {name: found_in(text.encode()) for name, text in places.items()} == {name: [] for name in places}
    assert {name: digits_in(text, [code]) for name, text in places.items()} == dict.fromkeys(places, 0)
    assert found_in(heap(portal, postgres)) == []
