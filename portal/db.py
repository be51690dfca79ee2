"""The database session: one per request, with write transactions that are begun and committed on purpose."""

import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, current_app, g
from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Connection,
    CursorResult,
    Delete,
    Engine,
    Executable,
    Insert,
    NullPool,
    String,
    Table,
    Update,
    event,
    func,
    insert,
    inspect,
    literal_column,
)
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import (
    DeclarativeBase,
    InstrumentedAttribute,
    ORMExecuteState,
    Session,
    UOWTransaction,
    make_transient_to_detached,
    sessionmaker,
)
from sqlalchemy.orm.attributes import set_committed_value

from portal.engines import make_engine
from portal.settings import config, postgres

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Row = TypeVar("Row", bound=DeclarativeBase)


class DatabaseSession(Session):
    """The portal's session class: the event listeners below apply to it and to no other session in the process."""


log = logging.getLogger(__name__)
BUSY = (OperationalError, PoolTimeoutError)  # the database timed out, or the connection pool was exhausted


def reason_of(error: BaseException) -> str:
    """What the driver said, in a line."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


class Database:
    """One engine per app, one session per app context.

    Plain SQLAlchemy: the teardown of Flask-SQLAlchemy-Lite runs an event loop at the end of each request, and fails if one is
    already running.
    """

    def init_app(
        self, app: Flask, url: str, connections: int = config.DATABASE_CONNECTIONS, pooler: str = postgres.NO_POOLER
    ) -> None:
        """Create the engines for pages and for migrations. The app context closes its session."""
        app.extensions["engine"] = engine = make_engine(url, postgres.engine_options(connections, pooler), postgres.begin_page())
        app.extensions["migrations_engine"] = make_engine(
            url, postgres.migration_options(pooler), postgres.begin_migration(), poolclass=NullPool
        )
        app.extensions["sessions"] = sessionmaker(engine, class_=DatabaseSession, expire_on_commit=False)
        app.teardown_appcontext(self.close)

    @property
    def engine(self) -> Engine:
        engine: Engine = current_app.extensions["engine"]
        return engine

    @property
    def session(self) -> Session:
        """The session of this request or command. It connects on first use, and takes over from the connection of `reading`."""
        here = g._get_current_object()
        session: Session | None = here.get("db_session")
        if session is None:
            self.end_reading()
            session = here.db_session = current_app.extensions["sessions"]()
        return session

    @property
    def reading(self) -> Connection:
        """What SELECTs of columns run on: the session's connection, or a plain one as long as there is no session.

        A session costs three times what a connection does, and most pages load no object.
        """
        here = g._get_current_object()
        if "db_session" in here:
            here.db_session.flush()
            return cast(Connection, here.db_session.connection())
        if "db_reading" not in here:
            here.db_reading = current_app.extensions["engine"].connect()
        return cast(Connection, here.db_reading)

    @staticmethod
    def end_reading() -> None:
        """Return the plain connection to the pool, and end its transaction."""
        connection = g.pop("db_reading", None)
        if connection is not None:
            connection.close()

    @staticmethod
    def close(error: BaseException | None = None) -> None:
        """End what is open. The answer is made by now: if the database has gone away meanwhile, that no longer concerns it."""
        for each in (g.pop("db_reading", None), g.pop("db_session", None)):
            try:
                if each is not None:
                    each.close()
            except SQLAlchemyError as gone:
                log.warning("the database has gone away before the end of a transaction that is rolled back: %s", reason_of(gone))


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


def begin_snapshot() -> None:
    """End the read transaction, and begin one in which each SELECT sees the same moment, as SQLite's do anyway. `end_read` ends it.

    Raises PendingChangesError, as `begin_write` does.
    """
    if has_changes(db.session):
        raise PendingChangesError("begin_snapshot() inside a transaction that has changes: commit it or roll it back first.")
    db.session.rollback()
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def read(statement: Executable, values: Mapping[str, Any] | None = None) -> CursorResult[*tuple[Any, ...]]:
    """The rows of a SELECT of columns. No objects are loaded, which would take longer than SQLite does."""
    return db.reading.execute(statement, values)


def write(
    statement: Executable, values: Mapping[str, Any] | list[dict[str, Any]] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Execute a statement that writes, in the open transaction, without the ORM: loaded objects are not refreshed.

    `values`: the parameters of a statement that is made once; those named like columns are what an UPDATE sets, or the rows to insert.
    """
    db.session.flush()
    db.session.info[HAS_WRITES] = True
    return db.session.connection().execute(statement, values)


def change(statement: Update | Delete, values: Mapping[str, Any] | None = None) -> int:
    """`write` an UPDATE or DELETE, and return its row count."""
    return write(statement, values).rowcount


def load(model: type[Row], values: Iterable[Any], **related: object) -> Row:
    """The object of a row that `read` or `write` found: `values` are those of all its columns, in their order; `related` are relationships.

    It belongs to the session like one that the ORM loaded, which takes a quarter of a millisecond longer. An object that the session has
    already gets the values; what was set on it and not flushed is lost.
    """
    mapper, session = inspect(model), db.session
    columns = dict(zip(mapper.columns.keys(), values, strict=True))
    found = cast(Row | None, session.identity_map.get(mapper.identity_key_from_primary_key((columns["id"],))))
    if found is None:
        found = cast(Row, mapper.class_manager.new_instance())
        vars(found).update(columns)
        make_transient_to_detached(found)
        session.add(found)
        columns = {}
    for name, value in {**columns, **related}.items():
        set_committed_value(found, name, value)
    return found


def is_one_of(column: ColumnElement[str] | InstrumentedAttribute[str], words: Iterable[str]) -> ColumnElement[bool]:
    """SQL: IN, for words of our own. They are written out: a list of parameters would be laid out anew at each execution."""
    return column.in_([written_out(word) for word in sorted(words)])


def written_out(word: str) -> ColumnClause[str]:
    """SQL: a word of our own, not as a parameter."""
    return literal_column("'{}'".format(word.replace("'", "''")), String)


def joined(text: ColumnElement[str], between: str) -> ColumnElement[str]:
    """SQL: the texts of several rows as one, in no particular order."""
    return func.aggregate_strings(text, written_out(between))  # type: ignore[arg-type]  # it takes any SQL


def insert_or_update(model: type[DeclarativeBase]) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that can take `on_conflict_do_update`, which both databases write alike."""
    if db.engine.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(model)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(model)


# Keys of Session.info.
PENDING_INSERTS = "rows to insert at commit"
HAS_WRITES = "the open transaction has changed rows"
NEW_MESSAGES = "ids of outbox rows, for the queue after the commit"
NEW_EVENTS = "columns of audit events, to be counted after the commit"
ON_EVENTS = "who counts them: watch/metrics.py, if it is on"


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
        session.connection().execute(insert_into(model), rows)


@cache
def insert_into(model: type[DeclarativeBase]) -> Insert:
    """An INSERT without the ORM, made once for each model."""
    return insert(cast(Table, model.__table__))


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
    if NEW_EVENTS in session.info:
        session.info[ON_EVENTS](session.info.pop(NEW_EVENTS))


@event.listens_for(DatabaseSession, "after_rollback")
def clear_transaction(session: Session) -> None:
    session.info.pop(PENDING_INSERTS, None)
    session.info.pop(HAS_WRITES, None)
    session.info.pop(NEW_EVENTS, None)


def end_read() -> None:
    """Return the connection to the pool before slow work such as password hashing."""
    if "db_session" in g:
        db.session.rollback()
    db.end_reading()
