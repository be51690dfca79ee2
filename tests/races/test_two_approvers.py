"""Two people decide on one request for emergency access at the same moment: one decision holds, the other person is told whose."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import moments, wire
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CODE, at_once, claimant

ASK = "/sign-in/emergency"
PLACES = {"admin.lee": "/ehr/settings/team/approvals", "support": "/support"}
NAMES = {"admin.lee": "Robin Lee", "support": "Noor Haddad"}


@pytest.fixture(scope="module")
def portal(sites):
    """A portal of three processes on a site of this module's own."""
    site = sites.seeded()
    with running_server(site, workers=3) as server:
        yield server
    sites.remove(site)


def enter(portal, username):
    """Returns a browser in which somebody is signed in to the end, and who they are."""
    browser, entry = claimant(portal, username), wire.entry_of(portal, username)
    moments.quiet()
    assert browser.post(CODE, code=entry.code()).went_in
    return browser


def ask(portal):
    """Returns the id of a new request of Dr. Okafor's, and the browser that waits."""
    facts = Rows(portal.site)
    facts.change("DELETE FROM emergency_grants")
    asker = claimant(portal, "dr.okafor")
    assert asker.send(ASK, reason="My phone is gone.").location == ASK
    return facts.one("SELECT id FROM emergency_grants"), asker


def number_of(asker):
    """Returns the number that the waiting page shows."""
    return re.search(r"\b\d{4}\b", asker.open(ASK).lines.split("digit by digit:")[1])[0]


def answer(browsers, row, answers, number):
    """Sends everybody's answer at the same moment; returns (username, Answer), who was first before who was second."""
    paths = {username: f"{PLACES[username]}/waiting/emergency/{row}" for username in PLACES}
    assert [browsers[username].get(paths[username]).status for username in PLACES] == [200, 200]
    deeds = [lambda name=name: browsers[name].post(paths[name], answer=answers[name], number=number) for name in PLACES]
    return sorted(zip(PLACES, at_once(*deeds), strict=True), key=lambda pair: pair[1].status)


@pytest.fixture(scope="module")
def approvers(portal):
    """Returns the browsers of those who may decide."""
    return {username: enter(portal, username) for username in PLACES}


@pytest.mark.parametrize("answers", [("approve", "approve"), ("approve", "refuse"), ("refuse", "approve")] * 2)
def test_one_of_two_approvers_decides(portal, approvers, answers):
    row, asker = ask(portal)
    answers = dict(zip(PLACES, answers, strict=True))
    (first, done), (_, late) = answer(approvers, row, answers, number_of(asker))
    assert (done.status, late.status) == (303, 422)
    deed = {"approve": "approved", "refuse": "refused"}[answers[first]]
    assert f"{NAMES[first]} already {deed} this." in late.lines
    told = "SELECT count(*) FROM events WHERE case_id = :row AND event IN ('emergency_approved', 'emergency_refused')"
    assert Rows(portal.site).one(told, row=row) == 2, "one decision, in two people's activity"
    waits = asker.open(ASK).lines
    assert NAMES[first] in waits and ("Open charts" in waits) == (deed == "approved")


def test_of_many_wrong_numbers_at_one_moment_five_are_compared(portal, approvers):
    row, asker = ask(portal)
    right = number_of(asker)
    wrong = [str(1000 + (int(right) - 999 + step) % 9000) for step in range(12)]
    path = f"{PLACES['admin.lee']}/waiting/emergency/{row}"
    assert approvers["admin.lee"].get(path).status == 200
    tabs = [approvers["admin.lee"].tab() for _ in wrong]
    came = at_once(
        *[
            lambda tab=tab, number=number: tab.post(path, answer="approve", number=number)
            for tab, number in zip(tabs, wrong, strict=True)
        ]
    )
    assert {each.status for each in came} == {422}
    facts = Rows(portal.site)
    recorded = "SELECT count(*) FROM events WHERE case_id = :row AND event = 'emergency_number_wrong'"
    assert facts.one(recorded, row=row) == 2 * 5, "about two people each"
    assert facts.one("SELECT approved_at FROM emergency_grants WHERE id = :row", row=row) is None
    assert approvers["admin.lee"].post(path, answer="approve", number=right).status == 422, "the tries are used up"
    desk = f"{PLACES['support']}/waiting/emergency/{row}"
    assert approvers["support"].get(desk).status == 200
    assert approvers["support"].post(desk, answer="approve", number=right).status == 303


def test_two_presses_to_open_the_charts_begin_one_reading(portal):
    row, asker = ask(portal)
    by = "(SELECT id FROM users WHERE username = 'support')"
    far = (datetime.now(UTC) + timedelta(minutes=30)).strftime("%Y-%m-%d %H:%M:%S.%f")  # one further than its life would be over
    facts = Rows(portal.site)
    zone = "" if facts.is_sqlite else "+00"  # PostgreSQL reads it in the test cluster's own zone otherwise
    facts.change(f"UPDATE emergency_grants SET approved_at = asked_at, ends_at = '{far}{zone}', decided_by_id = {by}")
    asker.open(ASK)
    came = at_once(*[lambda tab=tab: tab.post(f"{ASK}/charts") for tab in (asker.tab(), asker.tab())])
    assert [answer.status for answer in came].count(303) >= 1
    assert facts.one("SELECT count(*) FROM sessions WHERE level = 'emergency' AND ended_at IS NULL") == 1
    assert facts.one("SELECT count(*) FROM events WHERE case_id = :row AND event = 'emergency_begun'", row=row) == 2
