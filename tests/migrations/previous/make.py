"""Made the dumps beside it, with the code of the previous release; run again from a checkout of the next one before it is left.

    git worktree add ../previous f55e79d && cd ../previous
    PYTHONPATH=. python ../this-repository/tests/migrations/previous/make.py ../this-repository/tests/migrations/previous

It seeds the demo accounts, sets maria up with an authenticator app, and writes every row as SQL. All data are those of the demo
accounts; both keys are made up for this test, stand here in the open, and protect nothing else.
"""

import contextlib
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from portal import clock, create_app
from portal.flows import demo
from portal.settings import load
from tests.support.client import Browser
from tests.support.people import Person
from tests.support.postgres import _binaries, running_postgres

KEYS = {
    "PORTAL_SECRET_KEY": "previous-release-0123456789-abcdefghijklmnop",
    "PORTAL_ENCRYPTION_KEYS": "test:cHJldmlvdXMgcmVsZWFzZSwgYSB0ZXN0J3Mga2V5MDE=",
}


def fill(folder, url):
    """Migrates and seeds a database, and sets maria up as her browser would."""
    app = create_app(load(KEYS | {"PORTAL_INSTANCE": str(folder), "PORTAL_DATABASE_URL": url}))
    with app.app_context():
        app.extensions["alembic"].upgrade()
        demo.seed(app.extensions["keys"], clock.now())
    maria = Person("maria", demo.PASSWORD, "Maria Reyes", clock=SimpleNamespace(now=clock.now()))
    browser = Browser(app)
    browser.enter(maria).set_up(maria)
    assert browser.heading == "Save your backup codes", browser.text
    app.extensions["engine"].dispose()


def dump(postgres):
    """Returns the database as statements that any client can send: rows as INSERT, no owner, none of psql's own words."""
    options = ("--inserts", "--no-owner", "--no-privileges", "-h", postgres.folder / "socket", "-U", "postgres", "previous")
    whole = subprocess.run([_binaries(postgres.folder) / "pg_dump", *options], check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in whole.splitlines() if line and not line.startswith(("\\", "--"))) + "\n"


def main(target):
    """Writes sqlite.sql and postgresql.sql."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "portal.sqlite3")
        fill(Path(name), f"sqlite:///{file}")
        with contextlib.closing(sqlite3.connect(file)) as connection:
            (target / "sqlite.sql").write_text("\n".join(connection.iterdump()) + "\n")
    with tempfile.TemporaryDirectory() as name, running_postgres() as postgres:
        fill(Path(name), postgres.create("previous"))
        (target / "postgresql.sql").write_text(dump(postgres))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
