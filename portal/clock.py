"""The only source of time: UTC, asked for by name so that tests can move it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, timezone-aware, in UTC."""
    return datetime.now(UTC)


def moment(timestamp: float) -> datetime:
    """A POSIX timestamp (seconds) as an aware UTC datetime."""
    return datetime.fromtimestamp(timestamp, UTC)
