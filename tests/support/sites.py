"""Sites: an instance folder and its database, new for each test that requests one.

The portal's own commands (`db upgrade`, `demo seed`) create one site per run. The others are copies of it, made in milliseconds on
SQLite and tens of milliseconds on PostgreSQL. If one process has a site to itself, restoring its rows takes milliseconds on both.
"""

import contextlib
import fcntl
import itertools
import os
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, running_postgres
from tests.support.processes import Fork

COMMAND_SECONDS = 60
DATABASE = "portal.sqlite3"


@dataclass(frozen=True)
class Site:
    """One portal's instance folder and database."""

    folder: Path
    database_url: str

    @property
    def environment(self):
        """Returns the environment for a portal on this site, with the test bench on and without the caller's own settings."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START") if name in os.environ}
        return {
            **kept,
            "PORTAL_INSTANCE": str(self.folder),
            "PORTAL_DATABASE_URL": self.database_url,
            "PORTAL_TEST_BENCH": "1",
        }

    def flask(self, *words, **settings):
        """Runs `flask --app wsgi …` on this site; returns its output, or fails with its error message."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            process = Fork(["flask", "--app", "wsgi", *words], self.environment | settings, out, err)
            try:
                code = process.wait(COMMAND_SECONDS)
            finally:
                process.kill()
            said, complained = out.read_text(), err.read_text()
        assert code == 0, f"flask {' '.join(words)} said:\n{said}{complained}"
        return said


class Sites:
    """Creates sites on the run's database, in the folder `parent`. `shared` is one that all workers of the run have."""

    def __init__(self, parent, postgres, worker, shared=None):
        self.parent = parent
        self.shared = shared or parent
        self.postgres = postgres
        self.names = (f"site_{worker}_{number}" for number in itertools.count(1))

    def empty(self):
        """Returns a site without tables."""
        return self._empty(self.parent / next(self.names))

    def migrated(self):
        """Returns a site with all tables, but no accounts."""
        return self.copy(self._model("db upgrade"))

    def seeded(self):
        """Returns a site with the demo accounts."""
        return self.copy(self._model("db upgrade", "demo seed"))

    def remove(self, site):
        """Deletes a site and closes its connections."""
        if self.postgres:
            self.postgres.drop(site.folder.name)
        shutil.rmtree(site.folder, ignore_errors=True)

    def _model(self, *commands):
        """Returns the site that the commands make. The first worker that needs it makes it, and the others wait meanwhile."""
        folder = self.shared / "_".join(["model", *commands]).replace(" ", "_")
        made = folder.with_suffix(".made")
        with locked(folder.with_suffix(".lock")):
            if not made.exists():
                *earlier, last = commands
                site = self._copy(self._model(*earlier), folder) if earlier else self._empty(folder)
                site.flask(*last.split())
                made.touch()
        return Site(folder, self._url(folder, self.postgres and self.postgres.url(folder.name)))

    def copy(self, model):
        """Returns a copy of a site without connections."""
        return self._copy(model, self.parent / next(self.names))

    def _empty(self, folder):
        folder.mkdir()
        return Site(folder, self._url(folder, self.postgres and self.postgres.create(folder.name)))

    def _copy(self, model, folder):
        shutil.copytree(model.folder, folder)
        return Site(folder, self._url(folder, self.postgres and self.postgres.create(folder.name, model.folder.name)))

    def keep(self, site):
        """Returns a snapshot of a site without connections (`put_back`, `close`)."""
        return self.postgres.keep(site.folder.name) if self.postgres else KeptFile(site.folder / DATABASE)

    @staticmethod
    def _url(folder, url):
        return url or f"sqlite:///{folder / DATABASE}"


@contextlib.contextmanager
def locked(file):
    """Holds a file's lock for the duration of the block, against the run's other workers."""
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


class KeptFile:
    """A snapshot of an SQLite database's rows, restored over a connection, so that those of the portal can stay open.

    Only tables that have changed are written. A copy of the whole file would cost the portal each statement that it has prepared.
    """

    def __init__(self, file):
        self.connection = sqlite3.connect(file, isolation_level=None)
        self.connection.execute("PRAGMA synchronous=OFF")
        self.rows = {name: self._read(name) for name in self._read_tables()}
        self.version = self._read_version()

    def put_back(self):
        """Restores the rows, if another connection has written since, and forgets statistics: queries would be planned by them."""
        if self._read_version() == self.version:
            return
        self.connection.execute("BEGIN IMMEDIATE")
        for name in self._read_tables() - self.rows.keys():
            self.connection.execute(f'DROP TABLE "{name}"')
        for name in [name for name, rows in self.rows.items() if self._read(name) != rows]:
            self.connection.execute(f'DELETE FROM "{name}"')
            for row in self.rows[name]:
                self.connection.execute(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(row))})', row)
        self.connection.execute("COMMIT")
        self.version = self._read_version()

    def close(self):
        """Closes the connection."""
        self.connection.close()

    def _read_tables(self):
        return {name for (name,) in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def _read(self, table):
        return self.connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid').fetchall()

    def _read_version(self):
        return self.connection.execute("PRAGMA data_version").fetchone()[0]


def pytest_addoption(parser):
    """Adds the option for the database."""
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="the database that the tests run on")
    parser.addoption("--draw-pictures", action="store_true", help="draw the pictures in Help's articles anew")


def pytest_report_header(config):
    """Shows the database in the header of the run."""
    return f"database: {config.getoption('database')}"


def pytest_configure(config):
    """Hides the caller's settings from the tests; starts PostgreSQL once per run, in the controller process."""
    for name in [name for name in os.environ if name.startswith("PORTAL_") or name in ("HOST", "PORT")]:
        del os.environ[name]
    config.postgres = None
    if config.getoption("database") != "postgresql" or config.option.collectonly:
        return
    if hasattr(config, "workerinput"):
        config.postgres = Postgres(config.workerinput["postgres"])
        return
    running = running_postgres()
    config.postgres = running.__enter__()
    config.add_cleanup(lambda: running.__exit__(None, None, None))


def pytest_collection_modifyitems(config, items):
    """On PostgreSQL, runs only what can reach it, and tests of both browser modes in one: the database cannot tell them apart.

    On SQLite, skips tests that are about PostgreSQL.
    """
    if config.getoption("database") == "postgresql":
        again = [item for item in items if not meets_database(item)]
    else:
        again = [item for item in items if item.get_closest_marker("postgresql")]
    config.hook.pytest_deselected(items=again)
    items[:] = [item for item in items if item not in set(again)]


def meets_database(item):
    """Returns whether a test requests the run's database, directly or through other fixtures.

    Not the htmx twin of one, and not what is marked `once`, since no database can answer it differently.
    """
    is_twin = hasattr(item, "callspec") and item.callspec.params.get("browser") == "htmx"
    is_once = item.get_closest_marker("once") is not None
    return not (is_twin or is_once) and ("postgres" in item.fixturenames or item.get_closest_marker("postgresql") is not None)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Passes the server's location to an xdist worker."""
    node.workerinput["postgres"] = node.config.postgres and str(node.config.postgres.folder)


@pytest.fixture(scope="session")
def postgres(pytestconfig):
    """The running PostgreSQL, or None on SQLite."""
    return pytestconfig.postgres


@pytest.fixture(scope="session")
def sites(postgres, tmp_path_factory):
    """The factory of sites."""
    worker, own = os.environ.get("PYTEST_XDIST_WORKER"), tmp_path_factory.getbasetemp()
    return Sites(tmp_path_factory.mktemp("sites"), postgres, worker or "main", own.parent if worker else own)


@pytest.fixture
def site(sites):
    """A site for this test, with the demo accounts."""
    site = sites.seeded()
    yield site
    sites.remove(site)


@pytest.fixture
def bare_site(sites):
    """A site for this test, with all tables, but no accounts."""
    site = sites.migrated()
    yield site
    sites.remove(site)
