"""A code that was used is used for good: in every session, in every process, and after the server was killed (TO-4)."""

import pytest

from tests.support import moments, wire
from tests.support.server import running_server
from tests.support.wire import CODE, Wire, claimant

USED = "That code was already used."


@pytest.fixture
def portal(site):
    """A portal of three processes on a site of this test's own."""
    with running_server(site, workers=3) as server:
        yield server


def knock(server, username, code, times=4):
    """Tries one code in several fresh browsers, so that it meets several processes; returns the answers."""
    return [claimant(server, username).post(CODE, code=code) for _ in range(times)]


def all_refused_as_used(answers):
    return all(answer.status == 422 and USED in answer.lines for answer in answers)


def test_the_code_that_turned_it_on_signs_nobody_in(portal):
    moment = moments.quiet(12)
    entry, _ = wire.turn_on(Wire(portal), "maria", at=moment)
    assert all_refused_as_used(knock(portal, "maria", entry.code(moment), times=2))
    portal.restart()
    assert all_refused_as_used(knock(portal, "maria", entry.code(moment), times=2))
    assert claimant(portal, "maria").post(CODE, code=entry.code(moments.after(moments.quiet()))).went_in


def test_a_code_used_once_is_used_in_every_process_and_after_a_kill(portal):
    entry = wire.entry_of(portal, "sam")
    code = entry.code(moments.quiet(12))
    assert claimant(portal, "sam").post(CODE, code=code).went_in
    assert all_refused_as_used(knock(portal, "sam", code))
    portal.restart()
    assert all_refused_as_used(knock(portal, "sam", code, times=2))


def test_the_next_code_spends_the_one_before(portal):
    entry = wire.entry_of(portal, "sam")
    moment = moments.quiet(8)
    assert claimant(portal, "sam").post(CODE, code=entry.code(moments.after(moment))).went_in
    assert all_refused_as_used(knock(portal, "sam", entry.code(moment), times=1))
    assert all_refused_as_used(knock(portal, "sam", entry.code(moments.before(moment)), times=1))


def test_a_session_that_a_code_renewed_leaves_its_old_cookie_dead(portal):
    before = claimant(portal, "sam")
    after = before.tab()
    moments.quiet()
    assert after.post(CODE, code=wire.entry_of(portal, "sam").code()).went_in
    assert after.signed_in()
    portal.restart()
    assert after.signed_in()
    assert before.get("/account").location.startswith("/sign-in")
