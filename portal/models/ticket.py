"""Support tickets: what signed-in people ask support, and the conversation about it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, new_id

TICKET_STATES = ("open", "answered", "closed")


class Ticket(Base):
    """One question of a person. Its state: "open" (support's turn), "answered" (the person's), or "closed"."""

    __tablename__ = "tickets"
    __table_args__ = (
        CheckConstraint(f"state in ({', '.join(repr(each) for each in TICKET_STATES)})", name="state"),
        Index("ix_tickets_user_id_opened_at", "user_id", "opened_at"),
        Index("ix_tickets_state_due_at", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)  # the ticket number, without its dash
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    about_id: Mapped[str | None] = mapped_column(ForeignKey("tickets.id"))  # a closed ticket of the same person
    subject_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # until when support has promised to answer, while it is support's turn
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # who works on it
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    closed_at: Mapped[datetime | None]


class TicketMessage(Base):
    """What was written in a ticket, by the person or by an agent. Append-only."""

    __tablename__ = "ticket_messages"
    __table_args__ = (UniqueConstraint("ticket_id", "number", name="uq_ticket_messages_ticket_id_number"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.id"))
    number: Mapped[int]  # from 1 on: the order of the conversation, whatever the clock says
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    from_support: Mapped[bool]
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime]


def subject_place(ticket_id: str) -> str:
    """The place that a ticket's sealed subject is bound to."""
    return f"tickets:{ticket_id}:subject"


def message_place(message_id: str) -> str:
    """The place that a message's sealed text is bound to."""
    return f"ticket_messages:{message_id}:text"
