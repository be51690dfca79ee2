"""What one person was told, and what they do: real HTTP requests, and a line in the ledger for each answer.

An answer is "yes", "no" (refused), "busy" (503: told to wait), or "lost": the connection broke, or a proxy had no answer. Whoever is
told nothing may or may not have done it; whoever is told something must find it so.
"""

import http.client
import re
import time
from collections import Counter
from dataclasses import dataclass, field

import pyotp

from tests.faults.people import APP, BACKUP, SET_UP, TEXT, Person
from tests.support.wire import BACKUP_CODE, CHOOSE, CODE, CODES, PASSWORD, PROVE, SCAN, Wire, codes_on, entry_on

PERIOD = 30
LOST = (502, 504)
PAUSE_SECONDS = 0.5  # of somebody who was told to wait, or nothing
TEXT_SECONDS = 12  # that somebody waits for a text before asking again


class Unsure(Exception):
    """No answer came, or the one to wait."""


def step_now():
    """Returns the number of the time step that a phone shows the code of."""
    return int(time.time()) // PERIOD


@dataclass
class Ledger:
    """One person's browser and what they were told. `texts`: what arrived on their phone, by its number."""

    person: Person
    wire: Wire
    texts: object
    told: Counter = field(default_factory=Counter)
    steps: list = field(default_factory=list)  # those whose code was told to be right
    tried: set = field(default_factory=set)  # those that were sent at all
    spent: list = field(default_factory=list)  # backup codes that were told to be right
    typed: list = field(default_factory=list)  # codes from texts that were told to be right
    lines: list = field(default_factory=list)  # what could not be: each a contradiction
    done_at: float = 0.0

    def ask(self, what, deed):
        """Makes a request and writes its answer down; returns it. Raises Unsure."""
        try:
            answer = deed()
        except (OSError, http.client.HTTPException) as fault:
            self.told[f"{what} lost"] += 1
            raise Unsure from fault
        if answer.status == 503 or answer.status in LOST:
            self.told[f"{what} {'busy' if answer.status == 503 else 'lost'}"] += 1
            raise Unsure
        if answer.status >= 500:
            self.lines.append(f"{what}: {answer.status}")
            raise Unsure
        return answer

    def note(self, what, is_yes):
        """Writes down a yes or a no; returns whether it is a yes."""
        self.told[f"{what} {'yes' if is_yes else 'no'}"] += 1
        return is_yes

    def live(self, until):
        """Does what this person came for, again and again while unsure, until that time."""
        deed = {APP: self.by_app, BACKUP: self.by_backup_code, TEXT: self.by_text, SET_UP: self.set_up}[self.person.kind]
        while time.monotonic() < until and not self.done_at:
            try:
                if deed():
                    self.done_at = time.monotonic()
                    return
            except Unsure:
                pass
            time.sleep(PAUSE_SECONDS)

    def give_password(self):
        """Submits the password in a browser without a session; returns whether a code is due."""
        self.wire.cookies.clear()
        self.ask("page", lambda: self.wire.get("/sign-in"))
        answer = self.ask("password", lambda: self.wire.post("/sign-in", username=self.person.username, password=PASSWORD))
        return self.note("password", answer.status == 303) and answer.location == CODE

    def by_app(self):
        """Signs in with the code that the phone shows, or with the next one if that one is spent; returns whether it went in."""
        if not self.give_password():
            return False
        self.ask("page", lambda: self.wire.get(CODE))
        step = max(step_now(), max(self.tried, default=0) + 1)
        if step > step_now() + 1:
            return False
        self.tried.add(step)
        answer = self.ask("app", lambda: self.wire.post(CODE, code=self.code(step)))
        if self.note("app", answer.went_in):
            self.steps.append(step)
        return answer.went_in

    def code(self, step):
        return pyotp.TOTP(self.person.secret).at(step * PERIOD)

    def by_backup_code(self):
        """Signs in with the next backup code; returns whether it went in."""
        if not self.give_password() or not self.person.codes:
            return False
        self.ask("page", lambda: self.wire.get(BACKUP_CODE))
        code = self.person.codes.pop()
        answer = self.ask("backup", lambda: self.wire.post(BACKUP_CODE, code=code))
        if self.note("backup", answer.went_in):  # a session that is over is led elsewhere, and spends no code
            self.spent.append(code)
        return answer.went_in

    def by_text(self):
        """Signs in with the code that a right password has sent; returns whether it went in."""
        before = len(self.texts(self.person.number))
        if not self.give_password():
            return False
        self.told["text yes"] = 1  # a second one within a minute is refused
        end = time.monotonic() + TEXT_SECONDS
        while len(self.texts(self.person.number)) == before and time.monotonic() < end:
            time.sleep(0.1)
        arrived = self.texts(self.person.number)[before:]
        if not arrived:
            self.told["text waited in vain"] += 1
            return False
        code = re.search(r"\d{6}", arrived[-1])[0]
        self.ask("page", lambda: self.wire.get(CODE))
        answer = self.ask("sms", lambda: self.wire.post(CODE, code=code))
        if self.note("sms", answer.went_in):
            self.typed.append(code)
        return answer.went_in

    def set_up(self):
        """Turns two-factor authentication on; returns whether it is on and the backup codes are saved."""
        self.wire.cookies.clear()
        self.ask("page", lambda: self.wire.get("/sign-in"))
        answer = self.ask("password", lambda: self.wire.post("/sign-in", username=self.person.username, password=PASSWORD))
        self.note("password", answer.status == 303)
        if answer.location == CODE:  # an earlier try, whose answer was lost, has turned it on
            return self.finish_without_codes()
        self.ask("page", lambda: self.wire.get(CHOOSE))
        self.ask("page", lambda: self.wire.post(CHOOSE, method="totp"))
        page = self.ask("page", lambda: self.wire.get(SCAN))
        if "otpauth://" not in page.text:
            return False
        self.person.secret = entry_on(page).secret
        step = step_now()
        self.tried.add(step)
        answer = self.ask("on", lambda: self.wire.post(SCAN, code=self.code(step)))
        if not self.note("on", answer.location == CODES):
            return False
        self.steps.append(step)
        shown = codes_on(self.ask("page", lambda: self.wire.get(CODES)))
        self.person.codes = [shown[number] for number in sorted(shown)]
        asked = re.search(r"code (\d+) from your copy", self.ask("page", lambda: self.wire.get(PROVE)).lines)
        if not asked:
            return False
        answer = self.ask("saved", lambda: self.wire.post(PROVE, code=shown[int(asked[1])]))
        return self.note("saved", answer.status == 303)

    def finish_without_codes(self):
        """Signs in with the app that the lost answer would have confirmed; returns whether it went in."""
        if not self.told["on lost"] + self.told["on busy"] + self.told["on yes"]:
            self.lines.append("asked for a code before it was on")
        return self.by_app()
