"""Sites: an instance folder and the database that belongs to it, fresh for each test that asks for one.

One site per worker is made by the portal's own commands (`db upgrade`, `demo seed`); the others are copies of it, which
takes milliseconds on SQLite and some tens of them on PostgreSQL. Where one process has a site for itself, putting its rows back
takes milliseconds on both.
"""

import itertools
import os
import shutil
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
    """Where one portal keeps its keys and its rows."""

    folder: Path
    database_url: str

    @property
    def environment(self):
        """Returns the settings that lead the portal here, the test bench switched on, and nothing of the caller's own."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "COVERAGE_PROCESS_START") if name in os.environ}
        return {
            **kept,
            "PORTAL_INSTANCE": str(self.folder),
            "PORTAL_DATABASE_URL": self.database_url,
            "PORTAL_TEST_BENCH": "1",
        }

    def flask(self, *words, **settings):
        """Runs `flask --app wsgi …` on this site; returns what it printed, fails with its own words."""
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
    """Makes sites on the database of this run."""

    def __init__(self, parent, postgres, worker):
        self.parent = parent
        self.postgres = postgres
        self.names = (f"site_{worker}_{number}" for number in itertools.count(1))
        self.models = {}

    def empty(self):
        """Returns a site without a single table."""
        name = next(self.names)
        folder = self.parent / name
        folder.mkdir()
        return Site(folder, self._url(folder, self.postgres and self.postgres.create(name)))

    def migrated(self):
        """Returns a site with every table and nobody in it."""
        return self.copy(self._model("db upgrade"))

    def seeded(self):
        """Returns a site with the demo accounts."""
        return self.copy(self._model("db upgrade", "demo seed"))

    def remove(self, site):
        """Takes a site away, whoever may still be connected to it."""
        if self.postgres:
            self.postgres.drop(site.folder.name)
        shutil.rmtree(site.folder, ignore_errors=True)

    def _model(self, *commands):
        if commands not in self.models:
            site = self.empty()
            for command in commands:
                site.flask(*command.split())
            self.models[commands] = site
        return self.models[commands]

    def copy(self, model):
        """Returns a site like another one, which nobody is connected to."""
        name = next(self.names)
        folder = shutil.copytree(model.folder, self.parent / name)
        return Site(folder, self._url(folder, self.postgres and self.postgres.create(name, model.folder.name)))

    def keep(self, site):
        """Returns what puts the rows of a site back to what they are now (`put_back`, `close`); nobody is connected to it."""
        return self.postgres.keep(site.folder.name) if self.postgres else KeptFile(site.folder / DATABASE)

    @staticmethod
    def _url(folder, url):
        return url or f"sqlite:///{folder / DATABASE}"


class KeptFile:
    """The file of an SQLite database as it was at one moment."""

    def __init__(self, file):
        self.file = file
        self.kept = file.read_bytes()

    def put_back(self):
        """Makes the file what it was."""
        for name in (f"{DATABASE}-wal", f"{DATABASE}-shm", DATABASE):
            self.file.with_name(name).unlink(missing_ok=True)
        self.file.write_bytes(self.kept)

    def close(self):
        """Lets go of it."""


def pytest_addoption(parser):
    """Gives the suite its one choice: the database below it."""
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="the database that the tests run on")


def pytest_report_header(config):
    """Names the database in the first lines of the run."""
    return f"database: {config.getoption('database')}"


def pytest_configure(config):
    """Hides the caller's settings from the tests; starts PostgreSQL once per run, in the process that the workers answer to."""
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
    """On PostgreSQL a test with two guises runs in one: which of them a browser has is nothing that the database can see.

    On SQLite the tests are left out that ask what PostgreSQL alone can answer.
    """
    if config.getoption("database") == "postgresql":
        again = [item for item in items if hasattr(item, "callspec") and item.callspec.params.get("browser") == "htmx"]
    else:
        again = [item for item in items if item.get_closest_marker("postgresql")]
    config.hook.pytest_deselected(items=again)
    items[:] = [item for item in items if item not in set(again)]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tells a worker of pytest-xdist where the server is."""
    node.workerinput["postgres"] = node.config.postgres and str(node.config.postgres.folder)


@pytest.fixture(scope="session")
def postgres(pytestconfig):
    """The running PostgreSQL, or None where the suite runs on SQLite."""
    return pytestconfig.postgres


@pytest.fixture(scope="session")
def sites(postgres, tmp_path_factory):
    """The maker of sites."""
    return Sites(tmp_path_factory.mktemp("sites"), postgres, os.environ.get("PYTEST_XDIST_WORKER", "main"))


@pytest.fixture
def site(sites):
    """A site of this test's own, with the demo accounts."""
    site = sites.seeded()
    yield site
    sites.remove(site)


@pytest.fixture
def bare_site(sites):
    """A site of this test's own, with every table and nobody in it."""
    site = sites.migrated()
    yield site
    sites.remove(site)
