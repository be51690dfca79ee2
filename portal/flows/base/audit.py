"""The audit trail: one row for each event, in the same transaction as the change it records (AU-1, AU-2)."""

import re
from typing import Protocol

from portal.db import add_at_commit, begin_write, db
from portal.flows.base.context import RequestContext
from portal.models import Event
from portal.version import VERSION

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
USER_AGENT_MAX = 400


class Subject(Protocol):
    """The person an event is about, if not the visitor: a user, or the owner of an ended session."""

    @property
    def id(self) -> int: ...

    @property
    def role(self) -> str: ...


def one_line(text: str, limit: int = USER_AGENT_MAX) -> str:
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
    """Add an event to the open transaction.

    `about` defaults to the visitor. `case_id` is the request for emergency access or for a reset that the event belongs to.
    """
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
    """Record a refusal that no change goes with (a forged form, a step out of order) in a transaction of its own."""
    begin_write()
    record_event(context, event, reason=reason, refused=True, about=about, session_hash=session_hash)
    db.session.commit()
