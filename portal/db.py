"""The engine and the session: SQLite and PostgreSQL under one set of habits."""

import sqlite3
from typing import Any

from flask import Flask, current_app, g
from sqlalchemy import Connection, Delete, Engine, NullPool, Update, create_engine, event, insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, UOWTransaction, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from portal.settings import config, postgres

SQLiteValue = str | bytes | float | None


class DatabaseSession(Session):
    """The portal's own kind: what is listened to below is listened to here, and at no other session of the process."""


BUSY = (OperationalError, PoolTimeoutError)  # the database did not answer in time, or every connection to it was taken


class Database:
    """One engine an app, one session an app context."""

    def init_app(self, app: Flask, url: str, connections: int = config.DATABASE_CONNECTIONS) -> None:
        """Make the engines, for pages and for migrations; sessions are closed with their context."""
        app.extensions["engine"] = engine = make_engine(url, postgres.engine_options(connections))
        app.extensions["migrations_engine"] = make_engine(url, postgres.migration_options(), poolclass=NullPool)
        app.extensions["sessions"] = sessionmaker(engine, class_=DatabaseSession, expire_on_commit=False)
        app.teardown_appcontext(self.close)

    @property
    def engine(self) -> Engine:
        engine: Engine = current_app.extensions["engine"]
        return engine

    @property
    def session(self) -> Session:
        """The session of this request or command; it opens a connection when it is first used."""
        if "db_session" not in g:
            g.db_session = current_app.extensions["sessions"]()
        session: Session = g.db_session
        return session

    @staticmethod
    def close(error: BaseException | None = None) -> None:
        session = g.pop("db_session", None)
        if session is not None:
            session.close()


db = Database()


def make_engine(url: str, on_postgres: dict[str, Any], **also: Any) -> Engine:
    """An engine whose waits are bounded, so that a busy database becomes a sentence."""
    on_sqlite = {"connect_args": {"timeout": config.DATABASE_WAIT_SECONDS, "check_same_thread": False}}
    if not url.startswith("sqlite"):
        return create_engine(url, hide_parameters=True, **on_postgres, **also)
    engine = create_engine(url, hide_parameters=True, **on_sqlite, **also)
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", choose_begin)
    return engine


def prepare_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    """WAL, foreign keys, and a driver that leaves BEGIN to us (its default loses concurrent updates)."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, fold, deterministic=True)  # its own knows the 26 letters of English alone


def fold(text: SQLiteValue) -> SQLiteValue:
    """What lower() is on SQLite: that of every script, as on PostgreSQL."""
    return text.lower() if isinstance(text, str) else text


def choose_begin(connection: Connection) -> None:
    """A writer takes SQLite's lock at once; a page that only reads does not wait for it."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class PendingChangesError(RuntimeError):
    """A transaction was about to be dropped with what it has written: a fault of the flow, never of the person."""


def begin_write() -> Session:
    """End the reading transaction and open one that may write. The flow that asks for it commits it.

    Raises PendingChangesError where the open transaction has changes: they are committed or rolled back first.
    """
    if has_changes(db.session):
        raise PendingChangesError("begin_write() inside a transaction that has changes: commit it or roll it back first.")
    db.session.rollback()
    db.session.connection(execution_options={"writes": True})
    return db.session


def change(statement: Update | Delete) -> int:
    """Execute an UPDATE or DELETE in the open transaction; returns how many rows it met. Loaded rows are not refreshed."""
    db.session.flush()
    db.session.info[CHANGED] = True
    return db.session.connection().execute(statement).rowcount


AT_COMMIT = "rows that go in with the commit"
CHANGED = "the open transaction has changed rows"


def has_changes(session: Session) -> bool:
    """Whether a rollback would lose something: rows that wait, or statements that were sent."""
    waiting = session.new or session.deleted or session.info.get(AT_COMMIT)
    return bool(waiting or session.info.get(CHANGED) or any(map(session.is_modified, session.dirty)))


def add_at_commit(model: type[DeclarativeBase], **columns: Any) -> None:
    """A row that is only written: it goes in with the commit, all rows of a model by one INSERT (a rollback forgets it)."""
    db.session.info.setdefault(AT_COMMIT, {}).setdefault(model, []).append(columns)


@event.listens_for(DatabaseSession, "before_commit")
def insert_rows(session: Session) -> None:
    session.flush()  # what the rows refer to goes first
    for model, rows in session.info.pop(AT_COMMIT, {}).items():
        session.execute(insert(model), rows)


@event.listens_for(DatabaseSession, "do_orm_execute")
def note_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        state.session.info[CHANGED] = True


@event.listens_for(DatabaseSession, "after_flush")
def note_flush(session: Session, context: UOWTransaction) -> None:
    session.info[CHANGED] = True


@event.listens_for(DatabaseSession, "after_commit")
def forget_changes(session: Session) -> None:
    session.info.pop(CHANGED, None)


@event.listens_for(DatabaseSession, "after_rollback")
def forget_rows(session: Session) -> None:
    session.info.pop(AT_COMMIT, None)
    session.info.pop(CHANGED, None)


def end_read() -> None:
    """Give the connection back before slow work (password hashing), so that nothing waits for it."""
    db.session.rollback()
