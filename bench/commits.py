"""Two commits of the portal and the floor, each under gunicorn with its own code, settings of `make run`, and a new database."""

import contextlib
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.processes import ROOT
from tests.support.server import free_port

BENCH = Path(__file__).parent
PARTS = ("portal", "wsgi.py", "gunicorn.conf.py")
START_SECONDS = 60
LOG_SHOWN = 5000  # characters


def check_out(commit: str, folder: Path) -> Path:
    """Write a commit's portal into a folder, beside this bench; returns the folder."""
    archive = subprocess.run(["git", "archive", commit, *PARTS], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    (folder / "bench").symlink_to(BENCH)
    return folder


class Commit:
    """One application, started from the folder of its code."""

    def __init__(
        self, code: Path, instance: Path, application: str = "wsgi:app", url: str = "", options: tuple[str, ...] = ()
    ) -> None:
        """`url`: of a PostgreSQL database, in place of a SQLite file; `options`: of gunicorn."""
        self.code, self.words, self.port = code, [*options, application], free_port()
        instance.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = kept | {
            "PORTAL_INSTANCE": str(instance),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "PYTHONPATH": str(code),
            **({"PORTAL_DATABASE_URL": url} if url else {}),
        }
        self.log = instance / "server.log"
        self.process: subprocess.Popen | None = None

    def run(self, *words: str) -> str:
        """Run `python -m words…` on its code; returns what it printed."""
        command = [sys.executable, "-m", *words]
        return subprocess.run(command, cwd=self.code, env=self.environment, check=True, stdout=subprocess.PIPE, text=True).stdout

    def prepare(self) -> None:
        """Make the tables, and the demo accounts."""
        self.run("flask", "--app", "wsgi", "db", "upgrade")
        self.run("flask", "--app", "wsgi", "demo", "seed")

    def start(self) -> float:
        """Start the server; returns the seconds until it answered."""
        started = time.perf_counter()
        with self.log.open("a") as log:
            command = [sys.executable, "-m", "gunicorn", *self.words]
            rest = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "start_new_session": True}
            self.process = subprocess.Popen(command, cwd=self.code, env=self.environment, **rest)
        while not self.answers():
            if self.process.poll() is not None or time.perf_counter() - started > START_SECONDS:
                raise RuntimeError(f"{self.code} did not start:\n{self.log.read_text()}")
            time.sleep(0.005)
        return time.perf_counter() - started

    def answers(self) -> bool:
        """Whether a request is answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            connection.request("GET", "/sign-in")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Show the end of the server's log if the block fails: what it answered is in there."""
        try:
            yield
        except AssertionError:
            print(self.log.read_text()[-LOG_SHOWN:], flush=True)
            raise

    def stop(self) -> None:
        """Stop the server and whatever it has started."""
        if self.process:
            self.process.terminate()
            self.process.wait(START_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process = None

    def workers(self) -> list[int]:
        """The process IDs of gunicorn's workers."""
        return [int(each) for each in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]

    def cpu_seconds(self) -> float:
        """User and system CPU time of the workers so far, which other load on the machine hardly affects."""
        ticks = [Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[11:13] for worker in self.workers()]
        return sum(int(tick) for pair in ticks for tick in pair) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """The memory of the larger worker, shared pages included."""
        sizes = [int(Path(f"/proc/{worker}/statm").read_text().split()[1]) for worker in self.workers()]
        return max(sizes) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def people(self, **kinds: int) -> dict[str, list[dict[str, str]]]:
        """Make people of these kinds in the database: see `bench.inside`."""
        return json.loads(self.run("bench.inside", "people", json.dumps(kinds)))

    def statements(self) -> dict[str, int]:
        """How many statements each step asks the database."""
        return json.loads(self.run("bench.inside", "statements"))
