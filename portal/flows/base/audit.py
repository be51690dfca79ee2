"""The audit trail: one row for each event, in the same transaction as the change it records (AU-1, AU-2)."""

import re
from typing import Any, Protocol

from sqlalchemy import func, select

from portal.crypto import token_hash
from portal.db import NEW_EVENTS, ON_EVENTS, add_at_commit, begin_write, db, insert_or_update, write
from portal.flows.base.context import RequestContext
from portal.limit_address import limit_address
from portal.models import Event, EventSeal
from portal.settings import config
from portal.version import VERSION

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
LAST_SEALED = select(EventSeal.top_id).where(EventSeal.number > 0).order_by(EventSeal.number.desc()).limit(1)
IS_OPEN = Event.id > func.coalesce(LAST_SEALED.scalar_subquery(), 0)
COUNTED_BY = ("event", "result", "reason", "subject_id", "session_hash", "factor")


class Subject(Protocol):
    """The person an event is about, if not the visitor: a user, or the owner of an ended session."""

    @property
    def id(self) -> int: ...

    @property
    def role(self) -> str: ...


def one_line(text: str, limit: int = config.USER_AGENT_MAX) -> str:
    """Untrusted text as one printable line, so that it cannot forge log entries (AU-5)."""
    return CONTROL_CHARACTERS.sub(" ", text)[:limit].strip()


def record_event(
    context: RequestContext,
    event: str,
    *,
    about: Subject | None = None,
    session_hash: str | None = None,
    reason: str | None = None,
    refused: bool = False,
    factor: str | None = None,
    case_id: str | None = None,
) -> None:
    """Add an event to the open transaction. One about nobody is counted: see `count_event`.

    `about` defaults to the visitor. `case_id` is the request for emergency access or for a reset that the event belongs to.
    """
    subject = about or context.visitor
    columns = event_columns(context, event, about, session_hash, reason, refused, factor)
    if subject is None:
        count_row(context, columns)
    else:
        add_at_commit(Event, **columns, case_id=case_id)


def event_columns(
    context: RequestContext,
    event: str,
    about: Subject | None,
    session_hash: str | None,
    reason: str | None,
    refused: bool,
    factor: str | None,
) -> dict[str, Any]:
    """The columns that every event has."""
    visitor = context.visitor
    columns = {
        "at": context.now,
        "event": event,
        "result": "refused" if refused else "ok",
        "reason": reason,
        "actor_id": visitor.user_id if visitor else (about and not refused and about.id) or None,
        "subject_id": about.id if about else visitor and visitor.user_id,
        "role": visitor.role if visitor else about and about.role,
        "factor": factor,
        "session_hash": session_hash or (visitor.token_hash if visitor else None),
        "request_id": context.request_id,
        "ip": context.ip,
        "user_agent": context.user_agent,
        "app_version": VERSION,
    }
    note_event(columns)
    return columns


def note_event(columns: dict[str, Any]) -> None:
    """Have the event counted after the commit, if somebody counts."""
    noted = db.session.info
    if ON_EVENTS in noted:
        noted.setdefault(NEW_EVENTS, []).append(columns)


def count_event(
    context: RequestContext, event: str, reason: str, about: Subject | None = None, session_hash: str | None = None
) -> None:
    """Count a refusal that anybody can cause without end, in the open transaction: one row a minute, not one each time."""
    count_row(context, event_columns(context, event, about, session_hash, reason, refused=True, factor=None))


def count_row(context: RequestContext, columns: dict[str, Any]) -> None:
    """Add the row, or count one more time in the row of the same kind, person, session, address, and minute."""
    minute = context.now.replace(second=0, microsecond=0).isoformat()
    same = (minute, limit_address(context.ip), *(str(columns[name]) for name in COUNTED_BY))
    if not insert_or_count(columns, same):
        insert_or_count(columns, (*same, str(db.session.scalar(LAST_SEALED))))


def insert_or_count(columns: dict[str, Any], same: tuple[str, ...]) -> bool:
    """Whether a row was added or counted. Not one that may be sealed: a clock that was set back lives through its minute again."""
    row = insert_or_update(Event).values(**columns, times=1, minute_key=token_hash("\0".join(same)))
    counted = row.on_conflict_do_update(index_elements=[Event.minute_key], set_={"times": Event.times + 1}, where=IS_OPEN)
    return write(counted.inline().execution_options(preserve_rowcount=True)).rowcount > 0


def record_event_alone(
    context: RequestContext, event: str, reason: str, about: Subject | None = None, session_hash: str | None = None
) -> None:
    """Record a refusal that no change goes with (a forged form, a step out of order) in a transaction of its own.

    Whatever comes without a live session is counted: see `count_event`.
    """
    begin_write()
    if context.visitor:
        record_event(context, event, reason=reason, refused=True, about=about, session_hash=session_hash)
    else:
        count_event(context, event, reason, about, session_hash)
    db.session.commit()
