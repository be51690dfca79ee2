"""Outbox rows as a flow would write them, and the queue worker as a process that can be killed."""

import contextlib
import os
import signal
import subprocess
import time

import redis
from sqlalchemy import select

from portal.db import begin_write, db
from portal.flows.messages.notices import outbox_place
from portal.models import Outbox, User, new_id
from tests.support.processes import Fork

NUMBER = "+15035550164"
HASTY = "tests.support.hasty"


def put_texts(app, now, words, life):
    """Adds texts to the outbox in one transaction; returns their IDs. `life`: the timedelta until they expire."""
    keys = app.extensions["keys"]
    with app.app_context():
        session = begin_write()
        user_id = session.scalar(select(User.id).where(User.username == "maria"))
        rows = [
            Outbox(
                id=(row_id := new_id()),
                user_id=user_id,
                kind="text",
                template="code",
                facts={},
                to_sealed=keys.seal(NUMBER, outbox_place(row_id, "to")),
                body_sealed=keys.seal(each, outbox_place(row_id, "body")),
                created_at=now,
                expires_at=now + life,
            )
            for each in words
        ]
        session.add_all(rows)
        session.commit()
        return [row.id for row in rows]


def row_of(app, outbox_id):
    """Returns the current row."""
    with app.app_context():
        return db.session.get_one(Outbox, outbox_id)


def until(true, seconds=30):
    """Waits until a function returns something true; returns its last value, even if time ran out."""
    deadline = time.monotonic() + seconds
    while not (said := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return said


class Worker:
    """`flask queue work` on a site; `app` names the module to run instead of wsgi.py."""

    command = None  # set by subclasses with another command line

    def __init__(self, site, app="wsgi", **settings):
        self.site, self.environment = site, site.environment | settings
        self.command = self.command or ["flask", "--app", app, "queue", "work"]
        self.log = site.folder / "worker.log"
        self.process = None

    def start(self):
        """Starts the worker without waiting."""
        self.process = Fork(self.command, self.environment, self.log)
        return self

    def kill(self):
        """Kills it with SIGKILL."""
        self.end(signal.SIGKILL)

    def end(self, by=signal.SIGTERM):
        """Stops it with a signal."""
        if self.process:
            self.process.send_signal(by)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(40)
            self.process.kill()
            self.process.wait()
        self.process = None


@contextlib.contextmanager
def running_worker(site, app="wsgi", kind=Worker, **settings):
    """Yields a running Worker."""
    worker = kind(site, app, **settings).start()
    try:
        yield worker
    finally:
        worker.kill()


@contextlib.contextmanager
def running_redis(folder, port):
    """Yields the URL of a new Redis on a free loopback port."""
    command = (
        "redis-server",
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    )
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env={"PATH": os.defpath})
    try:
        client = redis.Redis(port=port)
        assert until(lambda: answers(client), 10), "Redis did not come up"
        client.close()
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def answers(client):
    """Returns whether a Redis server is installed."""
    with contextlib.suppress(redis.ConnectionError):
        return client.ping()
    return False
