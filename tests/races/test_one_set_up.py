"""A double press is one press: one authenticator, one set of codes, and both answers lead to the codes."""

import pytest

from tests.support import rows, wire
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CHOOSE, CODES, SCAN, Wire, at_once

REGENERATE = "/account/security/backup-codes"


@pytest.fixture(scope="module")
def portal(sites):
    """A portal of three processes on a site of this module's own."""
    site = sites.seeded()
    with running_server(site, workers=3) as server:
        yield server
    sites.remove(site)


@pytest.mark.parametrize(("username", "presses"), [("maria", 2), ("jun", 12)])
def test_verify_and_enable_pressed_twice_turns_it_on_once(portal, username, presses):
    person = Wire(portal)
    entry = wire.begin(person, username)
    tabs = [person.tab() for _ in range(presses)]
    code = entry.code()
    answers = at_once(*[lambda tab=tab: tab.post(SCAN, code=code) for tab in tabs])
    assert [(answer.status, answer.location) for answer in answers] == [(303, CODES)] * presses
    assert Rows(portal.site).state(username) == rows.ON
    shown = [wire.codes_on(tab.get(CODES)) for tab in tabs]
    assert len(shown[0]) == 10
    assert all(codes == shown[0] for codes in shown), "the tabs show different codes"


def test_continue_pressed_twice_makes_one_key(portal, site):
    with running_server(site, workers=2) as server:
        person = Wire(server)
        person.sign_in("jun")
        person.get(CHOOSE)
        tabs = [person.tab() for _ in range(8)]
        answers = at_once(*[lambda tab=tab: tab.post(CHOOSE, method="totp") for tab in tabs])
        assert [(answer.status, answer.location) for answer in answers] == [(303, SCAN)] * 8
        assert Rows(site).state("jun") == rows.BEGUN
        assert len({wire.entry_on(tab.get(SCAN)).secret for tab in tabs}) == 1


def test_two_windows_with_two_wizards_end_in_one_authenticator(site):
    with running_server(site, workers=3) as server:
        desk, sofa = Wire(server), Wire(server)
        entries = wire.begin(desk, "maria"), wire.begin(sofa, "maria")
        same = entries[0].secret == entries[1].secret
        assert same, "the second window made another key"
        answers = at_once(*[lambda window=window: window.post(SCAN, code=entries[0].code()) for window in (desk, sofa)])
        assert Rows(site).state("maria") == rows.ON
        assert sorted(answer.status for answer in answers) == [303, 303]
        assert sum(window.signed_in() for window in (desk, sofa)) == 1, "the window that lost stays signed in without a code"


def test_regenerate_pressed_twice_makes_one_new_set(site):
    with running_server(site, workers=3) as server:
        person = Wire(server)
        wire.turn_on(person, "maria")
        number = Rows(site).one(
            "SELECT max(number) FROM backup_code_sets s JOIN users u ON u.id = s.user_id AND username = 'maria'"
        )
        person.open(REGENERATE)
        tabs = [person.tab() for _ in range(4)]
        answers = at_once(*[lambda tab=tab: tab.post(REGENERATE, set=number) for tab in tabs])
        assert [(answer.status, answer.location) for answer in answers] == [(303, CODES)] * 4
        assert Rows(site).one("SELECT count(*) FROM outbox WHERE template = 'backup_codes_replaced'") == 1
        shown = [wire.codes_on(tab.get(CODES)) for tab in tabs]
        assert all(codes == shown[0] for codes in shown), "the tabs show different codes"
