"""Tickets in support's hands: the queue, a ticket's page, and what an agent does there. Nobody works on their own ticket."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import aliased

from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.base.second_person import lock_people
from portal.flows.factors.shared_secrets import refuse_secrets
from portal.flows.messages import notices
from portal.flows.recovery.case import NOBODY, roll_back
from portal.flows.recovery.case_page import name_of
from portal.flows.tickets import conversation
from portal.flows.tickets.conversation import (
    ANSWERED,
    CLOSED,
    OPEN,
    Message,
    get_ticket,
    has_read,
    list_messages,
    move,
    read_subject,
)
from portal.models import Practice, Ticket, User
from portal.references import format_reference
from portal.settings import config
from portal.words.refusals import Refused

Agent = aliased(User)


@dataclass(frozen=True)
class QueueRow:
    """One ticket that waits for support. `subject` is None if the keys at hand do not open it."""

    number: str
    subject: str | None
    role: str
    practice: str
    opened_at: datetime
    due_at: datetime
    is_overdue: bool
    agent: str  # who has taken it, or ""
    is_mine: bool


@dataclass(frozen=True)
class Queue:
    """One page of the queue. `last`: the number after which later ones go on, "" if there are none."""

    rows: list[QueueRow]
    last: str


@dataclass(frozen=True)
class DeskTicket:
    """A ticket as an agent sees it: of the person no more than who they are."""

    number: str
    subject: str | None
    state: str
    is_overdue: bool
    is_alive: bool
    opened_at: datetime
    due_at: datetime | None
    name: str
    role: str
    practice: str
    about: str  # the number of an earlier ticket, or ""
    agent_id: int  # NOBODY if nobody has taken it
    agent: str
    is_mine: bool
    closed_at: datetime | None
    closed_by: str
    messages: list[Message]


# --- reading


def waiting(context: RequestContext) -> tuple[ColumnElement[bool], ...]:
    """SQL: tickets that wait for support, of people who are still there, and not the visitor's own; joined with their owners."""
    return Ticket.state == OPEN, User.disabled_at.is_(None), Ticket.user_id != context.user.user_id


def count_waiting(context: RequestContext) -> int:
    """How many tickets wait for support."""
    rows = select(func.count()).select_from(Ticket).join(User, User.id == Ticket.user_id)
    return db.session.scalar(rows.where(*waiting(context))) or 0


def list_queue(context: RequestContext, after: str) -> Queue:
    """The tickets that wait for support, by its promise: the first ones, or those after the ticket with the number `after`."""
    rows = (
        select(Ticket, User.role, Practice.name, Agent.full_name)
        .join(User, User.id == Ticket.user_id)
        .outerjoin(Practice, Practice.id == User.practice_id)
        .outerjoin(Agent, Agent.id == Ticket.agent_id)
        .where(*waiting(context))
        .order_by(Ticket.due_at, Ticket.id)
    )
    edge = get_ticket(conversation.read_number(after)) if after else None
    if edge is not None and edge.due_at is not None:
        rows = rows.where(or_(Ticket.due_at > edge.due_at, and_(Ticket.due_at == edge.due_at, Ticket.id > edge.id)))
    found = db.session.execute(rows.limit(config.TICKETS_PAGE + 1)).all()
    shown = [as_row(context, *each) for each in found[: config.TICKETS_PAGE]]
    return Queue(shown, shown[-1].number if len(found) > len(shown) else "")


def as_row(context: RequestContext, ticket: Ticket, role: str, practice: str | None, agent: str | None) -> QueueRow:
    due_at = ticket.due_at or ticket.opened_at
    return QueueRow(
        number=format_reference(ticket.id),
        subject=read_subject(context, ticket),
        role=role,
        practice=practice or "",
        opened_at=ticket.opened_at,
        due_at=due_at,
        is_overdue=context.now > due_at,
        agent=agent or "",
        is_mine=ticket.agent_id == context.user.user_id,
    )


def find_ticket(context: RequestContext, number: str) -> Ticket | None:
    """The ticket with that number; None if there is none, or if it is the visitor's own, which is recorded."""
    ticket = get_ticket(conversation.read_number(number))
    if ticket is not None and ticket.user_id == context.user.user_id:
        record_event_alone(context, "authz_fail", "not_own")
        return None
    return ticket


def describe_ticket(context: RequestContext, ticket: Ticket) -> DeskTicket:
    """The page of a ticket from `find_ticket`. Read-only."""
    owner = db.session.get_one(User, ticket.user_id)
    practice = db.session.get_one(Practice, owner.practice_id).name if owner.practice_id else ""
    return DeskTicket(
        number=format_reference(ticket.id),
        subject=read_subject(context, ticket),
        state=ticket.state,
        is_overdue=ticket.due_at is not None and context.now > ticket.due_at,
        is_alive=ticket.state != CLOSED and owner.disabled_at is None,
        opened_at=ticket.opened_at,
        due_at=ticket.due_at,
        name=owner.full_name,
        role=owner.role,
        practice=practice,
        about=format_reference(ticket.about_id or ""),
        agent_id=ticket.agent_id or NOBODY,
        agent=name_of(ticket.agent_id),
        is_mine=ticket.agent_id == context.user.user_id,
        closed_at=ticket.closed_at,
        closed_by=name_of(ticket.closed_by_id),
        messages=list_messages(context, ticket.id),
    )


# --- writing


def lock_ticket(context: RequestContext, ticket_id: str) -> tuple[Ticket, User]:
    """Begin to write about somebody's ticket: its owner's row is locked, which serializes all that is done to it. Raises Refused."""
    begin_write()
    owner_id = db.session.scalar(select(Ticket.user_id).where(Ticket.id == ticket_id))
    lock_people(context, *([owner_id] if owner_id else []))
    ticket = get_ticket(ticket_id)
    if ticket is None or ticket.user_id == context.user.user_id:
        raise roll_back(Refused("ticket_moved"))
    owner = db.session.get_one(User, ticket.user_id, populate_existing=True)
    if owner.disabled_at is not None:
        raise roll_back(Refused("ticket_no_owner"))
    return ticket, owner


def why_not(context: RequestContext, ticket: Ticket) -> Refused:
    """Why nothing was done: the ticket was closed, somebody else has it, or its owner has written meanwhile."""
    if ticket.state == CLOSED:
        return Refused("ticket_over")
    if ticket.agent_id is None:
        return Refused("ticket_untaken")
    if ticket.agent_id == context.user.user_id:
        return Refused("ticket_moved")
    return Refused("ticket_taken", who=name_of(ticket.agent_id))


def take(context: RequestContext, ticket_id: str, seen: int) -> None:
    """Take a ticket, or take it over from whom the page showed (`seen`, an id; NOBODY). Raises Refused if somebody else was first."""
    ticket, owner = lock_ticket(context, ticket_id)
    if ticket.agent_id == context.user.user_id:
        db.session.rollback()
        return
    alive = (Ticket.id == ticket_id, Ticket.state != CLOSED, Ticket.agent_id.is_not_distinct_from(seen or None))
    if change(update(Ticket).where(*alive).values(agent_id=context.user.user_id)) != 1:
        raise roll_back(why_not(context, ticket))
    record_event(context, "ticket_taken", about=owner, case_id=ticket_id)
    db.session.commit()


def answer(context: RequestContext, ticket_id: str, owner_id: int, text: str, read: int) -> None:
    """Answer a ticket that the visitor has taken; its owner gets an email without a word of it. Idempotent.

    Raises SecretShown, or Refused, also if the owner has written since the message with the number `read`.
    """
    refuse_secrets(context, {"answer": text}, owner_id)
    ticket, owner = lock_ticket(context, ticket_id)
    if conversation.was_just_written(context, ticket_id, text, from_support=True):
        db.session.rollback()
        return
    may = (Ticket.agent_id == context.user.user_id, has_read(ticket_id, read))
    if not move(context, ticket_id, ANSWERED, *may, due_at=None):
        raise roll_back(why_not(context, ticket))
    conversation.add_message(context, ticket_id, text, from_support=True)
    record_event(context, "ticket_answered", about=owner, case_id=ticket_id)
    notices.queue_notice(context, owner, "ticket_answered", reference=format_reference(ticket_id))
    db.session.commit()


def close(context: RequestContext, ticket_id: str, read: int) -> None:
    """Close a ticket that the visitor has taken, and tell its owner by email. Raises Refused, as `answer` does."""
    ticket, owner = lock_ticket(context, ticket_id)
    may = (Ticket.agent_id == context.user.user_id, has_read(ticket_id, read))
    if not move(context, ticket_id, CLOSED, *may, due_at=None):
        raise roll_back(why_not(context, ticket))
    record_event(context, "ticket_closed", about=owner, reason="support", case_id=ticket_id)
    notices.queue_notice(context, owner, "ticket_closed", reference=format_reference(ticket_id))
    db.session.commit()
