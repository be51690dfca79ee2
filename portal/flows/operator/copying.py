"""Rows by the million: IDs for them, and a way into the tables past SQLAlchemy."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import DeclarativeBase, Session

from portal.db import HAS_WRITES, begin_write, db, end_read


def begin_long_write() -> Session:
    """Begin a write transaction whose statements may take as long as they need: the limit of PostgreSQL's is meant for pages."""
    session = begin_write()
    if db.engine.dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))
    return session


def begin_long_read() -> Session:
    """Begin a transaction that reads as long as it needs, while others write. It ends with `end_read`."""
    end_read()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL statement_timeout = 0"))
    return db.session


def reserve_ids(model: type[DeclarativeBase], count: int) -> list[int]:
    """The IDs of the next rows of a model, for the open write transaction alone."""
    table = model.__table__
    if db.engine.dialect.name == "sqlite":  # its writers take turns
        last = db.session.scalar(select(func.max(table.c.id))) or 0
        return list(range(last + 1, last + 1 + count))
    next_id = func.nextval(func.pg_get_serial_sequence(model.__tablename__, "id"))
    return list(db.session.scalars(select(next_id).select_from(func.generate_series(1, count))))


def copy_rows(model: type[DeclarativeBase], rows: Iterator[dict[str, Any]]) -> None:
    """Insert many rows that have the same columns, in the open transaction, past SQLAlchemy: in a tenth of its time."""
    first = next(rows, None)
    if first is None:
        return
    db.session.info[HAS_WRITES] = True
    connection = db.session.connection()
    columns, names = model.__table__.c, ", ".join(first)
    prepare = [columns[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for name in first]
    values = ([to(each) if to else each for to, each in zip(prepare, row.values(), strict=True)] for row in chain([first], rows))
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(first))
        cursor.executemany(f"INSERT INTO {model.__tablename__} ({names}) VALUES ({marks})", values)  # noqa: S608 (names of ours)
        return
    with cursor.copy(f"COPY {model.__tablename__} ({names}) FROM STDIN") as copy:
        for each in values:
            copy.write_row(each)
