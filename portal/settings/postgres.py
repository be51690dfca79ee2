"""PostgreSQL timeouts: every wait is bounded, and a page that hits a limit answers that the portal is busy (503).

They are settings of a transaction, never of a connection: behind a pooler the next transaction may be on another (decision 46).
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.engine import make_url

from portal.settings import config
from portal.settings.addresses import SettingError, read_number

MILLISECONDS = 1000
NO_POOLER, POOLED = POOLERS = ("none", "transaction")  # what stands before the server, and how long it lends a connection


def read_connections(environ: Mapping[str, str]) -> int:
    """How many connections a process opens at most."""
    return read_number(environ, "PORTAL_DATABASE_CONNECTIONS", config.DATABASE_CONNECTIONS, 1, config.DATABASE_CONNECTIONS_MAX)


def read_pooler(environ: Mapping[str, str], url: str) -> str:
    """One of POOLERS. Raises SettingError."""
    pooler = environ.get("PORTAL_DATABASE_POOLER") or NO_POOLER
    if pooler not in POOLERS:
        raise SettingError(f"PORTAL_DATABASE_POOLER must be one of {', '.join(POOLERS)}.")
    if pooler == POOLED and make_url(url).drivername == "sqlite":
        raise SettingError("PORTAL_DATABASE_POOLER is for PostgreSQL. Unset it, or name a server in PORTAL_DATABASE_URL.")
    if pooler == POOLED and "options" in make_url(url).query:
        raise SettingError(
            "PORTAL_DATABASE_URL has options for a session, which no pooler keeps. Set them on the role instead (ALTER ROLE … SET)."
        )
    return pooler


def engine_options(connections: int, pooler: str = NO_POOLER) -> dict[str, Any]:
    """Options of `create_engine` for pages and the queue worker: at most `connections` connections, with bounded waits.

    A thread holds at most one connection, so a pool as large as the number of threads never blocks. If the operator allows
    fewer, a thread waits as long as for a lock, and the TimeoutError becomes the page "We're very busy right now".
    """
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": config.DATABASE_WAIT_SECONDS,
        "connect_args": connect_options(pooler),
    }


def migration_options(pooler: str = NO_POOLER) -> dict[str, Any]:
    """The same for migrations, which connect once."""
    return {"connect_args": connect_options(pooler)}


def begin_page() -> bytes:
    """The command that begins a transaction of a page, the worker, or a command."""
    return begin_with(
        lock_timeout=config.DATABASE_WAIT_SECONDS,
        statement_timeout=config.DATABASE_STATEMENT_SECONDS,
        idle_in_transaction_session_timeout=config.DATABASE_IDLE_SECONDS,
    )


def begin_migration() -> bytes:
    """The same for migrations: the same lock timeout (a waiting DDL statement blocks every later query), but no statement timeout."""
    return begin_with(lock_timeout=config.DATABASE_WAIT_SECONDS, statement_timeout=0)


def begin_with(**seconds: int) -> bytes:
    """BEGIN with settings that end with the transaction."""
    settings = [f"SET LOCAL {name} = {value * MILLISECONDS}" for name, value in seconds.items()]
    return "; ".join(["BEGIN", *settings, "SET LOCAL timezone = 'UTC'"]).encode()


def connect_options(pooler: str) -> dict[str, Any]:
    """psycopg begins nothing by itself, and prepares statements only where the next transaction is on the same connection."""
    options = network_options() | {"autocommit": True}
    return options if pooler == NO_POOLER else options | {"prepare_threshold": None}


def network_options() -> dict[str, int]:
    """libpq's own timeouts, to detect a server that is unreachable or has silently gone away."""
    return {
        "connect_timeout": config.DATABASE_WAIT_SECONDS,
        "tcp_user_timeout": config.DATABASE_STATEMENT_SECONDS * MILLISECONDS,
        "keepalives_idle": config.DATABASE_WAIT_SECONDS,
        "keepalives_interval": config.DATABASE_WAIT_SECONDS,
        "keepalives_count": 2,
    }
