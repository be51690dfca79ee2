"""Bad input at every route, from every kind of visitor: a clear answer, nothing reflected, nothing of others, nothing written by reading.

Each route is asked as a browser would, and then with junk in its path, query, form, headers, and cookies, mostly with a right CSRF
token, so that the views are reached. `make soak` asks everywhere as everybody, with junk of its own. What only a server can be sent,
such as broken requests, is in tests/server/test_worker.py and test_fuzz.py.
"""

import logging
import re

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.house.test_guards import PUBLIC
from tests.support.hostile import MARK, plans
from tests.support.hostile_ground import Ground
from tests.support.roles import Roles
from tests.support.see import see_headers
from tests.support.soak import SEED, length, seed_or

AT_ONCE = 16  # requests on one state of the database: what one of them stored, the others may show
EXAMPLES = length(2, 6)  # of each eight; the first is what browsers would send
LONGEST = 250_000  # bytes of an answer to a short request; a long one may come back twice, each of its characters escaped
ESCAPED = 2 * 6
MAY_COME_WITH_READING = re.compile(r"UPDATE sessions SET last_seen_at|INSERT INTO events")  # decision 10
MAY_COME_WITH_A_REFUSAL = re.compile(r"(UPDATE|INSERT INTO) (events|sessions|limit_counters)")
BROKEN_OUT = tuple(f"{end}{MARK}".encode() for end in "<\"'")
BROWSING = ("GET", "HEAD", "OPTIONS", "TRACE", "get")


@pytest.fixture
def hostile_ground(world, app, database, clock, sites):
    """Visitors of every kind, at a portal whose rows can be restored."""
    roles = Roles(world, database, clock)
    found = Ground(roles, world)
    roles.keep(sites, world.site)
    yield found
    found.close()
    roles.kept.close()


@pytest.mark.long
def test_no_input_breaks_a_page_or_gets_what_is_not_for_it(hostile_ground, caplog):
    routes = hostile_ground.routes(everyone=bool(SEED))
    for at in range(0, len(routes), AT_ONCE):
        walk(hostile_ground, caplog, routes[at : at + AT_ONCE], seed_or(20261130) + at)


def walk(ground, caplog, routes, number):
    """Asks some routes one after the other, several times."""
    quiet = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
    )

    @seed(number)
    @quiet
    @given(st.tuples(*(plans(*route) for route in routes)))
    def ask(steps):
        ground.put_back()
        for plan in steps:
            caplog.clear()
            request = ground.request(plan)
            answer, written = ground.send(request)
            assert faults(ground, plan, request, answer, written, caplog) == [], f"{plan.who}: {request}\n  {answer.status}"

    ask()


def faults(ground, plan, request, answer, written, caplog):
    """Returns what is wrong with an answer."""
    found = [f"status {answer.status}"] if answer.status_code >= 500 else []
    found += [f"log: {each.getMessage()}" for each in caplog.records if each.exc_info or each.levelno >= logging.ERROR]
    see_headers(answer)
    found += list(broken_out(request, answer))
    found += list(strayed(ground, plan, request, answer))
    found += [f"written: {each[:100]}" for each in written if not may_write(plan, request, each)]
    return found


def broken_out(request, answer):
    """Yields how something in a request ended a text, an attribute, or a header of the answer, or where it led."""
    body = answer.get_data()
    if len(body) > LONGEST + ESCAPED * request.size:
        yield f"{len(body)} bytes"
    if answer.mimetype == "text/html":
        yield from (f"reflected: {body[body.index(end) - 50 :][:100]}" for end in BROKEN_OUT if end in body)
    if any(name.lower() == MARK or "\n" in value or "\r" in value for name, value in answer.headers):
        yield "a header of its own"
    to = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or "/"
    own = request.environ()
    if not re.match(r"/(?![/\\])", to.removeprefix(f"http://{own['HTTP_HOST'].lower()}")):
        yield f"leads to {to}"


def strayed(ground, plan, request, answer):
    """Yields what is shown to somebody whom it isn't for."""
    if not request.facts["is_alone"] or plan.endpoint.startswith("test_bench.") or answer.mimetype != "text/html":
        return
    is_stranger = plan.who == "stranger" or not plan.is_own[0]
    if is_stranger and answer.status_code == 200 and request.method == plan.verb and plan.endpoint not in PUBLIC:
        yield "a page for a stranger"
    if is_stranger or plan.who in ("claimant", "unconfirmed", "recovering"):
        people = ground.roles.people.values() if is_stranger else ground.patients
        yield from (f"names {person.name}" for person in people if person.name in answer.get_data(as_text=True))


def may_write(plan, request, statement):
    """Returns whether a request may have that written: none by reading, none without its session's own CSRF token."""
    if plan.verb == "GET" and request.method in BROWSING:
        return MAY_COME_WITH_READING.match(statement)
    return request.facts["may_write"] or plan.endpoint.startswith("reports.") or MAY_COME_WITH_A_REFUSAL.match(statement)
