"""What a PostgreSQL connection waits for, and for how long: nothing waits for ever, and a page that waited says that it is busy."""

from typing import Any

from portal.settings import config

MILLISECONDS = 1000


def engine_options(connections: int) -> dict[str, Any]:
    """Options of `create_engine` for pages and the queue's worker: at most so many connections, each wait bounded.

    A thread holds one connection at most, so a pool of as many as there are threads is never waited for. Where the operator
    allows fewer, a thread waits as long as for a lock, and the TimeoutError becomes the page "We're very busy right now".
    """
    bounded = session_options(
        lock_timeout=config.DATABASE_WAIT_SECONDS,
        statement_timeout=config.DATABASE_STATEMENT_SECONDS,
        idle_in_transaction_session_timeout=config.DATABASE_IDLE_SECONDS,
    )
    return {
        "pool_size": connections,
        "max_overflow": 0,
        "pool_timeout": config.DATABASE_WAIT_SECONDS,
        "pool_pre_ping": True,
        "connect_args": network_options() | {"options": bounded},
    }


def migration_options() -> dict[str, Any]:
    """The same for migrations: they wait no longer for a lock (a table that waits stops every page behind it), but may work longer."""
    bounded = session_options(lock_timeout=config.DATABASE_WAIT_SECONDS)
    return {"connect_args": network_options() | {"options": bounded}}


def session_options(**seconds: int) -> str:
    """Settings of PostgreSQL as libpq's `options` takes them, in effect from the first statement on."""
    return " ".join(f"-c {name}={value * MILLISECONDS}" for name, value in seconds.items()) + " -c timezone=UTC"


def network_options() -> dict[str, int]:
    """libpq's own limits: a server that is not there, or goes away without a word, is noticed."""
    return {
        "connect_timeout": config.DATABASE_WAIT_SECONDS,
        "tcp_user_timeout": config.DATABASE_STATEMENT_SECONDS * MILLISECONDS,
        "keepalives_idle": config.DATABASE_WAIT_SECONDS,
        "keepalives_interval": config.DATABASE_WAIT_SECONDS,
        "keepalives_count": 2,
    }
