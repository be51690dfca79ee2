"""How a transaction begins on PostgreSQL: with its settings, so that a connection has none that outlive it (decision 46)."""

import logging
from functools import partial
from typing import cast

import psycopg
from psycopg.pq import ConnStatus, ExecStatus
from sqlalchemy import Connection, Engine, ExceptionContext, event
from sqlalchemy.exc import OperationalError

log = logging.getLogger(__name__)
HAS_BEGUN = "portal has begun a transaction on it"  # a key of the connection's info, which lasts as long as it does


def begin_with_settings(engine: Engine, command: bytes) -> None:
    """Have every transaction of the engine begin with the command: BEGIN, and the settings that end with the transaction."""
    event.listen(engine, "begin", partial(begin_transaction, command=command))
    event.listen(engine, "first_connect", warn_of_pooler)
    event.listen(engine, "handle_error", tell_as_busy)


def begin_transaction(connection: Connection, command: bytes) -> None:
    """Begin in one round trip. It also tells whether the connection lives, so nothing is asked for that alone.

    A connection that served before may have been closed meanwhile, by a server or pooler that was restarted: the next one is taken,
    until one is new. Raises OperationalError.
    """
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return  # each statement is a transaction of its own
    while True:
        info, driver = connection.info, cast(psycopg.Connection, connection.connection.driver_connection)
        try:
            execute(driver, command)
        except psycopg.OperationalError as error:
            is_closed = driver.pgconn.status != ConnStatus.OK
            if is_closed:
                connection.invalidate(error)
            if not is_closed or HAS_BEGUN not in info:
                raise OperationalError("BEGIN", None, error, hide_parameters=True) from error
        else:
            info[HAS_BEGUN] = True
            return


def execute(driver: psycopg.Connection, command: bytes) -> None:
    """Execute several statements at once, which psycopg's cursors do in twice the time. Raises psycopg.OperationalError."""
    result = driver.pgconn.exec_(command)
    if result.status != ExecStatus.COMMAND_OK:
        raise psycopg.OperationalError(result.get_error_message())


def tell_as_busy(context: ExceptionContext) -> None:
    """A lost connection is an OperationalError, whatever its end is called: that of a transaction left idle is an InternalError.

    So is a server that takes no writes: a standby that is about to become the primary, for some seconds after a failover, or a primary
    that no longer is one. The connection is given up, because the next one may lead to another server.
    """
    lost, error = context.sqlalchemy_exception, context.original_exception
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        context.is_disconnect = True
    if context.is_disconnect and not isinstance(lost, OperationalError):
        raise OperationalError(context.statement, None, error, hide_parameters=True, connection_invalidated=True) from error


def warn_of_pooler(driver: psycopg.Connection, _record: object) -> None:
    """Log once whether a pooler stands before the server that PORTAL_DATABASE_POOLER does not know of.

    It can't know which server process will answer, so the one that it names to who connects is not the one that does.
    """
    if driver.prepare_threshold is None:
        return
    answered = driver.execute("SELECT pg_backend_pid()").fetchone()
    if answered != (driver.info.backend_pid,):
        log.warning(
            "a pooler stands before PostgreSQL. If it pools transactions, set PORTAL_DATABASE_POOLER to transaction: "
            "without it, statements fail at random"
        )
