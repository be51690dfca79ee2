"""Another process holds the database: a page waits, then says so with nothing half done, and works again afterwards."""

import time

import pytest

from tests.support import rows, wire
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CODES, SCAN, Wire, at_once

ROW = "SELECT 1 FROM users FOR UPDATE"
SAYS = "Nothing was changed. Wait a minute, then try again."
PATIENCE = (4, 9)  # seconds: the wait is five


@pytest.fixture(scope="module")
def portal(sites):
    """A portal of two processes on a site of this module's own."""
    site = sites.seeded()
    with running_server(site, workers=2) as server:
        yield server
    sites.remove(site)


def timed(deed):
    """Returns what a deed gave and how many seconds it took."""
    begun = time.monotonic()
    return deed(), time.monotonic() - begun


def test_a_locked_database_says_so_and_leaves_nothing_half_done(portal):
    facts, person = Rows(portal.site), Wire(portal)
    entry = wire.begin(person, "maria")
    twin, stranger = person.tab(), Wire(portal)
    stranger.get("/sign-in")
    with facts.held(ROW):
        told = at_once(
            lambda: timed(lambda: twin.post(SCAN, code=entry.code())),
            lambda: timed(lambda: stranger.post("/sign-in", username="jun", password=wire.PASSWORD)),
        )
        assert person.get("/help").status == 200, "a page that only reads waits for nobody"
    for answer, seconds in told:
        assert (answer.status, SAYS in answer.lines) == (503, True), answer.lines
        assert dict(answer.headers)["Retry-After"]
        assert PATIENCE[0] < seconds < PATIENCE[1]
    assert facts.state("maria") == rows.BEGUN
    assert facts.failures("maria") == 0
    assert person.post(SCAN, code=entry.code()).location == CODES
    assert facts.state("maria") == rows.ON


def test_a_short_wait_goes_unnoticed(portal):
    facts, person = Rows(portal.site), Wire(portal)
    person.get("/sign-in")

    def hold():
        with facts.held():
            time.sleep(1.5)

    _, answer = at_once(hold, lambda: person.post("/sign-in", username="jun", password=wire.PASSWORD))
    assert answer.location == "/home"


def test_tables_locked_even_against_reading_still_answer_with_a_page(portal):
    facts, person = Rows(portal.site), Wire(portal)
    person.sign_in("jun")
    person.get("/account")
    statement = "LOCK TABLE users, sessions IN ACCESS EXCLUSIVE MODE"
    with facts.held(statement):
        answer, seconds = timed(lambda: person.post("/account/security/two-factor", method="totp"))
    assert (answer.status, SAYS in answer.lines) == (503, True)
    assert PATIENCE[0] < seconds < PATIENCE[1]
    assert person.open("/account").status == 200


@pytest.mark.parametrize(("path", "status"), [("/account/security/two-factor", 403), ("/no-such-page", 404)])
def test_an_error_met_while_the_database_is_locked_gets_a_page_of_its_own(portal, path, status):
    """A form whose token has expired is written down, and a page that is not there greets the person: both ask the database."""
    facts, person = Rows(portal.site), Wire(portal)
    person.sign_in("jun")
    with facts.held("LOCK TABLE users, sessions, events IN ACCESS EXCLUSIVE MODE"):
        answer = person.post(path, csrf_token="another session's")
    asked = status == 403 or not facts.is_sqlite  # SQLite's readers wait for nobody
    assert (answer.status, SAYS in answer.lines) == ((503, True) if asked else (status, False)), answer.lines
    assert person.post(path, csrf_token="another session's").status == status
