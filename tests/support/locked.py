"""Somebody at a running portal who has lost every way in, and the rows that a recovery leaves."""

import html
import re

from tests.support import wire
from tests.support.application import application
from tests.support.rows import Rows
from tests.support.wire import Wire

ASK, SET_UP, STOP = "/contact-support", r"/recovery/set-up/[\w-]{43}", r"/recovery/stop/\w{96}"
MAILED_CODE = r"<p[^>]*>\s*(\d{8})\s*</p>"
FACTS = """
SELECT u.two_factor, u.generation - :before,
 (SELECT count(*) FROM authenticators a WHERE a.user_id = u.id),
 (SELECT count(*) FROM events e WHERE e.subject_id = u.id AND e.event = 'recovery_set_up'),
 (SELECT count(*) FROM outbox o WHERE o.user_id = u.id AND o.template = 'recovery_set_up'),
 (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.ended_at IS NULL AND s.level != 'claimant'),
 (SELECT c.state FROM recovery_cases c WHERE c.user_id = u.id)
FROM users u WHERE u.username = :name
"""


def bench(server):
    """Returns the test bench's markup, which shows the mailboxes."""
    return html.unescape(Wire(server).get("/test-bench").text)


def let_a_day_pass(rows):
    """Makes every queued message one that went out long ago."""
    past = {"day": "2020-01-01 00:00:00+00:00"}
    rows.change("UPDATE outbox SET state = 'sent', outcome = 'sent', sent_at = :day WHERE state <> 'sent'", **past)
    rows.change("UPDATE outbox SET sent_at = :day", **past)


def sweep(site):
    """Lets the worker's sweep run once, as a further process would."""
    with application(site) as app:
        app.extensions["queue"].order_due()


class Locked:
    """Somebody with backup codes, whose recovery has come as far as the second proof, or to nothing."""

    def __init__(self, server, name, comes_to="proof"):
        self.server, self.name = server, name
        self.rows = Rows(server.site)
        self.codes = wire.turn_on(Wire(server), name)[1]
        self.rows.change("UPDATE sessions SET ended_at = created_at")
        self.before = self.rows.one("SELECT generation FROM users WHERE username = :name", name=name)
        self.browser, self.page = Wire(server), None
        if comes_to == "proof":
            self.ask()
            self.enter_code(self.mailed_code())

    def ask(self):
        """Sends a request, which has a page of its own from then on."""
        self.page = self.browser.send(ASK, email=f"{self.name}@example.test", practice="", story="").location
        self.browser.open(self.page)

    def mailed_code(self):
        """Returns the code in the newest email."""
        return re.search(MAILED_CODE, bench(self.server))[1]

    def enter_code(self, code):
        """Types the code that was mailed."""
        answer = self.browser.post(self.page, code=code)
        assert answer.status == 303, answer.lines
        self.browser.open(self.page)

    def prove(self):
        """Shows a backup code, which mails the link; returns its path."""
        assert self.browser.post(f"{self.page}/backup-code", code=self.codes[1]).status == 303
        return re.search(SET_UP, bench(self.server))[0]

    def facts(self):
        """Returns state, changes of the factors, authenticators, events, notices, live sessions, and the case's state."""
        return tuple(self.rows.all(FACTS, name=self.name, before=self.before)[0])
