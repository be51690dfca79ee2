"""Fifty people who sign in at once, in a closed loop, while somebody opens the Security page again and again."""

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import journeys
from bench.client import Browser, Connection, run
from bench.commits import Commit
from bench.people import Person
from tests.support.postgres import running_postgres
from tests.support.processes import ROOT
from tests.support.slow import percentile

AT_ONCE = 50
SIGN_INS = 200  # in a round
QUIET_SECONDS = 3
PAUSE = 0.02  # seconds between two Security pages
DATABASES = ("sqlite", "postgresql")
# The kernel's own queue in front of as many processes, each of which answers one request after the other: nobody overtakes anybody.
SINGLE_QUEUE = ("--worker-class", "sync", "--threads", "1")
P99 = 0.99


class Watcher:
    """Somebody who is signed in, and opens the Security page."""

    def __init__(self, port: int, made: dict) -> None:
        self.browser = Browser(**made["browser"])
        self.browser.connection = Connection(port)

    def times(self, is_over: Callable[[], bool]) -> list[float]:
        """The seconds that each page took until then."""
        found = []
        while not found or not is_over():
            began = time.perf_counter()
            journeys.page(journeys.SECURITY)(self.browser)
            found.append(time.perf_counter() - began)
            time.sleep(PAUSE)
        return found


def timed(person: Person, took: list[float]) -> Callable[[Browser], None]:
    """A task: a whole sign-in, whose seconds are added to `took`."""

    def action(browser: Browser) -> None:
        began = time.perf_counter()
        journeys.sign_in(person)(browser)
        took.append(time.perf_counter() - began)

    return action


def measure(server: Commit, sign_ins: int) -> dict[str, float]:
    """Refusals; and p99, in milliseconds, of the Security page alone and meanwhile, and of sign-ins."""
    made = server.people(sign_in=sign_ins, security=1)
    watcher, took, meanwhile = Watcher(server.port, made["security"][0]), [], []
    end = time.perf_counter() + QUIET_SECONDS
    quiet = watcher.times(lambda: time.perf_counter() > end)
    is_over = threading.Event()
    watching = threading.Thread(target=lambda: meanwhile.extend(watcher.times(is_over.is_set)))
    todo = [(Browser(), timed(Person(each["username"], Browser(), each["key"]), took)) for each in made["sign_in"]]
    watching.start()
    run(server.port, todo, AT_ONCE)
    is_over.set()
    watching.join()
    p99 = {
        name: percentile(times, P99) * 1000 for name, times in (("quiet", quiet), ("meanwhile", meanwhile), ("signed in", took))
    }
    return {"refused": sum(browser.refused for browser, _ in todo) + watcher.browser.refused, **p99}


@contextlib.contextmanager
def running_servers(before: Path, place: Path) -> Iterator[dict[tuple[str, str], Commit]]:
    """The earlier commit, this one, and this one behind a single queue, on each database; by (database, whose)."""
    with contextlib.ExitStack() as stack:
        postgres, servers = stack.enter_context(running_postgres()), {}
        for database in DATABASES:
            for whose, code, options in (("before", before, ()), ("now", ROOT, ()), ("single queue", ROOT, SINGLE_QUEUE)):
                name = f"crowd-{database}-{whose.partition(' ')[0]}"
                url = postgres.create(name) if database == "postgresql" else ""
                server = servers[database, whose] = Commit(code, place / name, url=url, options=options)
                server.prepare()
                server.start()
                stack.callback(server.stop)
                measure(server, AT_ONCE)  # the warm-up
        yield servers


def one_round(servers: dict[tuple[str, str], Commit], found: dict[tuple[str, str, str], list[float]]) -> None:
    """Let a crowd sign in on each of them, one after the other."""
    for (database, whose), server in servers.items():
        for what, value in measure(server, SIGN_INS).items():
            found.setdefault((database, what, whose), []).append(value)


def main(rounds: int) -> None:
    """Print what each round measures of this commit: `python -m bench.crowd`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, running_servers(ROOT, Path(folder)) as servers:
        found: dict[tuple[str, str, str], list[float]] = {}
        for _ in range(rounds):
            one_round(servers, found)
            for key, values in found.items():
                print(*key, f"{values[-1]:.0f}", flush=True)


if __name__ == "__main__":
    main(5)
