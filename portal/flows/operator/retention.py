"""Deletes what is over and has been kept long enough, some rows at a time, beside the portal (AU-6).

What must not stay a minute longer than it is of use, such as secrets, codes, and counters, the worker removes by itself: `portal/queue.py`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, exists, func, select, true

from portal.db import begin_write, change, db, end_read
from portal.flows.base.context import RequestContext
from portal.flows.base.passwords import normalize_username
from portal.flows.operator.copying import begin_long_read
from portal.flows.operator.operator_events import record_run
from portal.models import Base, Event, User
from portal.settings import operation

TABLES = Base.metadata.tables
SESSIONS, TRUSTED, LINKS = TABLES["sessions"].c, TABLES["trusted_browsers"].c, TABLES["links"].c
CODES, MESSAGES, CASES = TABLES["sent_codes"].c, TABLES["outbox"].c, TABLES["recovery_cases"].c


def always(_now: datetime) -> ColumnElement[bool]:
    """SQL: true."""
    return true()


def has_gone_out(now: datetime) -> ColumnElement[bool]:
    """SQL: whether a message waits for nothing, and no code stays that was in it."""
    stays = exists().where(CODES.outbox_id == MESSAGES.id, CODES.created_at >= now - operation.CODES_KEPT)
    return MESSAGES.state.in_(("sent", "failed", "expired")) & ~stays


@dataclass(frozen=True)
class Rule:
    """Rows of `table` are deleted when `over_at` is `kept` ago; first those of other tables whose column in `with_them` names them."""

    what: str
    table: Table
    kept: timedelta
    over_at: ColumnElement[datetime]
    only: Callable[[datetime], ColumnElement[bool]] = always
    with_them: tuple[Column[Any], ...] = ()

    def condition(self, now: datetime, held: Collection[int]) -> ColumnElement[bool]:
        """SQL: whether a row may go. `held`: the accounts of which nothing does."""
        return (self.over_at < now - self.kept) & self.only(now) & self.table.c.user_id.not_in(held)


# In this order: a message goes after the code in it.
RULES = (
    Rule("sessions", TABLES["sessions"], operation.SESSIONS_KEPT, func.coalesce(SESSIONS.ended_at, SESSIONS.ends_at)),
    Rule(
        "trusted browsers", TABLES["trusted_browsers"], operation.TRUST_KEPT, func.coalesce(TRUSTED.ended_at, TRUSTED.expires_at)
    ),
    Rule("emailed links", TABLES["links"], operation.LINKS_KEPT, LINKS.expires_at),
    Rule("codes by text", TABLES["sent_codes"], operation.CODES_KEPT, CODES.created_at),
    Rule(
        "emails and texts",
        TABLES["outbox"],
        operation.MESSAGES_KEPT,
        MESSAGES.created_at,
        has_gone_out,
    ),
    Rule(
        "recoveries",
        TABLES["recovery_cases"],
        operation.RECOVERIES_KEPT,
        CASES.ended_at,
        with_them=(TABLES["recovery_notes"].c.case_id, TABLES["recovery_tickets"].c.case_id),
    ),
)


class UnknownHold(Exception):
    """A username whose rows are to be held, which no account has. Nothing was deleted."""


def find_held(usernames: Sequence[str]) -> list[int]:
    """The accounts of the usernames. Raises UnknownHold: a slip in a name must not cost what is to be kept."""
    held = []
    for username in usernames:
        found = db.session.scalar(select(User.id).where(User.username == normalize_username(username)))
        if found is None:
            raise UnknownHold(username)
        held.append(found)
    end_read()
    return held


def count_old(rule: Rule, now: datetime, held: Collection[int]) -> int:
    """How many rows of a rule may go."""
    query = select(func.count()).select_from(rule.table).where(rule.condition(now, held))
    number = begin_long_read().scalar(query) or 0
    end_read()
    return number


def count_old_events(now: datetime) -> int:
    """How many events are older than they have to be kept, whether or not the rest of their seal is as old."""
    number = begin_long_read().scalar(select(func.count()).select_from(Event).where(Event.at < now - operation.EVENTS_KEPT)) or 0
    end_read()
    return number


def delete_old(rule: Rule, now: datetime, held: Collection[int], tell: Callable[[int], None]) -> int:
    """Delete what may go, some rows in a transaction, in one walk over the table; returns how many.

    Rows are found before the transaction that writes, and looked at again in it: whatever has changed meanwhile stays.
    """
    key, condition, deleted = rule.table.c.id, rule.condition(now, held), 0
    query = select(key).where(condition).order_by(key).limit(operation.RETENTION_BATCH)
    keys = begin_long_read().scalars(query).all()
    while keys:
        end_read()
        begin_write()
        for column in rule.with_them:
            change(delete(column.table).where(column.in_(keys)))
        deleted += change(delete(rule.table).where(key.in_(keys), condition))
        db.session.commit()
        tell(len(keys))
        keys = begin_long_read().scalars(query.where(key > keys[-1])).all()
    end_read()
    return deleted


def record_retention(context: RequestContext, deleted: int) -> None:
    """Write the event of a run that deleted something."""
    if deleted:
        begin_write()
        record_run(context, "retention_run", deleted)
        db.session.commit()
