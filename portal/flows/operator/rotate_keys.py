"""Key rotation: seals everything anew with the newest key, in small transactions, while the portal runs (CR-2).

What is left to do is found in the tables each time, so that a run that was killed goes on where it stopped.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Row, Table, bindparam, func, literal, select, update

from portal.crypto import Keyring, SealBroken
from portal.db import begin_write, change, db, end_read
from portal.flows.base.context import RequestContext
from portal.flows.operator.copying import begin_long_read
from portal.flows.operator.hash_anew import HASHED, Hashed
from portal.flows.operator.operator_events import record_run
from portal.flows.operator.sealed_places import PLACES
from portal.models import Base
from portal.settings import operation

log = logging.getLogger(__name__)
SEALED = "_sealed"  # what the names of sealed columns end with
Told = Callable[[int], None]  # is told of so many more rows


@dataclass
class RotationCount:
    """How many values were sealed or hashed anew, and how many cannot be opened with the configured keys and stay as they are."""

    done: int = 0
    hashed: int = 0
    broken: int = 0


def sealed_columns() -> list[tuple[Table, Column[bytes]]]:
    """Every sealed column of every table, in the order in which they are sealed anew.

    Bindings come before authenticators: an authenticator that is proved meanwhile takes over its binding's sealed value.
    """
    found = [
        (table, column) for table in Base.metadata.tables.values() for column in table.columns if column.name.endswith(SEALED)
    ]
    return sorted(found, key=lambda pair: (pair[0].name != "bindings", pair[0].name, pair[1].name))


def sealed_by(column: Column[bytes], key: str) -> ColumnElement[bool]:
    """SQL: whether a value was sealed with the key of that id."""
    prefix = key.encode() + b"\0"
    return func.substr(column, 1, len(prefix), type_=LargeBinary) == literal(prefix, LargeBinary)


def count_old(keys: Keyring) -> dict[str, int]:
    """How many values of each column another key than the newest has sealed, by "table.column"; columns without any are left out."""
    counted, session = {}, begin_long_read()
    for table, column in sealed_columns():
        old = select(func.count()).select_from(table).where(column.is_not(None), ~sealed_by(column, keys.newest))
        counted[f"{table.name}.{column.name}"] = session.scalar(old) or 0
    end_read()
    return {name: number for name, number in counted.items() if number}


def rotate_keys(context: RequestContext, tell: Told = lambda _: None) -> RotationCount:
    """Seal everything anew that an older key has sealed, then renew the keyed hashes. Idempotent; a damaged value is skipped.

    An authenticator may be made of its binding behind the pass that has gone by, so there is another one until nothing is found.
    """
    rotation = RotationCount()
    before = -1
    while before != rotation.done:
        before, rotation.broken = rotation.done, 0
        for table, column in sealed_columns():
            rotate_column(context.keys, rotation, table, column, tell)
    for hashed in HASHED:
        rotation.hashed += renew_hashes(context.keys, hashed, tell)
    if rotation.done or rotation.hashed:
        begin_write()
        record_run(context, "keys_rotated", rotation.done + rotation.hashed)
        db.session.commit()
    return rotation


def rotate_column(keys: Keyring, rotation: RotationCount, table: Table, column: Column[bytes], tell: Told) -> None:
    """One column, one transaction a batch. A value that changes meanwhile is skipped: the next pass looks at it again."""
    place = PLACES[table.name, column.name]
    change_value = (
        update(table).where(table.c.id == bindparam("key"), column == bindparam("old")).values({column: bindparam("new")})
    )
    for rows in batches(table, column.is_not(None) & ~sealed_by(column, keys.newest)):
        values = [seal_anew(keys, rotation, row, column, place(row)) for row in rows]
        begin_write()
        rotation.done += sum(change(change_value, each) for each in values if each)
        db.session.commit()
        tell(len(rows))


def batches(table: Table, wanted: ColumnElement[bool]) -> Iterator[Sequence[Row[Any]]]:
    """The rows that are wanted, some at a time, by their ids, read before a transaction that writes."""
    query = select(table).where(wanted).order_by(table.c.id).limit(operation.ROTATION_BATCH)
    rows = begin_long_read().execute(query).all()
    while rows:
        end_read()
        yield rows
        rows = begin_long_read().execute(query.where(table.c.id > rows[-1].id)).all()
    end_read()


def seal_anew(keys: Keyring, rotation: RotationCount, row: Row[Any], column: Column[bytes], place: str) -> dict[str, Any] | None:
    """The parameters that replace one value; None if no key opens it."""
    old = getattr(row, column.name)
    try:
        return {"key": row.id, "old": old, "new": keys.seal(keys.open(old, place), place)}
    except SealBroken:
        rotation.broken += 1
        log.critical("%s %s: %s cannot be decrypted with the configured keys", column.table.name, row.id, column.name)
        return None


def count_hashes() -> int:
    """How many rows have a keyed hash, or what one is made of."""
    session = begin_long_read()
    number = sum(session.scalar(select(func.count()).select_from(each.table).where(each.wanted)) or 0 for each in HASHED)
    end_read()
    return number


def renew_hashes(keys: Keyring, hashed: Hashed, tell: Told, is_rehearsal: bool = False) -> int:
    """Make the keyed hashes of a column with the newest key where they are not; returns how many. What no key opens is skipped."""
    table, done = hashed.table, 0
    change_value = (
        update(table)
        .where(table.c.id == bindparam("key"), hashed.source == bindparam("source"))
        .values({hashed.column: bindparam("new")})
    )
    for rows in batches(table, hashed.wanted):
        values = [found for row in rows if (found := hashed.renew(keys, row))]
        if is_rehearsal:
            done += len(values)
        elif values:
            begin_write()
            done += sum(change(change_value, each) for each in values)
            db.session.commit()
        tell(len(rows))
    return done
