"""Every route, with each method and level of session, and junk in headers, cookies, and fields: no 5xx, no closed connection (proof 5).

Each round has a new site, because junk signs people out. `make soak` runs it in full; SOAK_SEED repeats a run.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.application import application
from tests.support.junk import Junk, send
from tests.support.server import running_server
from tests.support.soak import length, seed_or
from tests.support.wire import CODE, Wire, claimant, entry_of

REQUESTS = length(700, 50_000)
ROUND = 2_500
ACROSS = 6  # at once
PEOPLE = ("maria", "jun", "dr.chen", "sam", "dr.okafor", "admin.lee", "support")  # without a second factor, and with one
FAULTS_SHOWN = 20


def visitors(server):
    """Returns one browser for each level of session: stranger, claimant, and each role signed in as far as it can be."""
    found = [Wire(server), claimant(server, "dr.novak")]
    found[0].get("/sign-in")
    for name in PEOPLE:
        wire = Wire(server)
        if wire.sign_in(name).location == CODE:
            wire.get(CODE)
            wire.post(CODE, code=entry_of(server, name).code())
        wire.open("/")
        found.append(wire)
    return found


def routes(site):
    """Returns the rules of all routes, as Flask writes them."""
    with application(site) as app:
        return [rule.rule for rule in app.url_map.iter_rules() if not rule.build_only]


@pytest.mark.long
def test_no_junk_breaks_a_page_or_closes_a_connection_without_an_answer(sites):
    faults, done, seed = [], 0, seed_or(20261129)
    samples = {name: range(1, 12) for name in ("chart_id", "user_id", "row_id", "authenticator_id")}
    samples |= {
        "method_name": ("totp", "sms"),
        "step_name": ("scan", "number", "code"),
        "kind": ("reset", "emergency"),
        "token": ("a-token",),
    }
    while done < REQUESTS and len(faults) < FAULTS_SHOWN:
        site = sites.seeded()
        count = min(ROUND, REQUESTS - done)
        with running_server(site) as server:
            people = visitors(server)
            junk = Junk(routes(site), samples, seed + done)
            made = [junk.request(f"127.0.0.1:{server.port}", who.cookies.items(), who.token) for who in turns(people, count)]
            with ThreadPoolExecutor(ACROSS) as pool:
                answers = pool.map(lambda each: send((server.host, server.port), each[0]), made)
                faults += [(answer.fault, first) for answer, (_, first) in zip(answers, made, strict=True) if answer.fault]
            log = server.log.read_text()
        assert "Traceback" not in log, log[-5000:]
        sites.remove(site)
        done += count
    assert faults == [], f"of {done} requests with seed {seed}"


def turns(people, count):
    """Yields the people in turn."""
    return (people[number % len(people)] for number in range(count))
