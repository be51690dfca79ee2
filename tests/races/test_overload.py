"""Far too many people at once, clients that send a byte at a time, and a worker that is killed: nobody is told what is not so."""

import http.client
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.support import phone, soak
from tests.support.crowd import add_many
from tests.support.outbox import until
from tests.support.rows import Rows
from tests.support.server import Server, running_server
from tests.support.slow import running_slow_clients
from tests.support.wire import CODE, Wire, at_once

PEOPLE = soak.length(40, 500)
SLOW = {"headers": 10, "body": 10}
LINES = "We're very busy right now", "Many people are signing in right now. Wait a few seconds, then try again."
MIDDLE = PEOPLE // 8
TRIES = soak.length(20, 60)
EVENTS = "FROM events e JOIN users u ON u.id = e.subject_id WHERE e.event = 'authn_login_success'"
SESSIONS = "FROM sessions s JOIN users u ON u.id = s.user_id"
QUERIES = (  # per person: right passwords, right codes, sessions that began, sessions that are complete
    f"SELECT u.username, count(*) {EVENTS} AND e.reason = 'code_due' GROUP BY u.username",
    f"SELECT u.username, count(*) {EVENTS} AND e.factor = 'totp' GROUP BY u.username",
    f"SELECT u.username, count(*) {SESSIONS} GROUP BY u.username",
    f"SELECT u.username, count(*) {SESSIONS} WHERE s.level = 'aal2' GROUP BY u.username",
)


class ShortLine(Server):
    """A server for whose line at sign-in a small crowd is too long."""

    application = "tests.support.short_line:app"


@dataclass
class Ledger:
    """What one person was told: how often the password, and then the code, was right, told to wait, or lost with the connection."""

    wire: Wire
    username: str
    secret: str
    told: Counter = field(default_factory=Counter)
    asks_since: float | None = None  # by the monotonic clock, while an answer is awaited

    def sign_in(self):
        """Signs in, again and again while told to wait or cut off, as people do."""
        for _ in range(TRIES):
            if self.submit("password", "/sign-in", username=self.username, password="harbor-lantern-2026"):
                break
        entry = phone.Entry("Medximity", self.username, self.secret, 6, 30, "SHA1")
        for _ in range(TRIES):
            if not self.told["password right"] or self.submit("code", CODE, code=entry.code()) or self.told["code lost"]:
                return

    def submit(self, what, path, **fields):
        """Opens a form and submits it; returns whether what was typed is right. Writes down what came of it."""
        try:
            self.asks_since = time.monotonic()
            opened = self.wire.get(path)
            answer = self.wire.post(path, **fields) if opened.status == 200 else opened
        except (OSError, http.client.HTTPException):
            self.told[f"{what} lost"] += 1
            return False
        finally:
            self.asks_since = None
        if answer.status == 503:
            assert any(line in answer.lines for line in LINES), answer.lines
            assert "<h1" in answer.text and "Traceback" not in answer.text
            time.sleep(int(dict(answer.headers)["Retry-After"]) / 10)
            self.told[f"{what} waits"] += 1
            return False
        assert answer.status == 303, (answer.status, answer.lines)
        self.told[f"{what} right"] += 1
        return True


def kill_in_the_thick_of_it(server, crowd):
    """Kills a worker once some people are between their password and their code; returns its process ID.

    It stands still for a moment first, until somebody is seen to wait for its answer: the other worker would have given one by then.
    """
    assert until(lambda: sum(each.told["password right"] for each in crowd) > MIDDLE, 60)
    for _ in range(TRIES):
        os.kill(server.workers()[0], signal.SIGSTOP)
        stopped_at = time.monotonic()
        time.sleep(0.7)
        if any(each.asks_since and each.asks_since < stopped_at for each in crowd):
            break
        os.kill(server.workers()[0], signal.SIGCONT)
    return server.kill_a_worker()


@pytest.mark.long
def test_what_each_of_a_crowd_was_told_is_what_has_happened(sites):
    site = sites.seeded()
    people = add_many(site, PEOPLE)
    with running_server(site, workers=2, kind=Server if soak.SEED else ShortLine) as server:
        crowd = [
            Ledger(Wire(server, ip=f"127.1.{at // 250}.{1 + at % 250}"), name, people[name]) for at, name in enumerate(people)
        ]
        with running_slow_clients(server.port, SLOW, ip="127.0.0.8") as slow, ThreadPoolExecutor() as pool:
            assert slow.connected == sum(SLOW.values())
            killed = pool.submit(kill_in_the_thick_of_it, server, crowd)
            faults = [fault for fault in at_once(*[each.sign_in for each in crowd]) if fault]
            assert until(lambda: len(server.workers()) == 2) and killed.result() not in server.workers()
        log = server.log.read_text()
    told = sum((each.told for each in crowd), Counter())
    assert faults == [] and "Traceback" not in log
    assert told["password lost"] + told["code lost"], "nobody was cut off: the worker was killed when it was idle"
    assert told["password waits"], "it was no crowd"
    assert told["code right"] + told["code lost"] > 0.9 * PEOPLE, told
    compare(site, crowd)
    sites.remove(site)


def compare(site, crowd):
    """Compares what everybody was told with what the database has: whoever was told nothing may be in or not, but is not half in."""
    found = [Counter(dict(map(tuple, Rows(site).all(query)))) for query in QUERIES]
    for each in crowd:
        name, told = each.username, each.told
        passwords, codes, begun, complete = (counted[name] for counted in found)
        assert told["password right"] <= passwords <= told["password right"] + told["password lost"], (name, told, passwords)
        assert told["code right"] <= codes <= told["code right"] + told["code lost"], (name, told, codes)
        assert (begun, complete) == (passwords, codes), (name, told, "a session without its event, or the other way around")
