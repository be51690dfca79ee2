"""Workers that seal at the same moment, one of them killed in the middle: one chain, each event in it once (AU-4)."""

import subprocess
import sys

from portal import clock
from portal.flows.audit.spans import read_spans
from portal.flows.audit.verify import verify
from tests.support.application import application
from tests.support.rows import Rows
from tests.support.sealer import BATCH

EVENTS = 2_400  # a second of sealing: a worker that a busy machine lets wait for a moment still has its share
ADD = (
    "INSERT INTO events (at, event, result, request_id, ip, user_agent, app_version)"
    " VALUES (:at, 'session_end', 'ok', :request, '192.0.2.7', 'Firefox', '0.1.0')"
)


def start(site):
    """Starts a worker that seals."""
    words = [sys.executable, "-m", "tests.support.sealer"]
    return subprocess.Popen(words, env=site.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_two_workers_and_one_that_is_killed_make_one_chain(site):
    rows = Rows(site)
    for number in range(EVENTS // 50):
        values = {"at": "2026-01-01 12:00:00.000000", "request": f"request {number}"}
        rows.change(*[ADD] * 50, **values)
    first, second, third = workers = [start(site) for _ in range(3)]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 3
    for worker in workers:
        worker.stdin.close()
    assert first.stdout.readline()
    first.kill()
    sealed = [sum(map(int, worker.stdout.read().split())) for worker in (second, third)]
    assert [worker.wait() for worker in workers] == [-9, 0, 0]
    for worker in workers:
        worker.stdout.close()
    total = rows.one("SELECT count(*) FROM events")
    assert max(sealed) < total and all(sealed), "they did not seal side by side"
    seals = rows.all("SELECT number, spans, events FROM event_seals ORDER BY number")
    ids = [each for row in seals for first, last in read_spans(row.spans) for each in range(first, last + 1)]
    assert [row.number for row in seals] == list(range(1, len(seals) + 1)) and max(row.events for row in seals) == BATCH
    assert len(ids) == len(set(ids)) == total
    with application(site) as app, app.app_context():
        report = verify(app.extensions["keys"], clock.now(), {})
    assert (report.found, report.events, report.unsealed) == (0, total, 0)
