"""One proof, two acts at the same moment: one of them happens, on both databases."""

import pytest

from tests.support import moments, wire
from tests.support.resets import enter, form_of, id_of, page_of
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import at_once

CONFIRM = "/ehr/settings/security/confirm"
RESETS = "SELECT count(*) FROM events WHERE event = 'two_factor_reset'"


@pytest.fixture(scope="module")
def portal(sites):
    """A portal of three processes on a site of this module's own."""
    site = sites.seeded()
    with running_server(site, workers=3) as server:
        yield server
    sites.remove(site)


def confirm(browser, entry, path):
    """Shows both factors for the act of a page, by its own redirect."""
    asked = browser.get(path)
    assert CONFIRM in asked.location
    browser.get(asked.location)
    later = moments.after(moments.quiet())  # this step's code has signed in
    shown = browser.post(asked.location, password=wire.PASSWORD, code=entry.code(later))
    assert shown.location == path, shown.lines


def test_of_many_that_bring_one_proof_at_once_one_resets_and_a_proof_for_another_is_none(portal):
    entry = wire.entry_of(portal, "admin.lee")
    lee = enter(portal, "admin.lee")
    lee.is_spared = False
    path, form = page_of(portal.site, "dr.okafor"), form_of(portal.site, "dr.okafor")
    confirm(lee, entry, path)
    assert lee.get(path).status == 200
    other, typed = page_of(portal.site, "dr.chen"), form_of(portal.site, "dr.chen")
    assert id_of(portal.site, "dr.chen") != id_of(portal.site, "dr.okafor")
    assert lee.post(other, **typed).status in (303, 422)
    tabs = [lee.tab() for _ in range(12)]
    for tab in tabs:
        tab.is_spared = False
    answers = at_once(*[lambda tab=tab: tab.post(path, **form) for tab in tabs])
    assert {answer.status for answer in answers} == {303}
    assert Rows(portal.site).one(RESETS) == 1
    assert Rows(portal.site).one("SELECT count(*) FROM act_proofs WHERE used_at IS NOT NULL") == 1
