"""Two hundred guesses at the same moment: ten are compared, the others are told how long to wait (RL-2, RL-3, RL-4)."""

import re

import pytest

from tests.support import moments, wire
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import BACKUP_CODE, CODE, Wire, at_once, claimant

GUESSES = 200
ALLOWED = 10
REFUSED = {422, 429}  # by the form, or before it, if the session was told to wait (tests/server/test_dispatcher.py)
WAIT = re.compile(r"Try again in (10 minutes|9 minutes and \d+ seconds?) ?, or use a backup code now\.")


@pytest.fixture(scope="module")
def portal(sites):
    """A portal of three processes on a site of this module's own."""
    site = sites.seeded()
    with running_server(site, workers=3) as server:
        yield server
    sites.remove(site)


def tells_wait(answer):
    """Returns whether an answer says how long the pause still lasts, ten minutes at most."""
    return WAIT.search(str(answer.lines)) is not None


def compared(site, username):
    """Returns how many guesses were compared: refused for a reason of their own."""
    reasons = Rows(site).refusals(username)
    return sum(reasons.values()) - reasons.get("throttled", 0)


def guess(browsers, guesses):
    """Sends every guess at once, spread over the browsers; returns the answers."""
    tabs = [(browsers[at % len(browsers)].tab(), page, code) for at, (page, code) in enumerate(guesses)]
    return at_once(*[lambda tab=tab, page=page, code=code: tab.post(page, code=code) for tab, page, code in tabs])


def test_of_two_hundred_wrong_codes_ten_are_compared(portal):
    entry = wire.entry_of(portal, "sam")
    browsers = [claimant(portal, "sam") for _ in range(5)]
    answers = guess(browsers, [(CODE, code) for code in moments.wrong_codes(entry.secret, GUESSES)])
    assert {getattr(answer, "status", answer) for answer in answers} <= REFUSED
    # The tenth begins the pause and may say so itself.
    assert sum(answer.status == 429 or tells_wait(answer) for answer in answers) >= GUESSES - ALLOWED
    assert compared(portal.site, "sam") <= ALLOWED
    assert Rows(portal.site).failures("sam") == ALLOWED


def test_the_right_code_waits_too_after_a_restart_and_from_a_browser_unseen(portal):
    entry = wire.entry_of(portal, "dr.okafor")
    browsers = [claimant(portal, "dr.okafor") for _ in range(2)]
    guess(browsers, [(CODE, code) for code in moments.wrong_codes(entry.secret, ALLOWED)])
    portal.restart()
    late = claimant(portal, "dr.okafor")
    moments.quiet()
    answer = late.post(CODE, code=entry.code())
    assert (answer.status, tells_wait(answer)) == (422, True)
    assert Rows(portal.site).failures("dr.okafor") == ALLOWED


def test_guesses_of_six_digits_and_of_strangers_stop_no_backup_code(portal):
    entry, codes = wire.turn_on(Wire(portal), "maria")
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    browsers = [claimant(portal, "maria") for _ in range(4)]
    backup = [(BACKUP_CODE, alphabet[at % 16 :][:16]) for at in range(10 * len(browsers) + 20)]
    guesses = [*backup, *[(CODE, code) for code in moments.wrong_codes(entry.secret, 40)]]
    answers = guess(browsers, guesses)
    assert {getattr(answer, "status", answer) for answer in answers} <= REFUSED
    assert Rows(portal.site).failures("maria") == ALLOWED
    wrong = "SELECT sum(s.backup_failures) FROM sessions s JOIN users u ON u.id = s.user_id WHERE username = 'maria'"
    assert Rows(portal.site).one(wrong) == ALLOWED * len(browsers), "each sign-in has ten of its own"
    assert claimant(portal, "maria").post(BACKUP_CODE, code=codes[1]).status == 303


def test_one_pause_is_told_once(portal):
    entry = wire.entry_of(portal, "dr.novak")
    guess([claimant(portal, "dr.novak")], [(CODE, code) for code in moments.wrong_codes(entry.secret, 40)])
    told = "SELECT count(*) FROM outbox o JOIN users u ON u.id = o.user_id WHERE username = 'dr.novak' AND template = 'too_many_codes'"
    assert Rows(portal.site).one(told) == 1


def test_wrong_codes_at_set_up_share_the_same_ten_tries(portal):
    person = Wire(portal)
    entry = wire.begin(person, "jun")
    tabs = [person.tab() for _ in range(40)]
    wrong = moments.wrong_codes(entry.secret, 40)
    answers = at_once(*[lambda tab=tab, code=code: tab.post(wire.SCAN, code=code) for tab, code in zip(tabs, wrong, strict=True)])
    assert {getattr(answer, "status", answer) for answer in answers} <= REFUSED
    assert Rows(portal.site).failures("jun") == ALLOWED
    assert wire.entry_on(person.get(wire.SCAN)).secret == entry.secret or not "the key changed"
