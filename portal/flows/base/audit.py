"""The audit trail: one row in the transaction of what it tells (AU-1, AU-2)."""

import re
from typing import Protocol

from portal.db import add_at_commit, begin_write, db
from portal.flows.base.context import RequestContext
from portal.models import Event
from portal.version import VERSION

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
USER_AGENT_MAX = 400


class Subject(Protocol):
    """Whom an event is about, where it is not the visitor: a user, or the owner of an ended session."""

    @property
    def id(self) -> int: ...

    @property
    def role(self) -> str: ...


def one_line(text: str, limit: int = USER_AGENT_MAX) -> str:
    """Text from outside as one printable line (AU-5)."""
    return CONTROL.sub(" ", text)[:limit].strip()


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
    """Add an event about `about` (the visitor where it is left out) to the open transaction. `case_id`: the request it belongs to."""
    visitor = context.visitor
    add_at_commit(
        Event,
        at=context.now,
        event=event,
        result="refused" if refused else "ok",
        reason=reason,
        actor_id=visitor.user_id if visitor else (about and not refused and about.id) or None,
        subject_id=about.id if about else visitor and visitor.user_id,
        role=visitor.role if visitor else about and about.role,
        factor=factor,
        session_hash=session_hash or (visitor.token_hash if visitor else None),
        request_id=context.request_id,
        ip=context.ip,
        user_agent=context.user_agent,
        app_version=VERSION,
        case_id=case_id,
    )


def record_event_alone(
    context: RequestContext, event: str, reason: str, about: Subject | None = None, session_hash: str | None = None
) -> None:
    """An event that no change goes with (a forged form, a step out of order), in a transaction of its own."""
    begin_write()
    record_event(context, event, reason=reason, refused=True, about=about, session_hash=session_hash)
    db.session.commit()
