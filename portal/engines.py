"""How each database is opened and checked: SQLite and PostgreSQL with the same behavior, and with bounded waits."""

import sqlite3
from functools import partial
from inspect import signature
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import LRUCache

from portal.settings import config
from portal.settings.addresses import SettingError
from portal.write_line import LinedConnection, WriteLine

SQLiteValue = str | bytes | float | None
COMPILED = 500  # the most statements that are kept compiled, as SQLAlchemy has it


class CompiledStatements(LRUCache[Any, Any]):
    """What SQLAlchemy has compiled. A statement that is made once is found by the object that describes it.

    SQLAlchemy looks for an equal description. Python hashes it anew each time, which takes longer than the statement of a page.
    """

    def __init__(self) -> None:
        super().__init__(COMPILED)
        self.same: dict[tuple[Any, ...], tuple[Any, Any]] = {}  # holds each description, so that no other can take its id

    def get(self, key: Any, default: Any = None) -> Any:
        _, description, *how = key
        found, compiled = self.same.get((id(description), *how), (None, None))
        if found is description:
            return compiled
        compiled = super().get(key, default)
        if compiled is not default:
            self.keep(key, compiled)
        return compiled

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(key, compiled)
        self.keep(key, compiled)

    def keep(self, key: Any, compiled: Any) -> None:
        """Whatever is asked again comes back after a clearing."""
        if len(self.same) >= COMPILED:
            self.same.clear()
        _, description, *how = key
        self.same[id(description), *how] = description, compiled


def make_engine(url: str, on_postgres: dict[str, Any], begin: bytes = b"BEGIN", **also: Any) -> Engine:
    """Create an engine whose waits are bounded, so that a busy database leads to an error page instead of a hang.

    `begin`: the command that begins a transaction on PostgreSQL, with the limits of its waits.
    """
    also["execution_options"] = {"compiled_cache": CompiledStatements()}
    of_driver = {"timeout": config.DATABASE_WAIT_SECONDS, "check_same_thread": False, "factory": LinedConnection}
    if not url.startswith("sqlite"):
        try:
            engine = create_engine(url, hide_parameters=True, **on_postgres, **also)
            from portal.postgres_begin import begin_with_settings
        except ModuleNotFoundError as error:
            raise SettingError(
                f"PORTAL_DATABASE_URL needs {error.name}. Install the extra postgres, or use sqlite:///."
            ) from error
        begin_with_settings(engine, begin)
        return engine
    engine = create_engine(url, hide_parameters=True, connect_args=of_driver, **also)
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", partial(begin_transaction, line=WriteLine(f"{engine.url.database}-door")))
    return engine


def check_database(engine: Engine) -> None:
    """What can be known of a database at the start. Raises SettingError if it can't be used.

    No connection is left open: processes that are forked from this one would share it.
    """
    if engine.dialect.name == "sqlite":
        check_sqlite(engine)
        engine.dispose()
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
    """Lock SQLite at the start of a write transaction, not of a read-only one. Whoever writes stands in line for it."""
    lined = cast(LinedConnection, connection.connection.driver_connection)
    if not connection.get_execution_options().get("writes", False):
        lined.execute("BEGIN")
        return
    lined.set_patience(0)
    try:
        if not lined.begin_in_turn(line, config.DATABASE_WAIT_SECONDS):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # raises the reason as SQLAlchemy's own error
    except BaseException:
        lined.leave_line()
        raise
    finally:
        lined.set_patience(config.DATABASE_WAIT_SECONDS)
