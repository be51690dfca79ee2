"""10,000 wrong codes a minute, from 200 addresses at 50 accounts, while 20 of their owners sign in: do they notice, and what is compared?

`make guesses` measures both databases, each quiet and under guesses in turns.
"""

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path

from bench import journeys, report
from bench.client import Browser, Connection
from bench.commits import Commit
from bench.crowd import DATABASES, P99
from bench.people import Person
from bench.strangers import ADDRESSES, PER_MINUTE, Stranger, guessing, run_each
from portal.settings import config
from tests.support.postgres import running_postgres
from tests.support.processes import ROOT
from tests.support.slow import percentile

ACCOUNTS, OWNERS, NEWCOMERS = 50, 20, 5
SECONDS = int(os.environ.get("SECONDS", "90"))  # of each half of a round
STEP = 31  # seconds between two sign-ins of one owner: each needs a code of its own
ROUNDS = int(os.environ.get("ROUNDS", "3"))
BEGIN, END = "<!-- guesses: made by `make guesses` -->\n", "<!-- end of guesses -->"
TWICE = 2
A_CORE = 60_000 / PER_MINUTE  # milliseconds of processor time for each guess: one core is busy with nothing else
NEARLY = 0.99  # of the rate: the last guesses of a round may end after it


# --- the owners


class Owner:
    """Somebody who signs in again and again, in the same browser."""

    def __init__(self, port: int, number: int, person: Person) -> None:
        self.person, self.number = person, number
        self.browser = Browser(connection=Connection(port, f"127.1.0.{number + 1}"))
        self.due = 0.0
        self.took: list[float] = []

    def sign_in(self) -> None:
        """A whole sign-in, with the code of a step that was not used before."""
        self.leave()
        began = time.perf_counter()
        journeys.sign_in(self.person)(self.browser)
        self.due = time.perf_counter() + STEP
        self.took.append(time.perf_counter() - began)

    def leave(self) -> None:
        """End the session in this browser, which stays known."""
        self.browser.cookies.pop("session", None)

    def offset(self) -> float:
        """When it begins: each has a place of its own among the owners, so that no two of them sign in at the same moment."""
        return self.number

    def keep_signing_in(self, began: float) -> None:
        """Sign in about every half minute, for one half of a round; the owners begin one after the other."""
        self.due = began + self.offset() * STEP / OWNERS
        while self.due < began + SECONDS:
            time.sleep(max(0, self.due - time.perf_counter()))
            self.sign_in()


class Newcomer(Owner):
    """Somebody whom nobody guesses at, and who signs in in a new browser each time."""

    def leave(self) -> None:
        self.browser.cookies.clear()

    def offset(self) -> float:
        return (self.number - OWNERS) * OWNERS // NEWCOMERS + 1 / 3


def rest(owners: list[Owner]) -> None:
    """Wait until each of them has a new code."""
    time.sleep(max(0, max(owner.due for owner in owners) - time.perf_counter()))


def times_of(everybody: list[Owner]) -> dict[str, list[float]]:
    """The seconds of each sign-in and of each request for one half of a round, and of newcomers' sign-ins."""
    for each in everybody:
        each.took.clear()
        each.browser.connection.times.clear()
    began = time.perf_counter()
    run_each(lambda owner: owner.keep_signing_in(began), everybody)
    owners = [each for each in everybody if not isinstance(each, Newcomer)]
    return {
        "": [took for each in owners for took in each.took],
        "requests ": [took for each in owners for took in each.browser.connection.times],
        "newcomers ": [took for each in everybody if isinstance(each, Newcomer) for took in each.took],
    }


# --- one round


def mistype(port: int, person: Person) -> None:
    """One more account is sent wrong codes from many browsers: the portal has refused some before, over connections that are open since."""
    run_each(Stranger.guess, [Stranger(port, ADDRESSES + number, person) for number in range(2 * config.WEB_THREADS)])


def one_round(server: Commit) -> dict[str, list[float]]:
    """Sign-ins while it is quiet and under guesses, and what came of the guesses."""
    made = server.people(sign_in=ACCOUNTS + NEWCOMERS + 1)["sign_in"]
    *people, forgetful = [Person(each["username"], Browser(), each["key"]) for each in made]
    people, others = people[:ACCOUNTS], people[ACCOUNTS:]
    owners = [Owner(server.port, at, person) for at, person in enumerate(people[:OWNERS])]
    owners += [Newcomer(server.port, OWNERS + at, person) for at, person in enumerate(others)]
    with server.explained():
        for owner in owners:
            owner.sign_in()  # from now on the account knows the browser, and the server has compiled its pages
        mistype(server.port, forgetful)
        rest(owners)
        began = server.cpu_seconds()
        quiet = times_of(owners)
        in_between = server.cpu_seconds()
        rest(owners)
        with guessing(server.port, SECONDS, people) as told:
            since = server.cpu_seconds()
            under = times_of(owners)
        spent = server.cpu_seconds() - since - (in_between - began) * len(under[""]) / len(quiet[""])
    counted = json.loads(server.run("bench.strangers", "count", json.dumps([person.username for person in people])))
    assert counted.pop("accounts") == ACCOUNTS, "not every account was guessed at"
    refused = sum(owner.browser.refused for owner in owners)
    guesses = told.pop("guesses")
    told |= {"cpu": spent / guesses * 1000, "by form": told.pop("refused by the form") / guesses}
    found = {f"{name}quiet": times for name, times in quiet.items()} | {f"{name}under": times for name, times in under.items()}
    return found | {"refused": [refused]} | {name: [value] for name, value in (told | counted).items()}


# --- the report


def rows(found: dict[str, list[float]]) -> list[tuple[str, str, str, bool]]:
    """What was measured on one database: what, the figures, the target, and whether it is reached."""
    made = []
    for what, name in (("Sign-in", ""), ("– each request", "requests "), ("– of somebody else in a new browser", "newcomers ")):
        quiet, under = f"{name}quiet", f"{name}under"
        before, now = (percentile(found[each], P99) * 1000 for each in (quiet, under))
        figures = f"{report.shown(before)} → {report.shown(now)}, {report.shown(now / before)} times"
        made.append(
            (f"{what}, p99 (ms; {len(found[quiet])} and {len(found[under])})", figures, "at most 2 times", now <= TWICE * before)
        )
    least, refused, others = min(found["rate"]), sum(found["refused"]), sum(found["others"])
    most = max(found["cpu"])
    compared, failures = max(found["compared"]), max(found["failures"])
    limit, end, enough = config.TRIES_BEFORE_PAUSE, config.FAILURES_TO_DISABLE, NEARLY * PER_MINUTE
    return [
        ("Guesses a minute, in the slowest round", report.shown(least), f"at least {enough:,.0f}", least >= enough),
        *made,
        ("Processor time of a guess, of the workers (ms)", report.shown(most), f"at most {A_CORE:g}, one core's", most <= A_CORE),
        ("Owners told to wait", report.shown(refused), "at most 0", refused == 0),
        ("Guesses answered otherwise than refused", report.shown(others), "at most 0", others == 0),
        ("Most codes compared with one account (RL-2)", report.shown(compared), f"at most {limit}, one pause's", compared <= limit),
        ("Most failures of one authenticator (RL-1)", report.shown(failures), f"at most {end}", failures <= end),
    ]  # fmt: skip


def table(found: dict[str, dict[str, list[float]]]) -> str:
    """The rows of each database as a Markdown table."""
    lines = ["| what | figures | target | |", "| --- | ---: | --- | --- |"]
    for database, measured in found.items():
        for what, figures, target, is_reached in rows(measured):
            lines.append(f"| {database}: {what} | {figures} | {target} | {'reached' if is_reached else '**missed**'} |")
    return "\n".join(lines)


def main() -> None:
    """Measure both databases in each round, print the table, and write it into README.md."""
    found: dict[str, dict[str, list[float]]] = {database: {} for database in DATABASES}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, contextlib.ExitStack() as stack:
        postgres = stack.enter_context(running_postgres())
        servers = {}
        for database in DATABASES:
            url = postgres.create("guesses") if database == "postgresql" else ""
            server = servers[database] = Commit(ROOT, Path(folder) / database, url=url)
            server.prepare()
            server.start()
            stack.callback(server.stop)
        for _ in range(ROUNDS):
            for database, server in servers.items():
                for name, values in one_round(server).items():
                    found[database].setdefault(name, []).extend(values)
                print(table({database: found[database]}), flush=True)
    print(table(found))
    load = f"Load of the machine in the last quarter of an hour, this measurement included: {os.getloadavg()[2]:.1f}."
    report.put_between(BEGIN, END, f"{report.made_now(ROUNDS)} {load}\n\n{table(found)}")


if __name__ == "__main__":
    main()
