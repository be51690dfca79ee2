"""`make bench-audit EVENTS=…`: how long the audit trail takes to seal, to verify, and to export, and how much memory.

On SQLite, or with DATABASE=postgresql. It writes no file. Ten million events take half an hour to make and seal.
"""

import contextlib
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from portal import clock, create_app
from portal.cli import make_migrator
from portal.crypto import token_hash
from portal.db import db
from portal.flows.audit.export import Period, export_events
from portal.flows.audit.seal import seal_events, seal_forgotten
from portal.flows.audit.verify import Report, verify
from portal.flows.base.context import RequestContext
from portal.flows.operator.copying import begin_long_write, copy_rows
from portal.models import Event
from portal.settings.environment import load_settings
from tests.support.postgres import running_postgres

AT_ONCE = 100_000
YEARS = timedelta(days=6 * 365)
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


def rows(first: int, number: int, of: int) -> Iterator[dict[str, Any]]:
    """Events as sign-ins leave them, evenly over six years."""
    begin = clock.now() - YEARS - timedelta(days=1)
    for each in range(first, first + number):
        yield {
            "at": begin + YEARS * (each / of), "event": "authn_login_success", "result": "ok", "factor": "totp",
            "session_hash": token_hash(str(each)), "request_id": f"{each:016x}", "ip": f"192.0.2.{each % 250}", "user_agent": AGENT,
            "app_version": "0.1.0", "times": 1,
        }  # fmt: skip


def add_events(events: int) -> None:
    for first in range(1, events + 1, AT_ONCE):
        begin_long_write()
        copy_rows(Event, rows(first, min(AT_ONCE, events + 1 - first), events))
        db.session.commit()
    begin_long_write().execute(text("ANALYZE"))
    db.session.commit()


def seal_all(app: Flask) -> int:
    """Seal everything; returns in how many runs."""
    runs = 0
    while seal_events(app.extensions["keys"], clock.now()):
        runs += 1
    return runs


def timed(what: str, deed: Callable[[], object]) -> Any:
    """Do it, and print how long it took, and the most memory that this process has had so far."""
    began, computed = time.perf_counter(), time.process_time()
    done = deed()
    took, busy = time.perf_counter() - began, time.process_time() - computed
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {what} | {took:.1f} | {busy:.1f} | {memory:.0f} |", flush=True)
    return done


def measure(app: Flask, events: int) -> None:
    keys = app.extensions["keys"]
    print("| what | seconds | processor | memory so far (MB) |\n| --- | ---: | ---: | ---: |")
    with app.app_context():
        make_migrator(app).upgrade()
        timed("make the events", lambda: add_events(events))
    with app.app_context():
        timed("seal them", lambda: seal_all(app))
        timed("a run that finds nothing to seal", lambda: seal_events(keys, clock.now()))
        timed("the daily look for what was forgotten", lambda: seal_forgotten(keys, clock.now()))
        report: Report = timed("verify", lambda: verify(keys, clock.now(), {}))
        assert (report.found, report.events, report.unsealed) == (0, events, 0), report
        since = clock.now() - timedelta(seconds=1)
        timed("verify the chain alone (--since now)", lambda: verify(keys, clock.now(), {}, since))
        begin_long_write().execute(text("UPDATE events SET reason = 'x' WHERE id = :id"), {"id": events * 2 // 3})
        db.session.commit()
        report = timed("verify, with one changed row", lambda: verify(keys, clock.now(), {}))
        assert [(found.kind, found.event) for found in report.findings] == [("event_changed", events * 2 // 3)], report
        context = RequestContext(now=clock.now(), keys=keys, ip="", user_agent="bench", request_id="bench")
        period = Period(clock.now() - timedelta(days=400), datetime.now(UTC))
        timed("export 400 days of it", lambda: sum(1 for _ in export_events(context, period)))


if __name__ == "__main__":
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = {"PORTAL_INSTANCE": str(folder)}
        if os.environ.get("DATABASE") == "postgresql":
            settings["PORTAL_DATABASE_URL"] = stack.enter_context(running_postgres()).create("audit")
        measure(create_app(load_settings(settings)), int(os.environ.get("EVENTS", "1000000")))
