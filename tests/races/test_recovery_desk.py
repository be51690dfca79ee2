"""A recovery that two people decide, stop, or take at the same moment: one deed holds, and the others are told."""

from datetime import UTC, datetime
from functools import partial

import pytest

from tests.support import resets
from tests.support.resets import enter
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import at_once

FACTS = """
SELECT c.state,
 (SELECT count(*) FROM links l WHERE l.user_id = c.user_id AND l.purpose = 'recovery_set_up' AND l.used_at IS NULL),
 (SELECT count(*) FROM outbox o WHERE o.user_id = c.user_id AND o.template = 'recovery_approved'),
 (SELECT count(*) FROM outbox o WHERE o.user_id = c.user_id AND o.template = 'recovery_refused'),
 (SELECT count(*) FROM events e WHERE e.case_id = c.id AND e.subject_id = c.user_id
  AND e.event IN ('recovery_approved', 'recovery_refused'))
FROM recovery_cases c WHERE c.id = :row
"""  # fmt: skip
APPROVED, REFUSED = ("ready", 1, 1, 0, 1), ("refused", 0, 0, 1, 1)


@pytest.fixture(scope="module")
def portal(sites):
    """A portal of three processes, with a second agent and administrators at the first practice."""
    site = sites.seeded()
    keys = resets.add_providers(site, 2)
    Rows(site).change("UPDATE users SET role = 'support', practice_id = NULL WHERE username = 'crowd1'")
    with running_server(site, workers=3) as server:
        server.browsers = {
            "support": enter(server, "support"),
            "crowd1": enter(server, "crowd1", keys["crowd1"]),
            "admin.lee": enter(server, "admin.lee"),
            "sam": enter(server, "sam"),
        }
        yield server
    sites.remove(site)


def moment(site, at):
    return at.strftime("%Y-%m-%d %H:%M:%S.%f") + ("" if Rows(site).is_sqlite else "+00")


def begin_case(site, username, state, agent=None, approved_by=None):
    """Inserts a case; returns its id. Older ones of that person are over."""
    facts, row = Rows(site), f"{datetime.now(UTC).timestamp():.6f}".replace(".", "0")[-16:].rjust(32, "c")
    now = moment(site, datetime.now(UTC))
    facts.change(f"UPDATE recovery_cases SET state = 'lapsed', ended_at = '{now}' WHERE ended_at IS NULL")
    facts.change("DELETE FROM outbox WHERE template LIKE 'recovery_%'")
    ids = {name: resets.id_of(site, name) if name else None for name in (username, agent, approved_by)}
    facts.change(
        "INSERT INTO recovery_cases (id, user_id, generation, state, state_since, opened_at, code_seed, code_until, confirmed_at,"
        " checks, notice_ids, replaced, agent_id, approved_by_id, due_at)"
        f" SELECT :row, id, generation, :state, '{now}', '{now}', 'seed', '{now}', '{now}',"
        f" '[\"video_id\"]', '[]', '[]', :agent, :first, '{now}'"
        " FROM users WHERE id = :user",
        row=row, user=ids[username], state=state, agent=ids[agent], first=ids[approved_by],
    )  # fmt: skip
    return row


def facts_of(site, row):
    return tuple(Rows(site).all(FACTS, row=row)[0])


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


def test_who_stops_wins_over_whoever_approves(portal):
    """The owner's button and the agent's at one moment: a link that was mailed works no more."""
    for _ in range(3):
        row = begin_case(portal.site, "sam", "checking", "support")
        owner = portal.browsers["sam"]
        path, browser = f"/support/recovery/{row}/decide/approve", portal.browsers["support"]
        assert browser.get(path).status == 200 and owner.get("/home").status == 200
        at_once(partial(browser.tab().post, path, reason="Passport."), partial(owner.tab().post, "/recovery/stop"))
        assert facts_of(portal.site, row)[:2] == ("stopped", 0)


def test_of_two_agents_one_takes_a_case(portal):
    row = begin_case(portal.site, "sam", "checking")
    agents = [portal.browsers[name] for name in ("support", "crowd1")]
    assert [each.get(f"/support/recovery/{row}").status for each in agents] == [200, 200]
    came = at_once(*[partial(each.tab().post, f"/support/recovery/{row}/take", seen="0") for each in agents])
    assert sorted(each.status for each in came) == [303, 422]
    assert "has this request. Take it over first." in next(each.lines for each in came if each.status == 422)
