"""The whole server is killed in the middle of each step of a recovery, so also between any two: nothing half done, nobody in early."""

import re
from functools import partial

import pytest

from tests.kills.test_in_the_middle import post_and_kill
from tests.support import wire
from tests.support.locked import ASK, SET_UP, STOP, Locked, bench, let_a_day_pass, sweep
from tests.support.server import running_server
from tests.support.wire import CHOOSE, CODES, PASSWORD, SCAN, Wire

KEPT = (
    "recovery_cases", "recovery_tickets", "authenticators", "backup_code_sets", "bindings", "links", "sessions", "outbox",
)  # fmt: skip
TABLES = {  # PostgreSQL: a locked table stops the transaction there, and the kill comes then. SQLite has one lock for all.
    "ask": ("recovery_tickets", "outbox"),
    "code": ("recovery_cases", "outbox"),
    "password": ("outbox", "events"),
    "finish": ("authenticators", "sessions", "outbox"),
    "stop": ("recovery_cases", "outbox"),
}


@pytest.fixture
def portal(site):
    """A portal on a site of this test's own; one process is quicker back."""
    with running_server(site, workers=1) as server:
        yield server


class Victim(Locked):
    """Somebody whose every press is killed first."""

    def written(self):
        """Returns what a step would have changed, but for the tries that it was charged."""
        tables = {name: sorted(map(str, self.rows.all(f"SELECT * FROM {name}"))) for name in KEPT}
        return self.rows.all("SELECT username, two_factor, generation FROM users ORDER BY id"), tables

    def press(self, step, path, **typed):
        """Submits a form: killed at each table, when nothing has changed, and then to the end; returns the answer."""
        browser = self.browser
        browser.open(path)
        before = self.written()
        for table in TABLES[step][:1] if self.rows.is_sqlite else TABLES[step]:
            with self.rows.held(f"LOCK TABLE {table} IN EXCLUSIVE MODE"):
                post_and_kill(self.server, 0.4, partial(browser.tab().post, path, **typed))
            self.server.start()
            assert self.written() == before, f"{step} is half done at {table}"
        answer = browser.post(path, **typed)
        assert answer.status == 303, answer.lines
        return answer.location

    def come_to_the_link(self):
        """Goes from the request to the mailed link; returns its path."""
        self.page = self.press("ask", ASK, email="maria@example.test", practice="", story="")
        self.press("code", self.page, code=self.mailed_code())
        self.press("password", f"{self.page}/password", password=PASSWORD)
        assert self.facts() == ("on", 0, 1, 0, 0, 0, "waiting") and not re.search(SET_UP, bench(self.server))
        sweep(self.server.site)
        assert self.facts()[-1] == "waiting", "the day is over before its notices went out"
        let_a_day_pass(self.rows)
        sweep(self.server.site)
        assert self.facts() == ("on", 0, 1, 0, 0, 0, "ready")
        return re.search(SET_UP, bench(self.server))[0]


def test_a_recovery_goes_on_after_a_kill_in_each_step(portal):
    victim = Victim(portal, "maria", comes_to="nothing")
    victim.press("finish", victim.come_to_the_link(), password=PASSWORD)
    assert victim.facts() == ("reset", 1, 0, 1, 1, 1, "setting_up")
    victim.browser.send(CHOOSE, method="totp")
    portal.restart()
    entry = wire.entry_on(victim.browser.get(SCAN))
    assert victim.browser.post(SCAN, code=entry.code()).location == CODES
    portal.restart()
    assert victim.facts() == ("on", 2, 1, 1, 1, 1, "done")
    assert len(wire.codes_on(victim.browser.get(CODES))) == 10


def test_a_stop_that_is_killed_is_pressed_again_and_holds(portal):
    victim = Victim(portal, "maria")
    link = victim.prove()
    victim.press("stop", re.search(STOP, bench(portal))[0])
    assert victim.facts() == ("on", 0, 1, 0, 0, 0, "stopped")
    portal.restart()
    assert Wire(portal).get(link).status == 404
