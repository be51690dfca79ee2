"""`make bench-servers`: the same portal under each server that was considered, alone and beside 200 slow clients.

The candidates that the portal does not use are installed into a temporary folder. Rounds alternate between the servers, so that other
load on the machine meets all of them. The table goes into bench/README.md.
"""

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.client import Browser, run
from bench.report import README
from tests.support import wire
from tests.support.processes import ROOT
from tests.support.server import Server, running_server
from tests.support.sites import Sites
from tests.support.slow import page_times, percentile, running_slow_clients
from tests.support.wire import Wire

CANDIDATES = ("waitress==3.0.2", "granian==2.8.9", "uvicorn==0.54.0", "asgiref==3.13.0", "hypercorn==0.18.0", "gevent==26.9.0")
ROUNDS = 2
REQUESTS = 150  # per round, over four connections that stay open
ALONE_SECONDS, BESIDE_SECONDS = 3, 6  # of pages opened one after the other
PATIENCE = 6  # seconds; a page that takes longer counts as this long
SLOW = {"headers": 200}, {"body": 200}, {"silent": 200}
PAGE = "/account/security"
TARGET = 1.0  # seconds, p99
BEGIN, END = "<!-- servers: made by `make bench-servers` -->\n", "<!-- end of servers -->"
PLACE = ("--host", "127.0.0.1", "--port", "{port}")
SERVERS = {
    "the portal's: gunicorn, waitress reads": ("gunicorn", "wsgi:app"),
    "gunicorn, gthread": ("gunicorn", "--worker-class", "gthread", "wsgi:app"),
    "gunicorn, gevent": ("gunicorn", "--worker-class", "gevent", "wsgi:app"),
    "waitress alone, one process": (
        "waitress",
        "--listen",
        "127.0.0.1:{port}",
        "--threads",
        "16",
        "--connection-limit",
        "1000",
        "wsgi:app",
    ),
    "granian": ("granian", "--interface", "wsgi", *PLACE, "--workers", "2", "--blocking-threads", "8", "wsgi:app"),
    "uvicorn, asgiref": ("uvicorn", *PLACE, "--workers", "2", "--log-level", "warning", "bench.asgi:app"),
    "hypercorn": ("hypercorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "wsgi:app"),
}


class Candidate(Server):
    """The portal under another server, started as its own manual says."""

    words: tuple[str, ...] = ()
    folder = ""

    def launch(self, words):
        command = [sys.executable, "-m", *(word.format(port=self.port) for word in self.words)]
        environment = self.environment | {"PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder}"}
        with self.log.open("a") as log:
            rest = {"stdin": subprocess.DEVNULL, "start_new_session": True}
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, **rest)


def times_beside(server: Server, person: Wire, counts: dict[str, int]) -> list[float]:
    """The seconds that pages took beside slow clients; PATIENCE for one that did not come."""
    with running_slow_clients(server.port, counts):
        try:
            return page_times(person, BESIDE_SECONDS, PAGE)
        except (OSError, http.client.HTTPException, AssertionError):
            return [PATIENCE]


def ask_page(cookies: dict[str, str], path: str):
    """A task for the closed loop: one page."""

    def ask(browser: Browser) -> None:
        assert browser.get(path).status == 200

    return Browser(cookies), ask


def measure(server: Server, cookies: dict[str, str]) -> tuple[float, float, list[float]]:
    """Requests per second; p99 alone; p99 beside each kind of slow clients."""
    person = Wire(server)
    person.cookies = dict(cookies)
    try:
        rate = run(server.port, [ask_page(person.cookies, PAGE) for _ in range(REQUESTS)]).rate
    except (AssertionError, OSError, TypeError):  # an error instead of the page
        rate = 0.0
    alone = percentile(page_times(person, ALONE_SECONDS, PAGE), 0.99)
    return rate, alone, [percentile(times_beside(server, person, counts), 0.99) for counts in SLOW]


def install(folder: Path) -> None:
    """Install the candidates, without a second copy of what the portal has."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--target", folder, *CANDIDATES], check=True)


def table(found: dict[str, list[tuple[float, float, list[float]]]]) -> str:
    """The rows as a Markdown table; the medians of the rounds."""
    base = statistics.median(rate for rate, _, _ in found["gunicorn, gthread"])
    lines = [
        "| server | requests/s | of gthread | p99 alone | beside slow headers | slow bodies | silent ones |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, rounds in found.items():
        rate = statistics.median(each[0] for each in rounds) if all(each[0] for each in rounds) else 0
        spans = [statistics.median(each[1] for each in rounds)]
        spans += [statistics.median(each[2][kind] for each in rounds) for kind in range(len(SLOW))]
        shown = ["no answer" if span >= PATIENCE else f"{span:.2f} s" for span in spans]
        lines.append(
            f"| {name} | {f'{rate:.0f}' if rate else 'errors'} | {f'{rate / base:.2f}' if rate else '–'} | "
            + " | ".join(shown)
            + " |"
        )
    return "\n".join(lines)


def write(text: str) -> None:
    """Put the table between the markers in README.md."""
    before, _, rest = README.read_text().partition(BEGIN)
    made = (
        f"{datetime.now(UTC):%d %B %Y}, a shared machine of 2 cores, {ROUNDS} rounds, gunicorn 27.0.1, {', '.join(CANDIDATES)}."
    )
    README.write_text(f"{before}{BEGIN}\n{made.replace('==', ' ')}\n\n{text}\n\n{END}{rest.partition(END)[2]}")


def main() -> None:
    """Measure every server in each round."""
    wire.PATIENCE = PATIENCE
    found: dict[str, list] = {name: [] for name in SERVERS}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        install(Path(folder, "candidates"))
        site = Sites(Path(folder), None, "bench").seeded()
        with running_server(site, PORTAL_TEST_BENCH="0") as server:
            person = Wire(server)
            assert person.sign_in("maria").location == "/home"
        for _ in range(ROUNDS):
            for name, words in SERVERS.items():
                kind = type("Kind", (Candidate,), {"words": words, "folder": str(Path(folder, "candidates"))})
                with running_server(site, kind=kind, PORTAL_TEST_BENCH="0") as server:
                    found[name].append(measure(server, person.cookies))
                print(name, found[name][-1], flush=True)
    print(table(found))
    write(table(found))


if __name__ == "__main__":
    main()
