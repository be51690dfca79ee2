"""The whole server is killed in the middle of each step of a recovery, so also between any two: nothing half done, nobody in early."""

import re
from functools import partial

import pytest

from tests.kills.test_in_the_middle import post_and_kill
from tests.support import wire
from tests.support.desk import APPROVED, REFUSED, add_agent, begin_case, facts_of
from tests.support.locked import ASK, SET_UP, STOP, Locked, bench, let_a_day_pass, sweep
from tests.support.resets import enter
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CHOOSE, CODES, PASSWORD, SCAN, Wire

KEPT = (
    "recovery_cases", "recovery_tickets", "recovery_notes", "authenticators", "backup_code_sets", "bindings", "links", "sessions", "outbox",
)  # fmt: skip
TABLES = {  # PostgreSQL: a locked table stops the transaction there, and the kill comes then. SQLite has one lock for all.
    "ask": ("recovery_tickets", "outbox"),
    "code": ("recovery_cases", "outbox"),
    "password": ("outbox", "events"),
    "finish": ("authenticators", "sessions", "outbox"),
    "stop": ("recovery_cases", "outbox"),
    "ask for more": ("recovery_notes", "outbox"),
    "approve": ("recovery_cases", "outbox"),
    "approve second": ("links", "outbox"),
    "refuse": ("recovery_notes", "links"),
}


@pytest.fixture
def portal(site):
    """A portal on a site of this test's own; one process is quicker back."""
    with running_server(site, workers=1) as server:
        yield server


def written(rows):
    """Returns what a step would have changed, but for the tries that it was charged."""
    tables = {name: sorted(map(str, rows.all(f"SELECT * FROM {name}"))) for name in KEPT}
    return rows.all("SELECT username, two_factor, generation FROM users ORDER BY id"), tables


def press(server, browser, step, path, **typed):
    """Submits a form: killed at each table, when nothing has changed, and then to the end; returns where it leads."""
    rows = Rows(server.site)
    browser.open(path)
    before = written(rows)
    for table in TABLES[step][:1] if rows.is_sqlite else TABLES[step]:
        with rows.held(f"LOCK TABLE {table} IN EXCLUSIVE MODE"):
            post_and_kill(server, 0.4, partial(browser.tab().post, path, **typed))
        server.start()
        assert written(rows) == before, f"{step} is half done at {table}"
    answer = browser.post(path, **typed)
    assert answer.status == 303, answer.lines
    return answer.location


class Victim(Locked):
    """Somebody whose every press is killed first."""

    def press(self, step, path, **typed):
        return press(self.server, self.browser, step, path, **typed)

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


def test_what_support_decides_goes_on_after_a_kill(portal):
    """Asked for more, approved by one, by a second person, and refused: each is whole or has not happened, and no link comes early."""
    site = portal.site
    first, second = enter(portal, "support"), enter(portal, "crowd1", add_agent(site))
    row = begin_case(site, "dr.okafor", "checking", "support")
    press(portal, first, "ask for more", f"/support/recovery/{row}/decide/ask", question="Who is your practice's administrator?")
    assert facts_of(site, row) == ("answering", 0, 0, 0, 0)
    press(portal, first, "approve", f"/support/recovery/{row}/decide/approve", reason="Passport, on video.")
    assert facts_of(site, row) == ("deciding", 0, 0, 0, 0)
    press(portal, second, "approve second", f"/support/waiting/recovery/{row}", answer="approve")
    assert facts_of(site, row) == APPROVED
    press(portal, first, "refuse", f"/support/recovery/{row}/decide/refuse", reason="They never asked.")
    state, live, _, refused, _ = facts_of(site, row)
    assert (state, live, refused) == (REFUSED[0], 0, 1)
