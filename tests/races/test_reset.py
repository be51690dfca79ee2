"""A reset that several people press at the same moment, or that meets its person's sign-in: one happens, and the others are told."""

from functools import partial

import pytest

from tests.support import phone, resets, wire
from tests.support.resets import RESET, enter, facts_of, ready
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CODE, at_once

COMPLETE = """
SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id
WHERE u.username = :name AND s.ended_at IS NULL AND s.level != 'claimant'
"""


@pytest.fixture
def portal(site):
    """A portal of three processes whose first practice has three administrators."""
    resets.promote(site, "dr.novak", "dr.okafor")
    with running_server(site, workers=3) as server:
        yield server


def test_of_two_administrators_one_resets_and_the_other_is_told_who_it_was(portal):
    site = portal.site
    keys = resets.add_providers(site, 1)
    enter(portal, "crowd1", keys["crowd1"])
    people = {"Robin Lee": enter(portal, "admin.lee"), "Dr. Petra Novak": enter(portal, "dr.novak")}
    presses = [(name, ready(browser, site, "crowd1")) for name, browser in people.items() for _ in range(4)]
    answers = at_once(*[press for _, press in presses])
    assert facts_of(site, "crowd1") == RESET
    by_name = {name: [answer for (who, _), answer in zip(presses, answers, strict=True) if who == name] for name in people}
    first = Rows(site).one(
        "SELECT u.full_name FROM users u JOIN events e ON e.actor_id = u.id WHERE e.event = 'two_factor_reset'"
    )
    (second,) = people.keys() - {first}
    assert {answer.status for answer in by_name[first]} == {303}
    assert {answer.status for answer in by_name[second]} == {422}
    assert all(f"{first} reset this account just before you," in answer.lines for answer in by_name[second])


def test_of_two_who_reset_one_another_one_does(portal):
    """Whoever was reset a moment ago resets nobody: their session has ended."""
    site = portal.site
    people = {"admin.lee": enter(portal, "admin.lee"), "dr.novak": enter(portal, "dr.novak")}
    presses = [ready(people["admin.lee"], site, "dr.novak"), ready(people["dr.novak"], site, "admin.lee")]
    answers = at_once(*presses)
    states = "SELECT count(*) FROM users WHERE two_factor = 'reset' AND username IN ('admin.lee', 'dr.novak')"
    assert Rows(site).one(states) == 1
    led_to_sign_in = [answer for answer in answers if (answer.location or "").split("?")[0] == "/sign-in"]
    assert sorted(answer.status for answer in answers) == [303, 422] or len(led_to_sign_in) == 1


def test_of_two_who_approve_one_does(portal):
    site = portal.site
    Rows(site).change("UPDATE users SET role = 'provider' WHERE username = 'dr.okafor'")
    Rows(site).change("UPDATE users SET two_factor = 'off' WHERE username = 'dr.novak'")
    keys = resets.add_providers(site, 2)
    resets.promote(site, "crowd2")
    enter(portal, "crowd2", keys["crowd2"])
    lee = enter(portal, "admin.lee")
    assert ready(lee, site, "crowd2")().location.endswith("/done")
    row_id = Rows(site).one("SELECT id FROM reset_requests WHERE status = 'waiting'")
    resets.promote(site, "crowd1")
    agents = [(enter(portal, "support"), "/support"), (enter(portal, "crowd1", keys["crowd1"]), f"{resets.TEAM}/approvals")]
    presses = []
    for browser, base in agents:
        path = f"{base}/waiting/reset/{row_id}"
        assert browser.get(path).status == 200
        presses += [partial(browser.tab().post, path, answer="approve") for _ in range(3)]
    answers = at_once(*presses)
    assert facts_of(site, "crowd2") == RESET
    assert sorted(answer.status for answer in answers)[0] == 303
    assert [answer.status for answer in answers].count(303) == 1
    assert {answer.status for answer in answers} <= {303, 404, 422}


def test_a_code_at_the_same_moment_lets_nobody_stay_in(portal):
    """Whoever was first, afterwards nobody is in."""
    site = portal.site
    keys = resets.add_providers(site, 3)
    lee = enter(portal, "admin.lee")
    for name, key in keys.items():
        claims = [wire.claimant(portal, name) for _ in range(3)]
        codes = [partial(claim.post, CODE, code=phone.code_for(key)) for claim in claims]
        passwords = [partial(wire.Wire(portal).sign_in, name) for _ in range(2)]
        answers = at_once(ready(lee, site, name), *codes, *passwords)
        assert answers[0].location.endswith("/done"), answers[0].lines
        assert Rows(site).one(COMPLETE, name=name) == 0
        assert not any(claim.get("/ehr/charts").status == 200 for claim in claims)
