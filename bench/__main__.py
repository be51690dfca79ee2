"""`make bench`: measures the floor, an earlier commit, and this one in turns, and writes the table into bench/README.md."""

import contextlib
import os
import statistics
import tempfile
from pathlib import Path

from bench import crowd, floor, journeys, report
from bench.client import Browser, Slice, run
from bench.commits import Commit, check_out
from bench.people import Person
from tests.support.processes import ROOT

ROUNDS = 5
# How many people of each kind in a round, the floor's task that it is compared with, and how often somebody comes back.
WORKS = {
    "sign_in": (16, journeys.floor_sign_in, 1),
    "security": (8, journeys.open_floor, 8),
    "set_up": (16, journeys.floor_pages(9), 1),
    "qr": (24, journeys.floor_pages(3), 1),
    "code": (48, journeys.open_floor, 1),
}
Measured = dict[tuple[str, str, str], list[float]]  # of (work, what, whose), one for each round


def tasks(kind: str, made: dict[str, list[dict]]) -> list:
    """What the people of one kind do."""
    people = [Person(each["username"], Browser(**each["browser"]), each["key"]) for each in made[kind]]
    return [(Browser(dict(one.browser.cookies), one.browser.token), journeys.of(kind, one)) for one in people * WORKS[kind][2]]


def measure(server: Commit, todo: list) -> tuple[float, float]:
    """Tasks per second, and milliseconds of processor time for each."""
    before = server.cpu_seconds()
    with server.explained():
        done: Slice = run(server.port, todo)
    return done.tasks / done.seconds, (server.cpu_seconds() - before) / done.tasks * 1000


def one_round(servers: dict[str, Commit], found: Measured) -> None:
    """Measure each work once on each of the three, one after the other."""
    made = {name: servers[name].people(**{kind: number for kind, (number, _, _) in WORKS.items()}) for name in ("before", "now")}
    for kind, (number, of_floor, times) in WORKS.items():
        for name, server in servers.items():
            todo = tasks(kind, made[name]) if name in made else [(Browser(), of_floor) for _ in range(number * times)]
            rate, cpu = measure(server, todo)
            found.setdefault((kind, "rate", name), []).append(rate)
            found.setdefault((kind, "cpu", name), []).append(cpu)


def weigh(servers: dict[str, Commit], found: Measured) -> None:
    """Megabytes of a warm worker, and of one after fifty sign-ins at once."""
    for name, server in servers.items():
        found["memory", "warm", name] = [server.megabytes()]
        if name == "floor":
            todo = [(Browser(), journeys.floor_sign_in) for _ in range(crowd.AT_ONCE)]
        else:
            todo = [(Browser(), journeys.sign_in(one)) for one in map(person_of, server.people(sign_in=crowd.AT_ONCE)["sign_in"])]
        run(server.port, todo, crowd.AT_ONCE)
        found["memory", "crowd", name] = [server.megabytes()]


def person_of(made: dict) -> Person:
    return Person(made["username"], Browser(), made["key"])


def main(before: str, rounds: int = ROUNDS) -> None:
    """Run the rounds, print the table, and write it into README.md."""
    found: Measured = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as stack:
        place = Path(folder)
        servers = {
            "floor": Commit(ROOT, place / "of-floor", "bench.floor:app"),
            "before": Commit(check_out(before, place / "before"), place / "of-before"),
            "now": Commit(ROOT, place / "of-now"),
        }
        floor.fill(place / "of-floor")
        for name in ("before", "now"):
            servers[name].prepare()
            found |= {(kind, "statements", name): [number] for kind, number in servers[name].statements().items()}
        for at in range(rounds):
            for name, server in servers.items():
                found.setdefault(("start", "seconds", name), []).append(server.start())
                if at < rounds - 1:
                    server.stop()
                else:
                    stack.callback(server.stop)
        one_round(servers, {})  # the warm-up: now every worker has compiled its templates and statements
        weigh(servers, found)
        for at in range(rounds):
            one_round(servers, found)
            print(f"round {at + 1} of {rounds}", flush=True)
        stack.close()
        with crowd.running_servers(place / "before", place) as crowded:
            for _ in range(rounds):
                crowd.one_round(crowded, found)
    rows = report.rows({key: sum(values) if key[1] == "refused" else statistics.median(values) for key, values in found.items()})
    print(report.table(rows, before))
    report.write(rows, before, rounds)


if __name__ == "__main__":
    main(os.environ["BEFORE"])
