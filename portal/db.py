"""The database engine and session, with the same behavior on SQLite and PostgreSQL."""

import sqlite3
from functools import partial
from inspect import signature
from typing import Any, cast

from flask import Flask, current_app, g
from sqlalchemy import Connection, Delete, Engine, NullPool, Update, create_engine, event, insert
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, UOWTransaction, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from portal.settings import config, postgres
from portal.settings.addresses import SettingError
from portal.write_line import LinedConnection, WriteLine

SQLiteValue = str | bytes | float | None


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
    """Create an engine whose waits are bounded, so that a busy database leads to an error page instead of a hang."""
    of_driver = {"timeout": config.DATABASE_WAIT_SECONDS, "check_same_thread": False, "factory": LinedConnection}
    if not url.startswith("sqlite"):
        try:
            return create_engine(url, hide_parameters=True, **on_postgres, **also)
        except ModuleNotFoundError as error:
            raise SettingError(
                f"PORTAL_DATABASE_URL needs {error.name}. Install the extra postgres, or use sqlite:///."
            ) from error
    engine = create_engine(url, hide_parameters=True, connect_args=of_driver, **also)
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", partial(begin_transaction, line=WriteLine()))
    return engine


def check_database(engine: Engine) -> None:
    """What can be known of a database at the start. Raises SettingError if it can't be used."""
    if engine.dialect.name == "sqlite":
        check_sqlite(engine)
    else:
        check_postgres(engine)


def check_postgres(engine: Engine) -> None:
    """Look at the options of a PostgreSQL URL, at startup. Raises SettingError if there is none of that name.

    The server is not asked: it may start after the portal, whose pages answer 503 until then.
    """
    from psycopg import Connection, ProgrammingError
    from psycopg.conninfo import make_conninfo

    of_library = set(engine.url.query) - set(signature(Connection.connect).parameters)  # libpq's; the others are psycopg's own
    try:
        make_conninfo(**dict.fromkeys(of_library, ""))
    except ProgrammingError as error:
        raise SettingError(f"PORTAL_DATABASE_URL has an option that PostgreSQL doesn't know ({str(error).strip()}).") from error


def check_sqlite(engine: Engine) -> None:
    """Write to a SQLite file once, at startup. Raises SettingError if that fails for another reason than a lock."""
    try:
        with engine.execution_options(writes=True).begin() as connection:
            connection.exec_driver_sql(f"PRAGMA user_version = {connection.exec_driver_sql('PRAGMA user_version').scalar()}")
    except DBAPIError as error:
        name = getattr(error.orig, "sqlite_errorname", "")
        if not name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise SettingError(
                f"PORTAL_DATABASE_URL: {engine.url.database} can't be used ({error.orig}). Free some space, or name another file."
            ) from error


def prepare_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    """Enable WAL and foreign keys, and disable the driver's implicit BEGIN, which loses concurrent updates."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, lowercase, deterministic=True)  # SQLite's own handles ASCII only


def lowercase(text: SQLiteValue) -> SQLiteValue:
    """SQLite's lower() for every script, as on PostgreSQL."""
    return text.lower() if isinstance(text, str) else text


def begin_transaction(connection: Connection, line: WriteLine) -> None:
    """Lock SQLite at the start of a write transaction, not of a read-only one. The threads of this process stand in line for it."""
    if not connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("BEGIN")
        return
    lined = cast(LinedConnection, connection.connection.driver_connection)
    lined.take_turn(line, config.DATABASE_WAIT_SECONDS)
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except BaseException:
        lined.leave_line()
        raise


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
