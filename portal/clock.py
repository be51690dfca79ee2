"""The only source of time, in UTC. Call it as `clock.now()`, so that tests can move it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, SQLColumnExpression

from portal.settings import config

Column = SQLColumnExpression[datetime] | SQLColumnExpression[datetime | None]


ahead_by: Callable[[], timedelta] | None = None  # how far the test bench has moved the time; None where it is off


def now() -> datetime:
    """The current time as an aware UTC datetime."""
    machines = datetime.now(UTC)
    return machines + ahead_by() if ahead_by else machines


def monotonic() -> float:
    """Seconds on a clock that nobody sets, for what is measured in one process. Its zero means nothing."""
    return time.monotonic()


def moment(timestamp: float) -> datetime:
    """A POSIX timestamp (seconds) as an aware UTC datetime."""
    return datetime.fromtimestamp(timestamp, UTC)


def next_minute(at: datetime) -> datetime:
    """The first full minute at or after that time, so that "at 2:03 PM" is never too early."""
    minute = at.replace(second=0, microsecond=0)
    return minute if minute == at else minute + timedelta(minutes=1)


def latest_end(now: datetime, longest: timedelta) -> datetime:
    """The latest moment at which something that may last `longest` can still end.

    A stored end beyond it was written by a clock that ran ahead and has been set back since, so it counts as over. In SQL:
    `(column > now) & (column <= latest_end(now, longest))`. The tolerance is for another request that began later, or on
    another machine, and was faster: what it began a moment ago is not over.
    """
    return now + longest + config.CLOCK_TOLERANCE


def is_ahead(end: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Whether `end`, the stored end of something that may last `longest`, is still to come. False if there is none."""
    return end is not None and now < end <= latest_end(now, longest)


def is_recent(start: datetime | None, now: datetime, window: timedelta) -> bool:
    """Whether something that was shown then still counts: within the window, and not in the future. False if there was nothing."""
    return start is not None and now - window <= start <= now + config.CLOCK_TOLERANCE


def ahead(column: Column, now: datetime, longest: timedelta) -> ColumnElement[bool]:
    """SQL: `is_ahead` of a column with the end of something that may last `longest`."""
    return (column > now) & (column <= latest_end(now, longest))


def since(column: Column, now: datetime, window: timedelta) -> ColumnElement[bool]:
    """SQL: whether what happened at a column's time counts in a window that ends now. One further ahead than the window is over."""
    return (column > now - window) & (column <= latest_end(now, window))
