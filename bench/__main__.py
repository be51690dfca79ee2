"""`make bench`: the portal and the floor side by side on one gunicorn each, turn by turn; the table goes into bench/README.md."""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from bench import floor, journeys, report
from bench.client import Browser, Slice, run
from bench.people import FREE, make_people
from bench.report import Row
from portal import create_app, passwords
from portal.settings import config
from tests.support.server import Server, running_server
from tests.support.sites import Sites

ROUNDS = 5
STEPS = 60  # requests in a slice of the portal, and people made for it
WHOLE = 16  # people who walk a whole road in a slice
FLOOR = 150  # requests in a slice of the floor
SECTIONS = ("bare_floor", "security", "code", "steps", "roads", "hashed")


class FloorServer(Server):
    application = "bench.floor:app"


class UnhashedServer(Server):
    application = "bench.unhashed:app"


def cpu_seconds(server: Server) -> float:
    """What a server's workers have worked so far, user and system; a number that other programs on the machine do not bend."""
    ticks = [Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[11:13] for worker in server.workers()]
    return sum(int(tick) for pair in ticks for tick in pair) / os.sysconf("SC_CLK_TCK")


class Bench:
    """Three servers, one floor: each row's slice runs between two slices of the floor."""

    def __init__(self, portal: Server, unhashed: Server, bare: Server, app) -> None:
        self.portal, self.unhashed, self.bare, self.app = portal, unhashed, bare, app
        self.rows: dict[str, Row] = {}
        self.stored = passwords.hash_password(floor.PASSWORD)
        self.free = FREE.hash(floor.PASSWORD)

    def bare_floor(self) -> None:
        """The floor itself, measured as the rest is."""
        self.measure("The floor", self.bare, [(Browser(), journeys.open_floor) for _ in range(FLOOR)])

    def floor(self) -> Slice:
        return run(self.bare.port, [(Browser(), journeys.open_floor) for _ in range(FLOOR)])

    def measure(self, name: str, server: Server, visits: list, aim: str = "") -> None:
        """One slice of a row between two slices of the floor."""
        row = self.rows.setdefault(name, Row(name, aim))
        before = self.floor()
        spent = cpu_seconds(server)
        part = run(server.port, visits)
        spent = cpu_seconds(server) - spent
        after = self.floor()
        row.add(part, spent, (before.rate + after.rate) / 2)

    def people(self, count: int, on: bool, level: str | None, free: bool = False) -> list:
        return make_people(self.app, count, self.free if free else self.stored, on, level)

    def security(self) -> None:
        for state, on in (("off", False), ("on", True)):
            people = self.people(8, on, "aal1") * (STEPS // 4)
            look = journeys.page(journeys.SECURITY)
            visits = [(Browser(one.browser.cookies), look) for one in people]
            self.measure(f"Security page, {state}", self.portal, visits, "0.45")

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

    def roads(self) -> None:
        walkers = self.people(WHOLE, False, "aal1")
        self.measure("Whole set-up", self.portal, [(one.browser, journeys.set_up) for one in walkers], "0.12")
        walkers = self.people(WHOLE, True, None, free=True)
        visits = [(one.browser, journeys.sign_in(one)) for one in walkers]
        self.measure("Whole sign-in, hashing left out", self.unhashed, visits, "0.80")

    def hashed(self) -> None:
        walkers = self.people(WHOLE, True, None)
        visits = [(one.browser, journeys.sign_in(one)) for one in walkers]
        self.measure("Whole sign-in, hashing included", self.portal, visits)
        self.measure(
            "The floor with one hash in five requests", self.bare, [(Browser(), journeys.floor_sign_in) for _ in range(WHOLE)]
        )


def main(sections: list[str], rounds: int) -> None:
    """Runs the rounds. All sections together write the table into README.md; some of them are only printed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as stack:
        sites = Sites(Path(folder), None, "bench")
        site, bare = sites.seeded(), sites.empty()
        floor.fill(bare.folder)
        servers = [
            stack.enter_context(running_server(place, kind=kind, PORTAL_TEST_BENCH="0"))
            for kind, place in ((Server, site), (UnhashedServer, site), (FloorServer, bare))
        ]
        bench = Bench(*servers, create_app(config.load(site.environment | {"PORTAL_TEST_BENCH": "0"})))
        for number in range(rounds + 1):
            for name in sections:
                getattr(bench, name)()
            if number == 0:  # every worker has compiled its templates and statements by now
                bench.rows.clear()
    rows = list(bench.rows.values())
    print(report.table(rows))
    if sections == list(SECTIONS):
        report.write(rows, rounds)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SECTIONS), ROUNDS)
