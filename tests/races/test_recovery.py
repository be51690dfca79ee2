"""An account recovery at one moment with itself, with its stop, and with a sign-in: one wins, and nothing is half done (RC-6 to RC-8)."""

import html
import re
from functools import partial

import pytest

from tests.support import wire
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.wire import BACKUP_CODE, PASSWORD, Wire, at_once

ASK, SET_UP, STOP = "/contact-support", r"/recovery/set-up/[\w-]{43}", r"/recovery/stop/\w{96}"
FACTS = """
SELECT u.two_factor, u.generation - :before,
 (SELECT count(*) FROM authenticators a WHERE a.user_id = u.id),
 (SELECT count(*) FROM events e WHERE e.subject_id = u.id AND e.event = 'recovery_set_up'),
 (SELECT count(*) FROM outbox o WHERE o.user_id = u.id AND o.template = 'recovery_set_up'),
 (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.ended_at IS NULL AND s.level != 'claimant'),
 (SELECT c.state FROM recovery_cases c WHERE c.user_id = u.id)
FROM users u WHERE u.username = :name
"""


@pytest.fixture
def portal(site):
    with running_server(site, workers=3) as server:
        yield server


def bench(server):
    """Returns the test bench's markup, which shows the mailboxes."""
    return html.unescape(Wire(server).get("/test-bench").text)


class Locked:
    """Somebody with backup codes, whose recovery has come as far as the second proof."""

    def __init__(self, server, name):
        self.server, self.name = server, name
        self.rows = Rows(server.site)
        self.codes = wire.turn_on(Wire(server), name)[1]
        self.rows.change("UPDATE sessions SET ended_at = created_at")
        self.before = self.rows.one("SELECT generation FROM users WHERE username = :name", name=name)
        self.browser = Wire(server)
        page = self.browser.send(ASK, email=f"{name}@example.test", practice="", story="").location
        self.browser.open(page)
        self.page = self.browser.post(page, code=re.search(r"<p[^>]*>\s*(\d{8})\s*</p>", bench(server))[1]).location
        self.browser.open(self.page)

    def prove(self):
        """Shows a backup code, which mails the link; returns its path."""
        assert self.browser.post(f"{self.page}/backup-code", code=self.codes[1]).status == 303
        return re.search(SET_UP, bench(self.server))[0]

    def facts(self):
        """Returns state, changes of the factors, authenticators, events, notices, live sessions, and the case's state."""
        return tuple(self.rows.all(FACTS, name=self.name, before=self.before)[0])


def opened(server, path):
    """Returns a new browser on that page."""
    browser = Wire(server)
    assert browser.get(path).status == 200
    return browser


def test_of_many_who_finish_the_factors_end_once(portal):
    locked = Locked(portal, "maria")
    link = locked.prove()
    answers = at_once(*[partial(opened(portal, link).post, link, password=PASSWORD) for _ in range(6)])
    assert {answer.status for answer in answers} <= {303, 503} and 303 in {answer.status for answer in answers}
    state, changes, own, events, notices, _, case = locked.facts()
    assert (state, changes, own, events, notices, case) == ("reset", 1, 0, 1, 1, "setting_up")


@pytest.mark.parametrize("name", ["maria", "jun"])
def test_a_stop_and_a_finish_at_one_moment_leave_nobody_in(portal, name):
    locked = Locked(portal, name)
    link = locked.prove()
    stop = re.search(STOP, bench(portal))[0]
    finishes = [partial(opened(portal, link).post, link, password=PASSWORD) for _ in range(2)]
    stops = [partial(opened(portal, stop).post, stop) for _ in range(2)]
    answers = at_once(*finishes, *stops)
    assert {answer.status for answer in answers[2:]} == {303}
    state, changes, own, events, notices, live, case = locked.facts()
    assert case == "stopped" and live == 0
    assert (state, changes, own, events, notices) in (("on", 0, 1, 0, 0), ("reset", 1, 0, 1, 1))


def test_a_stop_and_a_proof_at_one_moment_end_in_a_stop(portal):
    locked = Locked(portal, "maria")
    stop = re.search(STOP, bench(portal))[0]
    proofs = [partial(locked.browser.tab().post, f"{locked.page}/password", password=PASSWORD) for _ in range(3)]
    answers = at_once(*proofs, *[partial(opened(portal, stop).post, stop) for _ in range(2)])
    assert {answer.status for answer in answers[:3]} <= {303, 403, 422, 503}, [answer.lines for answer in answers]
    assert locked.facts() == ("on", 0, 1, 0, 0, 0, "stopped")
    assert locked.rows.one("SELECT count(*) FROM outbox WHERE template = 'recovery_ready'") == 0


def test_many_proofs_begin_one_wait(portal):
    locked = Locked(portal, "maria")
    proofs = [partial(locked.browser.tab().post, f"{locked.page}/password", password=PASSWORD) for _ in range(4)]
    assert {answer.status for answer in at_once(*proofs)} <= {303, 422, 503}
    assert locked.facts()[-1] == "waiting"
    waits = "SELECT count(*) FROM outbox WHERE template = 'recovery_waiting' AND kind = 'mail'"
    assert locked.rows.one(waits) == 1
    assert locked.rows.one("SELECT count(*) FROM events WHERE event = 'recovery_waiting'") == 1


def test_one_backup_code_opens_one_way(portal):
    locked = Locked(portal, "maria")
    claim = wire.claimant(portal, "maria")
    claim.get(BACKUP_CODE)
    at_once(
        partial(locked.browser.post, f"{locked.page}/backup-code", code=locked.codes[1]),
        partial(claim.post, BACKUP_CODE, code=locked.codes[1]),
    )
    went_in, is_ready = claim.signed_in(), locked.facts()[-1] == "ready"
    assert went_in != is_ready
    assert locked.rows.one("SELECT count(*) FROM backup_codes WHERE used_at IS NOT NULL") == 1


def test_many_sweeps_mail_one_link(portal, site):
    from portal import create_app
    from portal.settings.environment import load_settings

    locked = Locked(portal, "maria")
    assert locked.browser.post(f"{locked.page}/password", password=PASSWORD).status == 303
    past = {"day": "2020-01-01 00:00:00+00:00"}
    locked.rows.change("UPDATE outbox SET state = 'sent', outcome = 'sent', sent_at = :day WHERE state <> 'sent'", **past)
    locked.rows.change("UPDATE outbox SET sent_at = :day", **past)
    queues = [create_app(load_settings(site.environment)).extensions["queue"] for _ in range(4)]
    at_once(*[queue.order_due for queue in queues])
    assert locked.facts()[-1] == "ready"
    assert locked.rows.one("SELECT count(*) FROM outbox WHERE template = 'recovery_ready'") == 1
