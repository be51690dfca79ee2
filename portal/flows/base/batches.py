"""Changes to many rows, as the worker's sweep makes them, some at a time: others write in between."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Delete, Select, Update

from portal.db import begin_write, change, db
from portal.settings import config


def some_of(find: Select[Any]) -> Select[Any]:
    """SQL: as many of the rows as one transaction changes. Those that a request has locked are left to the next sweep."""
    return find.limit(config.SWEEP_ROWS).with_for_update(skip_locked=True)


def change_in_batches(some: Select[Any], statement: Update | Delete, values: Mapping[str, Any]) -> None:
    """Execute `statement` for the `keys` that `some` finds, made by `some_of`, and commit, until it finds no more."""
    has_more = True
    while has_more:
        keys = list(begin_write().scalars(some, values))
        if keys:
            change(statement, {"keys": keys})
        db.session.commit()
        has_more = len(keys) == config.SWEEP_ROWS
