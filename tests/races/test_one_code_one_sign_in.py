"""A code lets in one browser, however many bring it at the same moment, to whichever process (TO-4, BC-3)."""

import pytest

from portal.settings import config
from tests.support import moments, wire
from tests.support.rows import Rows
from tests.support.server import Server, running_server
from tests.support.wire import BACKUP_CODE, CODE, Wire, at_once, claimant

CROWD = 50
BACKUP_CROWD = 20
WRITERS = 5
USED = (
    "SELECT count(*) FROM backup_codes c JOIN backup_code_sets s ON s.id = c.set_id JOIN users u ON u.id = s.user_id"
    " WHERE u.username = :username AND c.used_at IS NOT NULL"
)
SHOWN = (
    "SELECT count(*) FROM events e JOIN users u ON u.id = e.subject_id WHERE u.username = :username AND event = 'secret_shown'"
)
COMPLETE = "SELECT count(*) FROM sessions WHERE level = 'aal2'"


class Racing(Server):
    """A server that answers codes from new browsers at the same moment, instead of one after the other."""

    application = "tests.support.no_line_for_codes:app"


@pytest.fixture(scope="module")
def portal(sites):
    """A portal of three processes on a site of this module's own."""
    site = sites.seeded()
    with running_server(site, workers=3, kind=Racing) as server:
        yield server
    sites.remove(site)


def winners(answers):
    return sum(answer.went_in for answer in answers)


def broken(answers):
    """Returns the answers that are no page for a person."""
    return [answer for answer in answers if getattr(answer, "status", 500) not in (303, 422)]


def test_one_of_fifty_browsers_gets_in_with_one_code(portal):
    crowd = at_once(*[lambda: claimant(portal, "sam")] * config.PASSWORD_TRIES)
    crowd += [claimant(portal, "sam") for _ in range(CROWD - len(crowd))]
    assert {browser.get(CODE).status for browser in crowd} == {200}
    entry = wire.entry_of(portal, "sam")
    before = Rows(portal.site).one(COMPLETE)  # the module's other tests sign in, too
    moments.quiet()
    code = entry.code()
    answers = at_once(*[lambda browser=browser: browser.post(CODE, code=code) for browser in crowd])
    assert (winners(answers), broken(answers)) == (1, [])
    assert sum(browser.signed_in() for browser in crowd) == 1
    assert Rows(portal.site).one(COMPLETE) == before + 1


def test_one_of_fifty_posts_of_one_browser_gets_in_with_one_code(portal):
    browser = claimant(portal, "dr.okafor")
    entry = wire.entry_of(portal, "dr.okafor")
    moments.quiet()
    code = entry.code()
    tabs = [browser.tab() for _ in range(CROWD)]
    answers = at_once(*[lambda tab=tab: tab.post(CODE, code=code) for tab in tabs])
    assert (winners(answers), broken(answers)) == (1, [])
    assert sum(tab.get("/ehr/charts").status == 200 for tab in tabs) == 1


@pytest.mark.parametrize("page", [CODE, BACKUP_CODE])
def test_one_of_twenty_browsers_gets_in_with_one_backup_code(portal, page):
    username = {CODE: "maria", BACKUP_CODE: "jun"}[page]
    _, codes = wire.turn_on(Wire(portal), username)
    crowd = [claimant(portal, username) for _ in range(BACKUP_CROWD)]
    answers = at_once(*[lambda browser=browser: browser.post(page, code=codes[4]) for browser in crowd])
    assert (winners(answers), broken(answers)) == (1, [])
    assert sum(browser.signed_in() for browser in crowd) == 1
    assert Rows(portal.site).one(USED, username=username) == 1
    losers = [browser for browser in crowd if not browser.signed_in()][:WRITERS]
    enter_or_show(portal, username, page, losers, codes[5])


def enter_or_show(portal, username, page, browsers, code):
    """Brings one code to the sign-in and to Contact Support at the same moment: it lets somebody in, or it is spent as shown."""
    writers = [Wire(portal) for _ in browsers]
    for writer in writers:
        writer.open("/contact-support")
    stories = [
        lambda writer=writer: writer.post("/contact-support", email=f"{username}@example.test", practice="", story=code)
        for writer in writers
    ]
    answers = at_once(*[lambda browser=browser: browser.post(page, code=code) for browser in browsers], *stories)
    assert broken(answers) == []
    shown = Rows(portal.site).one(SHOWN, username=username)
    assert winners(answers) + shown == 1
    assert Rows(portal.site).one(USED, username=username) == 2
