"""Which rule is in force since when: a row for each change, and an event that holds the row's digest (AU-1, policy changes)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, select

from portal.db import add_at_commit, insert_or_update, read, write
from portal.flows.base.audit import event_columns
from portal.flows.base.context import RequestContext
from portal.models import Event, RuleChange

EVENT = "rule_changed"
PORTAL = "portal"  # the scope of rules that are everybody's
DEADLINE, ADDED_METHODS = "deadline", "added_methods"  # a practice's own
R = RuleChange.__table__.c
LATER = RuleChange.__table__.alias()
# The newest record of each rule: the one that no other follows.
FIND_NEWEST = select(R.scope, R.name, R.number, R.value).where(
    ~exists().where(LATER.c.scope == R.scope, LATER.c.name == R.name, LATER.c.number > R.number)
)
FIND_NEWEST_OF = FIND_NEWEST.where(R.scope == bindparam("scope"))


@dataclass(frozen=True)
class Known:
    """The newest record of a rule."""

    number: int
    value: str


def known_rules(scope: str | None = None) -> dict[tuple[str, str], Known]:
    """The newest record of each rule, by scope and name: of one scope, or of all."""
    rows = read(FIND_NEWEST) if scope is None else read(FIND_NEWEST_OF, {"scope": scope})
    return {(row.scope, row.name): Known(row.number, row.value) for row in rows}


def record_rule(
    context: RequestContext, practice_id: int | None, name: str, value: str, known: Mapping[tuple[str, str], Known] | None = None
) -> bool:
    """Record a rule's value in the open write transaction, unless it was so before; False if there was nothing to record.

    `known`: what `known_rules` found in this transaction. Of two requests that record the same change, one does.
    """
    scope = PORTAL if practice_id is None else str(practice_id)
    before = (known_rules(scope) if known is None else known).get((scope, name))
    if before is not None and before.value == value:
        return False
    by = context.visitor.user_id if context.visitor else None
    row = {"scope": scope, "practice_id": practice_id, "name": name, "number": before.number + 1 if before else 1, "value": value}
    row_id = digest(scope, name, str(row["number"]), value, context.now.isoformat(), str(by))
    added = insert_or_update(RuleChange).values(id=row_id, **row, at=context.now, by_id=by)
    if write(added.on_conflict_do_nothing().returning(RuleChange.id)).first() is None:
        return False
    record_digest(context, EVENT, name, row_id)
    return True


def record_digest(context: RequestContext, event: str, reason: str, row_id: str | None, refused: bool = False) -> None:
    """An event that holds the digest of a row; about the visitor, or nobody if an operator or the worker causes it."""
    add_at_commit(Event, **event_columns(context, event, None, None, reason, refused, None), case_id=row_id)


def digest(*parts: str) -> str:
    """The id of a row that nobody can change without leaving the id behind: 128 bits of a hash of all that it says."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def deadline_value(deadline_at: datetime | None, days: int, sign_ins: int) -> str:
    """A practice's deadline as a rule's value; "" if there is none."""
    return f"{deadline_at.isoformat()};{days};{sign_ins}" if deadline_at else ""
