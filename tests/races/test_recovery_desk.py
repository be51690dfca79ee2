"""A recovery that two people decide, stop, or take at the same moment: one deed holds, and the others are told."""

from functools import partial

import pytest

from tests.support.desk import APPROVED, REFUSED, add_agent, begin_case, facts_of
from tests.support.resets import enter
from tests.support.server import running_server
from tests.support.wire import at_once


@pytest.fixture(scope="module")
def portal(sites):
    """A portal of three processes, with a second agent and administrators at the first practice."""
    site = sites.seeded()
    key = add_agent(site)
    with running_server(site, workers=3) as server:
        server.browsers = {
            "support": enter(server, "support"),
            "crowd1": enter(server, "crowd1", key),
            "admin.lee": enter(server, "admin.lee"),
            "sam": enter(server, "sam"),
        }
        yield server
    sites.remove(site)


WHERE = {"crowd1": "/support/waiting/recovery", "admin.lee": "/ehr/settings/team/approvals/waiting/recovery"}


@pytest.mark.parametrize("answers", [("approve", "approve"), ("approve", "refuse"), ("refuse", "approve")] * 2)
def test_of_two_second_people_one_decides(portal, answers):
    row = begin_case(portal.site, "dr.okafor", "deciding", "support", "support")
    presses = []
    for (name, place), answer in zip(WHERE.items(), answers, strict=True):
        browser = portal.browsers[name]
        assert browser.get(f"{place}/{row}").status == 200
        presses += [partial(browser.tab().post, f"{place}/{row}", answer=answer) for _ in range(2)]
    came = at_once(*presses)
    assert [each.status for each in came].count(303) == 1
    assert all("already" in each.lines for each in came if each.status == 422)
    assert facts_of(portal.site, row) == (
        APPROVED if answers[[each.status for each in came].index(303) // 2] == "approve" else REFUSED
    )


def test_one_agent_who_presses_twice_approves_once(portal):
    row = begin_case(portal.site, "sam", "checking", "support")
    path, browser = f"/support/recovery/{row}/decide/approve", portal.browsers["support"]
    assert browser.get(path).status == 200
    came = at_once(*[partial(browser.tab().post, path, reason="Passport.") for _ in range(4)])
    assert [each.status for each in came].count(303) == 1
    assert facts_of(portal.site, row) == APPROVED


def test_an_approval_and_a_refusal_at_one_moment_are_one(portal):
    row = begin_case(portal.site, "sam", "checking", "support")
    browser = portal.browsers["support"]
    assert browser.get(f"/support/recovery/{row}/decide/approve").status == 200
    deeds = ("approve", "refuse", "approve", "refuse")
    at_once(*[partial(browser.tab().post, f"/support/recovery/{row}/decide/{deed}", reason="Passport.") for deed in deeds])
    state, live, *_ = facts_of(portal.site, row)
    assert (state, live) in (("ready", 1), ("refused", 0)), "whoever refuses after an approval voids its link"


DECISIONS = {  # what is pressed while the owner stops it: the case's state, who, where, and the form
    "one approves": ("checking", "support", "/support/recovery/{}/decide/approve", {"reason": "Passport."}),
    "a second person approves": ("deciding", "crowd1", "/support/waiting/recovery/{}", {"answer": "approve"}),
    "one refuses": ("checking", "support", "/support/recovery/{}/decide/refuse", {"reason": "Not them."}),
}


@pytest.mark.parametrize(("state", "name", "place", "typed"), DECISIONS.values(), ids=DECISIONS)
def test_who_stops_wins_over_whoever_approves(portal, state, name, place, typed):
    """The owner's button and the agent's at one moment: a link that was mailed works no more. Of a stop and a refusal, one holds."""
    row = begin_case(portal.site, "sam", state, "support", "support" if state == "deciding" else None)
    owner, browser, path = portal.browsers["sam"], portal.browsers[name], place.format(row)
    assert browser.get(path).status == 200 and owner.get("/home").status == 200
    at_once(partial(browser.tab().post, path, **typed), partial(owner.tab().post, "/recovery/stop"))
    state, live, approved, refused, decided = facts_of(portal.site, row)
    assert live == 0
    assert (state, refused, decided) == ("stopped", 0, approved) or (state, refused, decided) == ("refused", 1, 1)
    assert state == "stopped" or "refuse" in path, "whoever approves wins over a stop"


def test_of_two_agents_one_takes_a_case(portal):
    row = begin_case(portal.site, "sam", "checking")
    agents = [portal.browsers[name] for name in ("support", "crowd1")]
    assert [each.get(f"/support/recovery/{row}").status for each in agents] == [200, 200]
    came = at_once(*[partial(each.tab().post, f"/support/recovery/{row}/take", seen="0") for each in agents])
    assert sorted(each.status for each in came) == [303, 422]
    assert "has this request. Take it over first." in next(each.lines for each in came if each.status == 422)
