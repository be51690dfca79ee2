"""How each database is opened and checked: SQLite and PostgreSQL with the same behavior, and with bounded waits."""

import sqlite3
from functools import partial
from inspect import signature
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from portal.settings import config
from portal.settings.addresses import SettingError
from portal.write_line import LinedConnection, WriteLine

SQLiteValue = str | bytes | float | None


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
