"""The database session: one per request, with write transactions that are begun and committed on purpose."""

from typing import Any

from flask import Flask, current_app, g
from sqlalchemy import Delete, Engine, NullPool, Update, event, insert
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, UOWTransaction, sessionmaker

from portal.engines import make_engine
from portal.settings import config, postgres


class DatabaseSession(Session):
    """The portal's session class: the event listeners below apply to it and to no other session in the process."""


BUSY = (OperationalError, PoolTimeoutError)  # the database timed out, or the connection pool was exhausted


class Database:
    """One engine per app, one session per app context.

    Plain SQLAlchemy: the teardown of Flask-SQLAlchemy-Lite runs an event loop at the end of each request, and fails if one is
    already running.
    """

    def init_app(self, app: Flask, url: str, connections: int = config.DATABASE_CONNECTIONS) -> None:
        """Create the engines for pages and for migrations. The app context closes its session."""
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
        """The session of this request or command. It connects on first use."""
        session: Session | None = g.get("db_session")
        if session is None:
            session = g.db_session = current_app.extensions["sessions"]()
        return session

    @staticmethod
    def close(error: BaseException | None = None) -> None:
        session = g.pop("db_session", None)
        if session is not None:
            session.close()


db = Database()


class PendingChangesError(RuntimeError):
    """A flow was about to discard a transaction that has changes: a bug in the flow."""


def begin_write() -> Session:
    """End the read transaction and begin a write transaction, which the calling flow commits.

    Raises PendingChangesError if the open transaction has changes: commit it or roll it back first.
    """
    if has_changes(db.session):
        raise PendingChangesError("begin_write() inside a transaction that has changes: commit it or roll it back first.")
    db.session.rollback()
    db.session.connection(execution_options={"writes": True})
    return db.session


def change(statement: Update | Delete) -> int:
    """Execute an UPDATE or DELETE in the open transaction and return its row count. Loaded objects are not refreshed."""
    db.session.flush()
    db.session.info[HAS_WRITES] = True
    return db.session.connection().execute(statement).rowcount


def insert_or_update(model: type[DeclarativeBase]) -> sqlite_dialect.Insert | postgresql_dialect.Insert:
    """An INSERT that can take `on_conflict_do_update`, which both databases write alike."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    return sqlite_dialect.insert(model) if is_sqlite else postgresql_dialect.insert(model)


# Keys of Session.info.
PENDING_INSERTS = "rows to insert at commit"
HAS_WRITES = "the open transaction has changed rows"


def has_changes(session: Session) -> bool:
    """Whether a rollback would lose something: pending rows or executed statements."""
    pending = session.new or session.deleted or session.info.get(PENDING_INSERTS)
    return bool(pending or session.info.get(HAS_WRITES) or any(map(session.is_modified, session.dirty)))


def add_at_commit(model: type[DeclarativeBase], **columns: Any) -> None:
    """Queue a row to insert at commit, all rows of a model in one INSERT. A rollback discards it."""
    db.session.info.setdefault(PENDING_INSERTS, {}).setdefault(model, []).append(columns)


@event.listens_for(DatabaseSession, "before_commit")
def insert_pending_rows(session: Session) -> None:
    session.flush()  # first the rows that these refer to
    for model, rows in session.info.pop(PENDING_INSERTS, {}).items():
        session.execute(insert(model), rows)


@event.listens_for(DatabaseSession, "do_orm_execute")
def mark_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        state.session.info[HAS_WRITES] = True


@event.listens_for(DatabaseSession, "after_flush")
def mark_flush(session: Session, context: UOWTransaction) -> None:
    session.info[HAS_WRITES] = True


@event.listens_for(DatabaseSession, "after_commit")
def clear_writes(session: Session) -> None:
    session.info.pop(HAS_WRITES, None)


@event.listens_for(DatabaseSession, "after_rollback")
def clear_transaction(session: Session) -> None:
    session.info.pop(PENDING_INSERTS, None)
    session.info.pop(HAS_WRITES, None)


def end_read() -> None:
    """Return the connection to the pool before slow work such as password hashing."""
    db.session.rollback()
