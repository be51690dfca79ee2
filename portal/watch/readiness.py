"""Whether the portal can serve: database, migrations, rights, clock, keys, and queue, asked in a thread that nobody has to wait for."""

import logging
import re
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.crypto import Keyring, SealBroken
from portal.models import Base, User
from portal.models.user import user_place
from portal.settings.watching import CLOCK_APART_SECONDS, READY_KEPT_SECONDS, READY_SECONDS, ROWS_OPENED

if TYPE_CHECKING:
    from portal.queue import Queue

log = logging.getLogger(__name__)
DATABASE, MIGRATIONS, RIGHTS, CLOCK, KEYS, QUEUE = "database", "migrations", "rights", "clock", "keys", "queue"
MIGRATION_FILES = Path(__file__).parent.parent / "migrations"
REVISION = re.compile(r"^(revision|down_revision) = (?:\"(\w+)\"|None)", re.MULTILINE)
APPLIED = text("SELECT version_num FROM alembic_version")
LACKING = text(
    "SELECT count(*) FROM unnest(CAST(:tables AS text[])) AS name"
    " WHERE NOT has_table_privilege(to_regclass(name), 'SELECT') OR NOT has_table_privilege(to_regclass(name), 'INSERT')"
)
DATABASE_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())")
NEWEST = select(User.id, User.password_sealed).order_by(User.id.desc()).limit(ROWS_OPENED)


class Unready(Exception):
    """A check has failed."""


class Readiness:
    """One process's answer. All who ask within a second share one look, and none waits longer than READY_SECONDS."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.lock = threading.Lock()
        self.under_way: threading.Event | None = None
        self.began = float("-inf")
        self.step = DATABASE  # what is being asked
        self.failed = ""  # what the last look found, if it found something
        self.until = float("-inf")  # how long that counts

    def failure(self) -> str:
        """What keeps the portal from being ready, "" if nothing does."""
        under_way = self.begin()
        left = self.began + READY_SECONDS - clock.monotonic()
        if under_way and not under_way.wait(max(0.0, left)):  # who asks later finds that it hangs, and waits no more
            return self.step
        return self.failed

    def begin(self) -> threading.Event | None:
        """The look that is under way, begun now if the last one is over; None while the last one counts."""
        with self.lock:
            if self.under_way is None and clock.monotonic() > self.until:
                self.under_way, self.began = threading.Event(), clock.monotonic()
                threading.Thread(target=self.look, args=(self.under_way,), name="readiness", daemon=True).start()
            return self.under_way

    def look(self, done: threading.Event) -> None:
        """Ask everything, and take down what failed first."""
        failed: str | None = None
        try:
            failed = self.find_failure()
        finally:
            with self.lock:
                is_new = failed != self.failed
                self.failed = self.step if failed is None else failed
                self.until, self.under_way = clock.monotonic() + READY_KEPT_SECONDS, None
            if self.failed and is_new:
                log.error("the portal is not ready: %s", self.failed)
            done.set()

    def find_failure(self) -> str:
        self.step = DATABASE
        try:
            with self.app.extensions["migrations_engine"].connect() as connection:  # of its own: pages may use all of the others
                checks: dict[str, Callable[[], object]] = {
                    MIGRATIONS: lambda: check_migrations(connection),
                    RIGHTS: lambda: check_rights(connection),
                    CLOCK: lambda: check_clock(connection),
                    KEYS: lambda: check_keys(connection, self.app.extensions["keys"]),
                    QUEUE: self.check_queue,
                }
                for self.step, check in checks.items():
                    check()
        except (SQLAlchemyError, Unready):
            return self.step
        return ""

    def check_queue(self) -> None:
        """Redis answers, if the queue is there."""
        queue: Queue = self.app.extensions["queue"]
        if queue.is_away():
            raise Unready


@cache
def known_migrations() -> tuple[str, frozenset[str]]:
    """The newest migration of this code, and the names of all of them; read as text, since Alembic takes a third of the start."""
    pairs = [dict(REVISION.findall(file.read_text())) for file in MIGRATION_FILES.glob("[0-9]*.py")]
    names = frozenset(each["revision"] for each in pairs)
    (newest,) = names - {each.get("down_revision") for each in pairs}
    return newest, names


def check_migrations(connection: Connection) -> None:
    """The database has this code's newest migration, or newer ones, which are made to run while this code still serves."""
    newest, known = known_migrations()
    applied = set(connection.scalars(APPLIED))
    if newest not in applied and not applied - known:
        raise Unready


def check_rights(connection: Connection) -> None:
    """On PostgreSQL, the role may read and add to every table: after an upgrade, it has to be given the rights on new ones."""
    if connection.dialect.name == "postgresql" and connection.scalar(LACKING, {"tables": sorted(Base.metadata.tables)}):
        raise Unready


def check_clock(connection: Connection) -> None:
    """Our clock is at most two seconds from the database's. SQLite has none of its own."""
    if connection.dialect.name == "sqlite":
        return
    ahead = clock.ahead_by().total_seconds() if clock.ahead_by else 0.0  # by the test bench
    before = clock.now().timestamp() - ahead
    theirs = float(connection.scalar(DATABASE_CLOCK) or 0)
    after = clock.now().timestamp() - ahead
    if max(before - theirs, theirs - after) > CLOCK_APART_SECONDS:
        raise Unready


def check_keys(connection: Connection, keys: Keyring) -> None:
    """The keys open one of the newest accounts' passwords, if there is an account."""
    rows = connection.execute(NEWEST).all()
    if rows and not any(opens(keys, sealed, user_place(user_id, "password")) for user_id, sealed in rows):
        raise Unready


def opens(keys: Keyring, sealed: bytes, place: str) -> bool:
    """Whether the keys open a value. What is in it is looked at by nobody."""
    try:
        keys.open(sealed, place)
    except SealBroken:
        return False
    return True
