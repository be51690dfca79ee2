"""`make bench`: measures the portal and the floor in alternation, and writes the table into bench/README.md."""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from bench import floor, journeys, report
from bench.client import Browser, Slice, run
from bench.people import CHEAP_HASHER, make_people
from bench.report import Row
from portal import create_app, passwords
from portal.settings.environment import load_settings
from tests.support.server import Server, running_server
from tests.support.sites import Sites

ROUNDS = 5
STEPS = 60  # requests per slice of the portal, and accounts created for it
WHOLE = 16  # whole journeys per slice
FLOOR = 150  # requests per slice of the floor
SECTIONS = ("bare_floor", "security", "code", "steps", "whole", "hashed")


class FloorServer(Server):
    application = "bench.floor:app"


class UnhashedServer(Server):
    application = "bench.unhashed:app"


def cpu_seconds(server: Server) -> float:
    """User and system CPU time of a server's workers so far, which other load on the machine hardly affects."""
    ticks = [Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[11:13] for worker in server.workers()]
    return sum(int(tick) for pair in ticks for tick in pair) / os.sysconf("SC_CLK_TCK")


class Bench:
    """Runs each row's slice between two slices of the floor."""

    def __init__(self, portal: Server, unhashed: Server, bare: Server, app) -> None:
        self.portal, self.unhashed, self.bare, self.app = portal, unhashed, bare, app
        self.rows: dict[str, Row] = {}
        self.password_hash = passwords.hash_password(floor.PASSWORD)
        self.cheap_hash = CHEAP_HASHER.hash(floor.PASSWORD)

    def bare_floor(self) -> None:
        """Measure the floor itself, as the control."""
        self.measure("The floor", self.bare, [(Browser(), journeys.open_floor) for _ in range(FLOOR)])

    def floor(self) -> Slice:
        return run(self.bare.port, [(Browser(), journeys.open_floor) for _ in range(FLOOR)])

    def measure(self, name: str, server: Server, tasks: list, target: str = "") -> None:
        """Measure one slice of a row between two slices of the floor."""
        row = self.rows.setdefault(name, Row(name, target))
        before = self.floor()
        cpu_before = cpu_seconds(server)
        measured = run(server.port, tasks)
        cpu = cpu_seconds(server) - cpu_before
        after = self.floor()
        row.add(measured, cpu, (before.rate + after.rate) / 2)

    def people(self, count: int, on: bool, level: str | None, is_cheap: bool = False) -> list:
        return make_people(self.app, count, self.cheap_hash if is_cheap else self.password_hash, on, level)

    def security(self) -> None:
        for state, on in (("off", False), ("on", True)):
            people = self.people(8, on, "aal1") * (STEPS // 4)
            open_page = journeys.page(journeys.SECURITY)
            tasks = [(Browser(one.browser.cookies), open_page) for one in people]
            self.measure(f"Security page, {state}", self.portal, tasks, "0.45")

    def code(self) -> None:
        people = self.people(STEPS, True, "claimant")
        self.measure("Sign-in: the code's page", self.portal, [(one.browser, journeys.ask_code) for one in people])
        self.measure("Sign-in: a right code", self.portal, [(one.browser, journeys.check_code(one)) for one in people])

    def steps(self) -> None:
        browsers = [one.browser for one in self.people(STEPS, False, "aal1")]
        for name, step in (
            ("Set-up: choose, sent", journeys.choose),
            ("Set-up: QR code's page", journeys.scan),
            ("Set-up: first code, sent", journeys.prove_key),
            ("Set-up: backup codes' page", journeys.show_codes),
            ("Set-up: proof's page", journeys.ask_saved),
            ("Set-up: proof, sent", journeys.prove_saved),
        ):
            self.measure(name, self.portal, [(browser, step) for browser in browsers])

    def whole(self) -> None:
        people = self.people(WHOLE, False, "aal1")
        self.measure("Whole set-up", self.portal, [(one.browser, journeys.set_up) for one in people], "0.12")
        people = self.people(WHOLE, True, None, is_cheap=True)
        tasks = [(one.browser, journeys.sign_in(one)) for one in people]
        self.measure("Whole sign-in, hashing left out", self.unhashed, tasks, "0.80")

    def hashed(self) -> None:
        people = self.people(WHOLE, True, None)
        tasks = [(one.browser, journeys.sign_in(one)) for one in people]
        self.measure("Whole sign-in, hashing included", self.portal, tasks)
        self.measure(
            "The floor with one hash in five requests", self.bare, [(Browser(), journeys.floor_sign_in) for _ in range(WHOLE)]
        )


def main(sections: list[str], rounds: int) -> None:
    """Run the rounds and print the table. If all sections ran, also write it into README.md."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as stack:
        sites = Sites(Path(folder), None, "bench")
        site, bare = sites.seeded(), sites.empty()
        floor.fill(bare.folder)
        servers = [
            stack.enter_context(running_server(place, kind=kind, PORTAL_TEST_BENCH="0"))
            for kind, place in ((Server, site), (UnhashedServer, site), (FloorServer, bare))
        ]
        bench = Bench(*servers, create_app(load_settings(site.environment | {"PORTAL_TEST_BENCH": "0"})))
        for round_number in range(rounds + 1):
            for name in sections:
                getattr(bench, name)()
            if round_number == 0:  # the warm-up: now every worker has compiled its templates and statements
                bench.rows.clear()
    rows = list(bench.rows.values())
    print(report.table(rows))
    if sections == list(SECTIONS):
        report.write(rows, rounds)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SECTIONS), ROUNDS)
