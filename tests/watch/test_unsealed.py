"""How long the oldest event has waited for its seal: it grows while no worker seals, and an alert tells of it."""

import re
from datetime import timedelta

import pytest
import yaml
from sqlalchemy import update

from portal import clock
from portal.models import Event
from portal.settings import audit
from portal.settings.queue import QUEUE_SWEEP_SECONDS
from portal.watch.numbers import read_trail
from tests.house.documents import DOCS
from tests.support.application import application
from tests.support.moving import START
from tests.support.outbox import running_worker, until
from tests.support.rows import Rows
from tests.support.trail import Trail
from tests.support.watched import READ, samples, value_of

NAME = "portal_audit_unsealed_seconds"
MINUTE = timedelta(minutes=1)
RULES = yaml.safe_load((DOCS / "deployment" / "alerts.yml").read_text())["groups"][0]["rules"]


@pytest.fixture
def trail(app, clock):
    """The audit trail of this test's portal, without what the demo accounts left in it."""
    found = Trail(app, clock)
    found.seal(minutes=10)
    return found


def waited(trail):
    """Returns how many seconds the oldest event has waited, as it is measured now."""
    with trail.engine.connect() as connection:
        return read_trail(connection, trail.clock.now)[NAME][()]


def test_it_grows_until_a_worker_seals_and_is_zero_when_nothing_waits(trail):
    assert waited(trail) == 0
    trail.add(3, trail.clock.now)
    for later in (0, 90, 3600):
        trail.clock.move(seconds=later - waited(trail))
        assert waited(trail) == later
    trail.add(1, trail.clock.now)
    assert waited(trail) == 3600, "it is the oldest that counts"
    trail.seal()
    assert waited(trail) == 0, "the youngest has just happened"
    trail.clock.move(minutes=4)
    assert waited(trail) == 240
    trail.seal()
    assert waited(trail) == 0


def test_before_the_first_seal_everything_waits(bare_site, clock):
    with application(bare_site) as app:
        trail = Trail(app, clock)
        assert waited(trail) == 0
        trail.add(1, clock.now - timedelta(days=400))
        assert waited(trail) == timedelta(days=400).total_seconds()
        trail.seal()
        assert waited(trail) == 0


def test_an_event_of_a_clock_that_ran_ahead_hides_none_behind_it(trail):
    trail.add(1, trail.clock.now + timedelta(days=9))
    assert waited(trail) == 0
    trail.add(1, trail.clock.now - timedelta(minutes=7))
    assert waited(trail) == 420


def test_it_looks_at_the_oldest_only_so_that_a_year_without_a_worker_is_no_load(trail, monkeypatch):
    from portal.watch import numbers

    monkeypatch.setattr(numbers, "UNSEALED", numbers.unsealed(5))
    trail.add(5, trail.clock.now - timedelta(minutes=7))
    trail.add(5, trail.clock.now - timedelta(minutes=70))
    assert waited(trail) == 420, "IDs are as old as their rows, but for seconds"


def test_no_event_waits_longer_than_the_alert_allows_while_a_worker_sweeps(trail):
    """An event at the first moment of its minute, a worker that sweeps a moment too early, and then when it is due again."""
    trail.clock.now = START.replace(second=0)
    trail.add(1, trail.clock.now)
    longest, step = 0, 5
    for second in range(0, 600, step):
        longest = max(longest, waited(trail))
        if second % QUEUE_SWEEP_SECONDS == QUEUE_SWEEP_SECONDS - step:
            trail.seal()
        trail.clock.move(seconds=step)
    assert waited(trail) == 0
    assert audit.SEALED_WITHIN - timedelta(seconds=2 * step) <= timedelta(seconds=longest) <= audit.SEALED_WITHIN


@pytest.mark.once("looks at a file in docs")
def test_the_alert_comes_after_some_times_the_longest_that_sealing_takes():
    [rule] = [rule for rule in RULES if NAME in rule["expr"]]
    assert int(re.search(r"> (\d+)$", rule["expr"])[1]) == audit.UNSEALED_ALERT.total_seconds()
    assert MINUTE + audit.SETTLE + timedelta(seconds=QUEUE_SWEEP_SECONDS) == audit.SEALED_WITHIN
    assert 3 * audit.SEALED_WITHIN <= audit.UNSEALED_ALERT < audit.UNSEALED_MAX


def test_metrics_tell_it_until_a_worker_runs(site):
    rows = Rows(site)
    with application(site, **READ) as app:
        with app.extensions["engine"].begin() as connection:
            connection.execute(update(Event).values(at=clock.now() - 2 * audit.UNSEALED_ALERT))
        found = samples(app.test_client().get("/metrics").text)
    assert value_of(found, NAME) >= 2 * audit.UNSEALED_ALERT.total_seconds()
    with running_worker(site):
        assert until(lambda: rows.one("SELECT count(*) FROM event_seals"))
    with application(site, **READ) as app:
        found = samples(app.test_client().get("/metrics").text)
    assert 0 <= found[NAME, ()] < 60, "what the worker wrote when it started is too young"
