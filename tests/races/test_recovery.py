"""An account recovery at one moment with itself, with its stop, and with a sign-in: one wins, and nothing is half done (RC-6 to RC-8)."""

import re
from functools import partial

import pytest

from tests.support import wire
from tests.support.locked import ASK, STOP, Locked, bench, let_a_day_pass, sweep
from tests.support.server import running_server
from tests.support.wire import BACKUP_CODE, CHOOSE, PASSWORD, SCAN, Wire, at_once


@pytest.fixture
def portal(site):
    with running_server(site, workers=3) as server:
        yield server


def opened(server, path):
    """Returns a new browser on that page."""
    browser = Wire(server)
    assert browser.get(path).status == 200
    return browser


def test_of_many_who_finish_the_factors_end_once(portal):
    locked = Locked(portal, "maria")
    link = locked.prove()
    answers = at_once(*[partial(opened(portal, link).post, link, password=PASSWORD) for _ in range(6)])
    assert {answer.status for answer in answers} <= {303, 503} and 303 in {answer.status for answer in answers}
    state, changes, own, events, notices, _, case = locked.facts()
    assert (state, changes, own, events, notices, case) == ("reset", 1, 0, 1, 1, "setting_up")


def stop_by(portal, locked, channel):
    """Returns a function that stops the case: by the link in an email, or in a session of the owner's."""
    if channel == "email":
        stop = re.search(STOP, bench(portal))[0]
        return partial(opened(portal, stop).post, stop)
    owner = wire.claimant(portal, locked.name)
    owner.get(BACKUP_CODE)
    assert owner.post(BACKUP_CODE, code=locked.codes[2]).went_in and owner.get("/home").status == 200
    return partial(owner.post, "/recovery/stop")


@pytest.mark.parametrize("channel", ["email", "session"])
def test_a_stop_and_a_finish_at_one_moment_leave_nobody_in(portal, channel):
    locked = Locked(portal, "maria")
    link = locked.prove()
    stop = stop_by(portal, locked, channel)
    tabs = [opened(portal, link) for _ in range(2)]
    *_, stopped = at_once(*[partial(tab.post, link, password=PASSWORD) for tab in tabs], stop)
    state, changes, own, events, notices, live, case = locked.facts()
    assert (state, changes, own, events, notices) in (("on", 0, 1, 0, 0), ("reset", 1, 0, 1, 1))
    if channel == "session" and stopped.location == "/sign-in":  # set-up had begun, and the owner's session had ended
        assert case == "setting_up"
        assert stop_by(portal, locked, "email")().status == 303
        live, case = locked.facts()[5:]
    assert stopped.status == 303 and case == "stopped"
    assert live == (channel == "session" and state == "on"), "somebody is in besides the owner"
    assert not any(tab.signed_in() for tab in tabs) and Wire(portal).get(link).status == 404


def test_of_a_stop_and_the_end_of_set_up_at_one_moment_one_holds(portal):
    """The stop link against Verify and Enable: the account is set up, or nobody is in and nothing is left of it."""
    locked = Locked(portal, "maria")
    link = locked.prove()
    browser = opened(portal, link)
    assert browser.post(link, password=PASSWORD).location == CHOOSE
    browser.send(CHOOSE, method="totp")
    entry, stop = wire.entry_on(browser.get(SCAN)), stop_by(portal, locked, "email")
    at_once(*[partial(browser.tab().post, SCAN, code=entry.code()) for _ in range(2)], stop, stop)
    state, _, own, _, _, live, case = locked.facts()
    assert (state, own, live, case) in (("on", 1, 1, "done"), ("reset", 0, 0, "stopped"))
    assert browser.signed_in() == (case == "done")
    assert locked.rows.one("SELECT count(*) FROM bindings") == 0
    told = "SELECT count(*) FROM outbox WHERE kind = 'mail' AND template IN ('recovery_done', 'recovery_stopped')"
    assert locked.rows.one(told) == 1


def test_a_stop_and_a_proof_at_one_moment_end_in_a_stop(portal):
    locked = Locked(portal, "maria")
    stop = re.search(STOP, bench(portal))[0]
    proofs = [partial(locked.browser.tab().post, f"{locked.page}/password", password=PASSWORD) for _ in range(3)]
    answers = at_once(*proofs, *[partial(opened(portal, stop).post, stop) for _ in range(2)])
    assert {answer.status for answer in answers[:3]} <= {303, 403, 422, 503}, [answer.lines for answer in answers]
    assert locked.facts() == ("on", 0, 1, 0, 0, 0, "stopped")
    assert locked.rows.one("SELECT count(*) FROM outbox WHERE template = 'recovery_ready'") == 0


def test_many_proofs_begin_one_wait(portal):
    locked = Locked(portal, "maria")
    proofs = [partial(locked.browser.tab().post, f"{locked.page}/password", password=PASSWORD) for _ in range(4)]
    assert {answer.status for answer in at_once(*proofs)} <= {303, 422, 503}
    assert locked.facts()[-1] == "waiting"
    waits = "SELECT count(*) FROM outbox WHERE template = 'recovery_waiting' AND kind = 'mail'"
    assert locked.rows.one(waits) == 1
    assert locked.rows.one("SELECT count(*) FROM events WHERE event = 'recovery_waiting'") == 1


def test_one_backup_code_opens_one_way(portal):
    locked = Locked(portal, "maria")
    claim = wire.claimant(portal, "maria")
    claim.get(BACKUP_CODE)
    at_once(
        partial(locked.browser.post, f"{locked.page}/backup-code", code=locked.codes[1]),
        partial(claim.post, BACKUP_CODE, code=locked.codes[1]),
    )
    went_in, is_ready = claim.signed_in(), locked.facts()[-1] == "ready"
    assert went_in != is_ready
    assert locked.rows.one("SELECT count(*) FROM backup_codes WHERE used_at IS NOT NULL") == 1


def test_many_sweeps_mail_one_link(portal, site):
    locked = Locked(portal, "maria")
    assert locked.browser.post(f"{locked.page}/password", password=PASSWORD).status == 303
    let_a_day_pass(locked.rows)
    at_once(*[partial(sweep, site)] * 4)
    assert locked.facts()[-1] == "ready"
    assert locked.rows.one("SELECT count(*) FROM outbox WHERE template = 'recovery_ready'") == 1


def test_of_many_requests_at_one_moment_one_is_the_case(portal):
    """All senders get a page, the account one case, and its owner one email."""
    locked = Locked(portal, "maria", comes_to="nothing")
    senders = [Wire(portal) for _ in range(6)]
    for sender in senders:
        sender.get(ASK)
    form = {"email": "maria@example.test", "practice": "", "story": ""}
    answers = at_once(*[partial(sender.post, ASK, **form) for sender in senders])
    assert {answer.status for answer in answers} <= {303, 503}
    taken = sum(answer.status == 303 for answer in answers)
    assert taken and locked.rows.one("SELECT count(*) FROM recovery_tickets") == taken
    assert locked.rows.one("SELECT count(*) FROM recovery_cases") == 1
    assert locked.rows.one("SELECT count(*) FROM outbox WHERE template = 'recovery_code'") == 1


def ask(portal):
    """Returns another browser, and the page of its request for the same account."""
    browser = Wire(portal)
    page = browser.send(ASK, email="maria@example.test", practice="", story="").location
    browser.get(page)
    return browser, page


def test_of_many_browsers_with_the_right_code_one_is_let_go_on(portal):
    """A code is spent once; the others are charged for it."""
    locked = Locked(portal, "maria", comes_to="nothing")
    locked.ask()
    code, others = locked.mailed_code(), [ask(portal) for _ in range(3)]
    answers = at_once(*[partial(each.post, page, code=code) for each, page in others])
    statuses = [answer.status for answer in answers]
    assert statuses.count(303) == 1 and set(statuses) <= {303, 422, 503}, [answer.lines for answer in answers]
    assert locked.rows.one("SELECT count(*) FROM recovery_tickets WHERE case_id IS NOT NULL") == 1
    assert locked.rows.one("SELECT count(*) FROM events WHERE event = 'recovery_confirmed' AND result = 'ok'") == 1
    assert locked.rows.one("SELECT count(*) FROM outbox WHERE template = 'recovery_begun'") == 1
