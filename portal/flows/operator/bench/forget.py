"""Forgetting what a person did, so that the test bench can put them back: their rows go, whatever refers to them with them."""

from collections.abc import Collection

from sqlalchemy import Column, ColumnElement, ForeignKey, FromClause, Table, delete, select, update

from portal.db import change, db
from portal.models import Appointment, Base, ChartNote, Letter, Result, User

KEPT = {model.__table__ for model in (Appointment, ChartNote, Letter, Result)}  # what others have written about them
SAME = {"id", "username", "full_name", "name_key", "role", "practice_id", "password_sealed", "created_at"}


def forget_deeds(user: User) -> None:
    """Delete what a person did and what was done for them; part of the open transaction.

    The account stays, as it was on its first day. Events stay in the audit trail, but name nobody.
    """
    forget_references(User.__table__, User.id == user.id, KEPT)
    values = {
        column: first_value(column) for column in Base.metadata.tables[User.__tablename__].columns if column.name not in SAME
    }
    change(update(User).where(User.id == user.id).values({column.name: value for column, value in values.items()}))
    db.session.refresh(user)


def first_value(column: Column[object]) -> object:
    """What a new account has in a column; None if it may be empty."""
    if column.nullable:
        return None
    return getattr(column.default, "arg", 0)


def forget_references(table: FromClause, condition: ColumnElement[bool], but: Collection[FromClause] = ()) -> None:
    """Empty what refers to the rows that meet a condition, or delete it where it can't do without them."""
    for other in Base.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table and other not in but:
                forget_rows(other, key, condition)


def forget_rows(table: Table, key: ForeignKey, condition: ColumnElement[bool]) -> None:
    """The same for one column of one table."""
    theirs = key.parent.in_(select(key.column).where(condition))
    if key.parent.nullable:
        change(update(table).where(theirs).values({key.parent.name: None}))
    else:
        forget_references(table, theirs)
        change(delete(table).where(theirs))
