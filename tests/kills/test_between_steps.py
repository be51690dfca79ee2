"""The whole server is killed between any two steps: the person goes on where they were, and nothing is half done."""

import re

import pytest

from tests.support import moments, rows, wire
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import CHOOSE, CODE, CODES, PROVE, SCAN, Wire, claimant


@pytest.fixture
def portal(site):
    """A portal on a site of this test's own; one process is quicker back."""
    with running_server(site, workers=1) as server:
        yield server


def test_the_wizard_goes_on_after_a_kill_between_any_two_steps(portal):
    """Sign in, choose, scan, a wrong code, the right code, codes, proof: a kill after each."""
    facts, person = Rows(portal.site), Wire(portal)
    person.sign_in("maria")
    portal.restart()
    assert person.open(CHOOSE).status == 200
    person.post(CHOOSE, method="totp")
    portal.restart()
    entry = wire.entry_on(person.get(SCAN))
    assert facts.state("maria") == rows.BEGUN
    assert person.post(SCAN, code=moments.wrong_codes(entry.secret, 1)[0]).status == 422
    portal.restart()
    kept = wire.entry_on(person.get(SCAN)).secret == entry.secret
    assert kept, "the key changed"
    assert person.post(SCAN, code=entry.code()).location == CODES
    portal.restart()
    assert facts.state("maria") == rows.ON
    codes = wire.codes_on(person.get(CODES))
    assert len(codes) == 10
    asked = person.get(PROVE).lines
    portal.restart()
    kept = wire.codes_on(person.get(CODES)) == codes
    assert kept, "the codes changed"
    assert re.search(r"code \d+", person.get(PROVE).lines)[0] == re.search(r"code \d+", asked)[0]
    assert wire.prove_saved(person, codes).location.startswith("/account/security?")
    assert person.open(CODES).lines.startswith("Security"), "codes are shown once they are saved"
    late = claimant(portal, "maria")
    portal.restart()
    assert late.post(CODE, code=codes[3]).went_in
    portal.restart()
    assert late.signed_in()
    assert late.send("/sign-out").status == 303
    assert not late.signed_in()


def test_key_and_codes_survive_reloads_wrong_codes_and_a_second_browser(portal):
    desk, sofa = Wire(portal), Wire(portal)
    entry = wire.begin(desk, "jun")
    wrong = moments.wrong_codes(entry.secret, 3)
    keys = [wire.entry_on(desk.get(SCAN)).secret for _ in range(2)]
    keys += [wire.entry_on(desk.post(SCAN, code=code)).secret for code in wrong]
    sofa.sign_in("jun")
    keys += [wire.entry_on(sofa.open(CHOOSE + "/totp/scan")).secret]
    sofa.send(CHOOSE, method="totp")
    portal.restart()
    keys += [wire.entry_on(window.get(SCAN)).secret for window in (desk, sofa)]
    assert {key == entry.secret for key in keys} == {True}
    assert desk.post(SCAN, code=entry.code()).location == CODES
    codes = wire.codes_on(desk.get(CODES))
    again = [wire.codes_on(desk.get(CODES)) for _ in range(2)]
    desk.send(PROVE, code="0000-0000-0000-0000")
    portal.restart()
    again += [wire.codes_on(desk.get(CODES))]
    assert {shown == codes for shown in again} == {True}
    assert len(codes) == 10
    assert sofa.get("/account").location.startswith("/sign-in"), "a browser that showed no code stays signed in"
