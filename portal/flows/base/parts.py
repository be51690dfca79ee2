"""Several SELECTs in one statement, for a page that shows different things of one person."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import CompoundSelect, Executable, Select, cast, null, select, union_all

from portal.db import read, written_out


def together(**parts: Select[*tuple[Any, ...]]) -> CompoundSelect[*tuple[Any, ...]]:
    """SQL: the rows of all parts, for `read_parts`. Each has the columns of every part, NULL where its own has none of that name."""
    types = {key: column.type for part in parts.values() for key, column in part.selected_columns.items()}
    selects = []
    for name, part in parts.items():
        own = part.subquery().c
        columns = [own[key] if key in own else cast(null(), kind).label(key) for key, kind in types.items()]
        selects.append(select(written_out(name).label("part"), *columns))
    return union_all(*selects)


def read_parts(statement: Executable, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The rows of each part by its name, in no particular order. A row has an attribute for each column."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in read(statement, values):
        found[row.part].append(row)
    return found
