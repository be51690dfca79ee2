"""PostgreSQL timeouts: every wait is bounded, and a page that hits a limit answers that the portal is busy (503)."""

from typing import Any

from portal.settings import config

MILLISECONDS = 1000


def engine_options(connections: int) -> dict[str, Any]:
    """Options of `create_engine` for pages and the queue worker: at most `connections` connections, with bounded waits.

    A thread holds at most one connection, so a pool as large as the number of threads never blocks. If the operator allows
    fewer, a thread waits as long as for a lock, and the TimeoutError becomes the page "We're very busy right now".
    """
    session = session_options(
        lock_timeout=config.DATABASE_WAIT_SECONDS,
        statement_timeout=config.DATABASE_STATEMENT_SECONDS,
        idle_in_transaction_session_timeout=config.DATABASE_IDLE_SECONDS,
    )
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": config.DATABASE_WAIT_SECONDS,
        "pool_pre_ping": True,
        "connect_args": network_options() | {"options": session},
    }


def migration_options() -> dict[str, Any]:
    """The same for migrations: the same lock timeout (a waiting DDL statement blocks every later query), but no statement timeout."""
    session = session_options(lock_timeout=config.DATABASE_WAIT_SECONDS)
    return {"connect_args": network_options() | {"options": session}}


def session_options(**seconds: int) -> str:
    """PostgreSQL settings in libpq's `options` syntax, in effect from the first statement."""
    return " ".join(f"-c {name}={value * MILLISECONDS}" for name, value in seconds.items()) + " -c timezone=UTC"


def network_options() -> dict[str, int]:
    """libpq's own timeouts, to detect a server that is unreachable or has silently gone away."""
    return {
        "connect_timeout": config.DATABASE_WAIT_SECONDS,
        "tcp_user_timeout": config.DATABASE_STATEMENT_SECONDS * MILLISECONDS,
        "keepalives_idle": config.DATABASE_WAIT_SECONDS,
        "keepalives_interval": config.DATABASE_WAIT_SECONDS,
        "keepalives_count": 2,
    }
