"""`make bench-scale ACCOUNTS=…`: each step with a thousand accounts and with many, in turns, in one process.

On SQLite, or with DATABASE=postgresql. It writes no file. A million accounts take minutes to make.
"""

import contextlib
import os
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import event, insert

from bench import journeys
from bench.inside import KINDS, Inside, make
from portal import clock, create_app
from portal.cli import make_migrator
from portal.cli.demo import seed_crowd
from portal.db import begin_write, db
from portal.flows.operator import demo
from portal.models import LimitCounter
from portal.settings.environment import load_settings
from tests.support.postgres import running_postgres

FEW = 1000
ROUNDS = 40
SWEEPS = 5
OVER = 20_000  # counters of wrong passwords, such as a flood of a day leaves


def fill(app: Flask, accounts: int) -> Flask:
    """Make the tables and so many accounts, unless they are there; returns the app."""
    with app.app_context():
        make_migrator(app).upgrade()
        demo.seed_demo(app.extensions["keys"], clock.now())
        seed_crowd(accounts)
    return app


def walk(app: Flask, kind: str) -> tuple[float, float]:
    """The milliseconds that one new person's task takes, and those of this process's processor time."""
    ((person,),) = make(app, {kind: 1}).values()
    person.browser.connection = Inside(app)
    began, computed = time.perf_counter(), time.process_time()
    journeys.of(kind, person)(person.browser)
    return (time.perf_counter() - began) * 1000, (time.process_time() - computed) * 1000


def compare(few: Flask, many: Flask) -> str:
    """A Markdown table of both medians; the first two rounds, in which statements are compiled, don't count."""
    times: dict[tuple[str, Flask], list[tuple[float, float]]] = {}
    for at in range(ROUNDS + 2):
        for kind in KINDS:
            for app in (few, many) if at % 2 else (many, few):
                times.setdefault((kind, app), []).append(walk(app, kind))
    head = ["step", "few: p50, processor (ms)", "many", "many of few"]
    lines = ["| " + " | ".join(head) + " |", "| --- | ---: | ---: | ---: |"]
    for kind in KINDS:
        small, large = ([statistics.median(each[2:]) for each in zip(*times[kind, app], strict=True)] for app in (few, many))
        values = [
            *(f"{each[0]:.1f}, {each[1]:.1f}" for each in (small, large)),
            f"{large[0] / small[0]:.2f}, {large[1] / small[1]:.2f}",
        ]
        lines.append(f"| {kind} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def sweep(app: Flask) -> str:
    """How long the worker's sweep takes, and how long it keeps others from writing: as each minute, and after an outage."""
    engine, began, held = app.extensions["engine"], [0.0], [0.0]
    event.listen(engine, "begin", lambda _: began.append(time.perf_counter()))  # SQLite's lock is held by now
    event.listen(engine, "commit", lambda _: held.append(time.perf_counter() - began[-1]))
    said = []
    for name, counters in (("with nothing due", 0), (f"with {OVER} counters that are over", OVER)):
        times = []
        for _ in range(SWEEPS):
            with app.app_context():
                over = [{"key": f"{at:064}", "spent": 1, "ends_at": clock.now() - timedelta(days=1)} for at in range(counters)]
                if over:
                    begin_write().execute(insert(LimitCounter), over)
                    db.session.commit()
            del held[1:]
            started = time.perf_counter()
            app.extensions["queue"].order_due()
            times.append((time.perf_counter() - started, max(held)))
        took, longest = (statistics.median(each) * 1000 for each in zip(*times, strict=True))
        said.append(f"A sweep {name} takes {took:.0f} ms, the longest of its transactions {longest:.0f} ms.")
    return "\n".join(said)


def main(accounts: int, is_postgres: bool) -> None:
    """Fill two databases, and print the table."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as stack:
        postgres = stack.enter_context(running_postgres()) if is_postgres else None
        apps = []
        for name, number in (("few", FEW), ("many", accounts)):
            place = Path(folder, name)
            place.mkdir()
            url = {"PORTAL_DATABASE_URL": postgres.create(name)} if postgres else {}
            apps.append(fill(create_app(load_settings({"PORTAL_INSTANCE": str(place), **url})), number))
        print(compare(*apps))
        print(sweep(apps[1]))


if __name__ == "__main__":
    main(int(os.environ["ACCOUNTS"]), os.environ.get("DATABASE") == "postgresql")
