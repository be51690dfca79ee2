"""The tests' PostgreSQL starts, copies databases, and leaves nothing behind, however the run ends."""

import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy

from tests.support.postgres import running_postgres
from tests.support.processes import ROOT

KILLED = """
import os
from tests.support.postgres import running_postgres
with running_postgres() as postgres:
    print(postgres.folder, flush=True)
    os.kill(os.getpid(), 9)
"""


def gone(folder, seconds=20):
    """Returns whether a folder disappears before the timeout."""
    deadline = time.monotonic() + seconds
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return not folder.exists()


def ask(url, *statements):
    """Runs statements on a database; returns the first column of the last one's first row."""
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        answers = [connection.execute(sqlalchemy.text(statement)) for statement in statements]
        found = answers[-1].scalar()
    engine.dispose()
    return found


def test_a_copy_holds_what_the_model_held_and_then_goes_its_own_way():
    with running_postgres() as postgres:
        model = postgres.create("model")
        ask(model, "CREATE TABLE person (name text)", "INSERT INTO person VALUES ('maria')", "SELECT 1")
        copy = postgres.create("copy", "model")
        assert ask(copy, "INSERT INTO person VALUES ('jun')", "SELECT count(*) FROM person") == 2
        assert ask(model, "SELECT count(*) FROM person") == 1
        assert "maria" in postgres.dump("model")
        postgres.drop("copy")
        folder = postgres.folder
    assert gone(folder)


def test_a_run_that_is_killed_leaves_no_server_and_no_folder():
    result = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == -9
    assert gone(Path(result.stdout.strip()))
