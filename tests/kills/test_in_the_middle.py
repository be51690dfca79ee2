"""The whole server is killed while it answers: either all of a step happened or none of it."""

import http.client
import threading
import time
from functools import partial

from tests.support import moments, rows, wire
from tests.support.crowd import add_patients
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CODE, CODES, SCAN, Wire, claimant

LOST = (OSError, http.client.HTTPException)
DELAYS = (0.004, 0.012, 0.025, 0.05)  # seconds from the request to the kill
CHECKED = (0.005, 0.015, 0.03)
TABLES = ("authenticators", "backup_code_sets", "backup_codes", "sessions", "events", "outbox")


def post_and_kill(server, delay, *deeds):
    """Begins the deeds and kills the server after a delay; returns when each has an answer or none to come."""

    def run(deed):
        try:
            deed()
        except LOST:
            return

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    time.sleep(delay)
    server.kill()
    for thread in threads:
        thread.join()


def finish_set_up(server, person, entry, username):
    """Goes on from whatever the killed press left; the account must be whole at every look."""
    state = Rows(server.site).state(username)
    assert state in (rows.BEGUN, rows.ON)
    if state == rows.BEGUN:
        same = wire.entry_on(person.open(SCAN)).secret == entry.secret
        assert same, "the key changed"
        assert person.post(SCAN, code=entry.code()).location == CODES
    codes = wire.codes_on(person.open(CODES))
    assert len(codes) == 10
    assert Rows(server.site).state(username) == rows.ON
    return codes


def test_a_kill_while_verify_and_enable_is_answered_leaves_all_or_nothing(site):
    """Two people press it twice each, and the kill comes a little later each time."""
    names = iter(add_patients(site, 2 * len(DELAYS)))
    with running_server(site, workers=2) as server:
        for delay in DELAYS:
            pair = [(name, person := Wire(server), wire.begin(person, name)) for name in (next(names), next(names))]
            presses = [partial(tab.post, SCAN, code=entry.code()) for _, one, entry in pair for tab in (one.tab(), one.tab())]
            post_and_kill(server, delay, *presses)
            assert {Rows(site).state(name) for name, _, _ in pair} <= {rows.BEGUN, rows.ON}
            server.start()
            for name, person, entry in pair:
                codes = finish_set_up(server, person, entry, name)
                assert claimant(server, name).post(CODE, code=codes[1]).went_in


def test_a_kill_while_codes_are_checked_loses_at_most_those_tries(site):
    """A code is spent exactly if the sign-in that it was for is written down, and nobody is charged for a right one."""
    names = add_patients(site, 2 * len(CHECKED))
    spent = "SELECT count(*) FROM backup_codes WHERE used_at IS NOT NULL"
    signed_in = "SELECT count(*) FROM events WHERE event = 'authn_login_success' AND factor = :factor"
    with running_server(site, workers=2) as server:
        facts, people = Rows(site), []
        for name in names:
            entry, codes = wire.turn_on(Wire(server), name, at=moments.before(moments.quiet()))
            people.append((entry, codes, claimant(server, name)))
        for delay in CHECKED:
            by_app, by_backup = people.pop(), people.pop()
            app_code = by_app[0].code()
            post_and_kill(
                server,
                delay,
                partial(by_app[2].post, CODE, code=app_code),
                partial(by_backup[2].post, CODE, code=by_backup[1][2]),
            )
            server.start()
        by_backup = facts.one(signed_in, factor="backup_code")
        assert facts.one("SELECT count(*) FROM sessions WHERE level = 'aal2'") == (
            len(names) + by_backup + facts.one(signed_in, factor="totp")
        )
        assert facts.one(spent) == by_backup
        assert {facts.failures(name) for name in names} == {0}
        assert {facts.state(name) for name in names} == {rows.ON}


def test_a_kill_at_any_table_of_turning_on_takes_everything_back(site):
    """PostgreSQL: a locked table stops the transaction there, and the kill comes then. SQLite has one lock for all."""
    facts = Rows(site)
    tables = TABLES[:1] if facts.is_sqlite else TABLES
    with running_server(site, workers=2) as server:
        person = Wire(server)
        entry = wire.begin(person, "maria")
        for table in tables:
            code = entry.code()
            with facts.held(f"LOCK TABLE {table} IN EXCLUSIVE MODE"):
                post_and_kill(server, 0.4, lambda code=code: person.post(SCAN, code=code))
            server.start()
            assert facts.state("maria") == rows.BEGUN, f"half done at {table}"
            assert facts.failures("maria") == 0
        finish_set_up(server, person, entry, "maria")
