"""The only source of time, in UTC. Call it as `clock.now()`, so that tests can move it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time as an aware UTC datetime."""
    return datetime.now(UTC)


def moment(timestamp: float) -> datetime:
    """A POSIX timestamp (seconds) as an aware UTC datetime."""
    return datetime.fromtimestamp(timestamp, UTC)
