"""What the person's pages of a ticket and support's share: its number, its states, and what was written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, update

from portal import clock
from portal.crypto import SealBroken
from portal.db import change, db
from portal.flows.base.context import RequestContext
from portal.models import Ticket, TicketMessage, User, message_place, new_id, subject_place
from portal.references import read_reference
from portal.settings import config

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"
ALIVE = (OPEN, ANSWERED)


@dataclass(frozen=True)
class Message:
    """One message. `text` is None if the keys at hand do not open it."""

    number: int  # from 1 on
    author: str  # a name
    from_support: bool
    text: str | None
    at: datetime


def read_number(typed: str) -> str | None:
    """A ticket number as it is stored, however it was typed; None if it cannot be one."""
    return read_reference(typed, config.TICKET_NUMBER_LENGTH)


def get_ticket(ticket_id: str | None) -> Ticket | None:
    """The ticket as it is now, whoever's it is; None if there is none."""
    return db.session.get(Ticket, ticket_id, populate_existing=True) if ticket_id else None


def move(context: RequestContext, ticket_id: str, state: str, *where: ColumnElement[bool], **values: Any) -> bool:
    """Bring a ticket that is not closed into `state`, in the open transaction; False if it is closed or one of `where` fails.

    One UPDATE decides a race. A loaded ticket is not refreshed.
    """
    over = {"closed_at": context.now, "closed_by_id": context.user.user_id} if state == CLOSED else {}
    alive = (Ticket.id == ticket_id, Ticket.state.in_(ALIVE), *where)
    return change(update(Ticket).where(*alive).values(state=state, **over, **values)) == 1


def has_read(ticket_id: str, number: int) -> ColumnElement[bool]:
    """SQL: whether the person has written nothing since the message with that number."""
    newer = (TicketMessage.ticket_id == ticket_id, TicketMessage.from_support.is_(False), TicketMessage.number > number)
    return ~exists().where(*newer)


def add_message(context: RequestContext, ticket_id: str, text: str, from_support: bool) -> None:
    """Add a message by the visitor to the open transaction, in which the owner's row is locked."""
    message_id = new_id()
    last = db.session.scalar(select(func.max(TicketMessage.number)).where(TicketMessage.ticket_id == ticket_id))
    sealed = context.keys.seal(text, message_place(message_id))
    about = {"ticket_id": ticket_id, "number": (last or 0) + 1, "author_id": context.user.user_id, "from_support": from_support}
    db.session.add(TicketMessage(id=message_id, text_sealed=sealed, written_at=context.now, **about))


def list_messages(context: RequestContext, ticket_id: str) -> list[Message]:
    """What was written in a ticket, oldest first."""
    rows = (
        select(TicketMessage, User.full_name)
        .join(User, User.id == TicketMessage.author_id)
        .where(TicketMessage.ticket_id == ticket_id)
        .order_by(TicketMessage.number)
    )
    found = db.session.execute(rows)
    return [
        Message(
            row.number, author, row.from_support, open_sealed(context, row.text_sealed, message_place(row.id)), row.written_at
        )
        for row, author in found
    ]


def was_just_written(context: RequestContext, ticket_id: str, text: str, from_support: bool) -> bool:
    """Whether the newest message is the same, from the same side, a moment ago: a form that was sent twice."""
    newest = list_messages(context, ticket_id)[-1:]
    return any(
        (each.text, each.from_support) == (text, from_support) and clock.is_recent(each.at, context.now, config.NOTE_ONCE)
        for each in newest
    )


def read_subject(context: RequestContext, ticket: Ticket) -> str | None:
    """A ticket's subject; None if the keys at hand do not open it."""
    return open_sealed(context, ticket.subject_sealed, subject_place(ticket.id))


def open_sealed(context: RequestContext, sealed: bytes, place: str) -> str | None:
    try:
        return context.keys.open(sealed, place)
    except SealBroken:
        return None
