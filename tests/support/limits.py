"""Limits of many tries, without each of the tries."""

from sqlalchemy import update

from portal.flows.base.limits import make_limit
from portal.models import LimitCounter


def spend(database, spent, most, window, *of):
    """Writes down how much of a limit was spent, after a first try was charged to it; the rest is as `make_limit` takes it."""
    of_limit = LimitCounter.key == make_limit(database.keys, most, window, *of).key
    assert [row.spent for row in database.all(LimitCounter, of_limit)] == [1]
    database.change(update(LimitCounter).where(of_limit).values(spent=spent))
