"""A portal and a worker with all logging at DEBUG: requests, SQL statements, libraries."""

import json
import logging
import sys

from tests.support.outbox import Worker
from tests.support.rows import Rows, loot

LOUD = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "DEBUG", "handlers": ["console"]},
    "loggers": {
        name: {"level": "DEBUG", "propagate": True} for name in ("gunicorn.error", "gunicorn.access", "sqlalchemy.engine")
    },
}
FAIL = {
    "sqlite": ("CREATE TRIGGER broken_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END",),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION broken() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'broken on purpose'; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION broken()",
    ),
}


def said(site):
    """Returns the environment for gunicorn at DEBUG."""
    loud = site.folder / "logging.json"
    loud.write_text(json.dumps(LOUD))
    return {"GUNICORN_CMD_ARGS": f"--access-logfile=- --log-level=debug --log-config-json={loud}"}


class LoudWorker(Worker):
    """The queue's worker with every logger at DEBUG."""

    command = ("tests.support.loud",)


def break_inserts(site, table):
    """Makes every transaction fail that writes to a table."""
    rows = Rows(site)
    rows.change(*(line.format(table=table) for line in FAIL["sqlite" if rows.is_sqlite else "postgresql"]))


def heap(server, postgres):
    """Returns the database, the instance folder and the logs as bytes."""
    files = [path.read_bytes() for path in sorted(server.site.folder.rglob("*")) if path.is_file()]
    return b"\n".join([loot(server.site, postgres), *files])


if __name__ == "__main__":
    from flask.cli import main

    logging.basicConfig(level=logging.DEBUG, format=LOUD["formatters"]["plain"]["format"])
    for name in LOUD["loggers"]:
        logging.getLogger(name).setLevel(logging.DEBUG)
    sys.argv = ["flask", "--app", "wsgi", "queue", "work"]
    main()
