"""A person's own tickets: asks, reads, replies, closes. Every query is limited to the owner's id."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select

from portal import clock
from portal.db import begin_write, db
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.base.limits import charge_or_refuse, make_limit
from portal.flows.base.second_person import lock_people
from portal.flows.factors.shared_secrets import refuse_secrets
from portal.flows.recovery.promise import promised_by
from portal.flows.recovery.support import email_agents
from portal.flows.tickets import conversation
from portal.flows.tickets.conversation import CLOSED, OPEN, Message, get_ticket, list_messages, move, read_subject
from portal.models import Ticket, subject_place
from portal.references import format_reference, new_reference
from portal.settings import config
from portal.words.refusals import Refused

AGENTS_EMAIL = "ticket_due"


@dataclass(frozen=True)
class OwnTicket:
    """A ticket as its owner sees it. `subject` is None if the keys at hand do not open it."""

    number: str
    subject: str | None
    state: str
    opened_at: datetime
    due_at: datetime | None  # until when support answers, if it is support's turn
    about: str  # the number of the closed ticket that it goes on with, or ""
    closed_at: datetime | None
    closed_by_me: bool
    messages: list[Message]  # oldest first; in a list of tickets there are none


@dataclass(frozen=True)
class TicketList:
    """One page of a person's tickets, newest first. `last`: the number after which older ones go on, "" if there are none."""

    rows: list[OwnTicket]
    last: str


# --- reading


def list_tickets(context: RequestContext, before: str) -> TicketList:
    """The visitor's tickets: the newest, or those that are older than the ticket with the number `before`."""
    rows = select(Ticket).where(Ticket.user_id == context.user.user_id).order_by(Ticket.opened_at.desc(), Ticket.id.desc())
    edge = find_own(context, before) if before else None
    if edge is not None:
        same = and_(Ticket.opened_at == edge.opened_at, Ticket.id < edge.id)
        rows = rows.where(or_(Ticket.opened_at < edge.opened_at, same))
    found = list(db.session.scalars(rows.limit(config.TICKETS_PAGE + 1)))
    shown = [as_own(context, each) for each in found[: config.TICKETS_PAGE]]
    return TicketList(shown, shown[-1].number if len(found) > len(shown) else "")


def find_own(context: RequestContext, number: str) -> Ticket | None:
    """The visitor's ticket with that number; None if there is none, or if it is somebody else's, which is recorded."""
    ticket = get_ticket(conversation.read_number(number))
    if ticket is not None and ticket.user_id != context.user.user_id:
        record_event_alone(context, "authz_fail", "not_own")
        return None
    return ticket


def read_ticket(context: RequestContext, ticket: Ticket) -> OwnTicket:
    """A ticket from `find_own`, with all that was written. Read-only."""
    return as_own(context, ticket, list_messages(context, ticket.id))


def as_own(context: RequestContext, ticket: Ticket, messages: list[Message] | None = None) -> OwnTicket:
    return OwnTicket(
        number=format_reference(ticket.id),
        subject=read_subject(context, ticket),
        state=ticket.state,
        opened_at=ticket.opened_at,
        due_at=ticket.due_at,
        about=format_reference(ticket.about_id or ""),
        closed_at=ticket.closed_at,
        closed_by_me=ticket.closed_by_id == context.user.user_id,
        messages=messages or [],
    )


# --- writing


def open_ticket(context: RequestContext, subject: str, message: str, about: Ticket | None = None) -> str:
    """Send a ticket to support; returns its number. `about`: an own ticket that it goes on with.

    Idempotent: the same text within a minute is one ticket. Raises SecretShown, or Refused("tickets_often", wait=seconds).
    """
    refuse_secrets(context, {"subject": subject, "message": message})
    begin_write()
    lock_people(context)
    if sent := find_just_sent(context, subject, message):
        db.session.rollback()
        return format_reference(sent)
    whose = str(context.user.user_id)
    limit = make_limit(context.keys, config.TICKETS, config.TICKETS_IN, "tickets", whose)
    charge_or_refuse(context, [limit], "tickets_often")
    ticket_id = add_ticket(context, subject, about)
    conversation.add_message(context, ticket_id, message, from_support=False)
    record_event(context, "ticket_sent", case_id=ticket_id)
    email_agents(context, context.user.user_id, AGENTS_EMAIL)
    db.session.commit()
    return format_reference(ticket_id)


def add_ticket(context: RequestContext, subject: str, about: Ticket | None) -> str:
    """Add a ticket under a number that no other has to the open transaction; returns the number as it is stored."""
    ticket_id = new_reference(config.TICKET_NUMBER_LENGTH)
    while get_ticket(ticket_id):
        ticket_id = new_reference(config.TICKET_NUMBER_LENGTH)
    db.session.add(
        Ticket(
            id=ticket_id,
            user_id=context.user.user_id,
            about_id=about.id if about else None,
            subject_sealed=context.keys.seal(subject, subject_place(ticket_id)),
            state=OPEN,
            opened_at=context.now,
            due_at=promised_by(context),
        )
    )
    db.session.flush()
    return ticket_id


def find_just_sent(context: RequestContext, subject: str, message: str) -> str | None:
    """The visitor's newest ticket, if it is the same and was sent a moment ago: a form that was sent twice."""
    newest = select(Ticket).where(Ticket.user_id == context.user.user_id).order_by(Ticket.opened_at.desc()).limit(1)
    ticket = db.session.scalar(newest)
    if ticket is None or not clock.is_recent(ticket.opened_at, context.now, config.NOTE_ONCE):
        return None
    is_same = read_subject(context, ticket) == subject and list_messages(context, ticket.id)[0].text == message
    return ticket.id if is_same else None


def reply(context: RequestContext, ticket_id: str, message: str) -> None:
    """Write to support in an own ticket, whose answer is promised anew if it had answered. Idempotent, as a new ticket is.

    Raises SecretShown, or Refused: "ticket_closed", or "ticket_replies" with the wait in seconds.
    """
    refuse_secrets(context, {"message": message})
    begin_write()
    lock_people(context)
    if conversation.was_just_written(context, ticket_id, message, from_support=False):
        db.session.rollback()
        return
    limit = make_limit(context.keys, config.TICKET_REPLIES, config.TICKETS_IN, "ticket replies", ticket_id)
    charge_or_refuse(context, [limit], "ticket_replies")
    ticket = get_ticket(ticket_id)
    due_at = ticket.due_at if ticket and ticket.state == OPEN else promised_by(context)
    if not move(context, ticket_id, OPEN, Ticket.user_id == context.user.user_id, due_at=due_at):
        db.session.rollback()
        raise Refused("ticket_closed")
    conversation.add_message(context, ticket_id, message, from_support=False)
    record_event(context, "ticket_replied", case_id=ticket_id)
    email_agents(context, context.user.user_id, AGENTS_EMAIL)
    db.session.commit()


def close(context: RequestContext, ticket_id: str) -> None:
    """Close an own ticket. Idempotent."""
    begin_write()
    lock_people(context)
    if not move(context, ticket_id, CLOSED, Ticket.user_id == context.user.user_id, due_at=None):
        db.session.rollback()
        return
    record_event(context, "ticket_closed", case_id=ticket_id)
    db.session.commit()
