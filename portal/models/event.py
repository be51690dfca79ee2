"""The audit trail (AU-2) and the outbox of notices: rows of the transaction that they tell of."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.gateways import HELD
from portal.models.base import Base, new_id


class Event(Base):
    """One security event. Never a code, secret, token, full phone number or unmatched username (AU-3)."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_subject_id_at", "subject_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(48))
    result: Mapped[str] = mapped_column(String(8))  # ok | refused
    reason: Mapped[str | None] = mapped_column(String(48))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    subject_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str | None] = mapped_column(String(16))
    factor: Mapped[str | None] = mapped_column(String(16))
    session_hash: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(32))
    ip: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(Text)
    app_version: Mapped[str] = mapped_column(String(16))
    case_id: Mapped[str | None] = mapped_column(String(32))  # the request that it belongs to: who asked for it, and why


class Outbox(Base):
    """A mail or text to hand over after the commit; flows/messages/outbox.py says how.

    A mail is made of `template` and `facts`; a text's words, or the links of a mail, are sealed in `body_sealed` and wiped when it is
    handed over or dead. `state`: queued -> carried -> sent | failed | queued again; dead when `dies_at` came first.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_state_lease_until", "state", "lease_until"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(8), default="mail", server_default="mail")
    template: Mapped[str] = mapped_column(String(48))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    to_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12), default="queued", server_default="queued")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[datetime | None]  # who carries it owns it until then; afterwards anybody may try again
    dies_at: Mapped[datetime | None]  # never handed over from then on
    created_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # "This wasn't me" was pressed
    outcome: Mapped[str | None] = mapped_column(String(12))  # what the gateway last said: see portal/gateways
    delivered_at: Mapped[datetime | None]  # when the carrier said that a text is on the phone; whatever else came before or after

    def stage_at(self, now: datetime) -> str:
        """What a page tells of it: "waiting", "trying" (a try failed, the next one comes), "sent", "delivered", "held" or "failed"."""
        if self.delivered_at is not None:
            return "delivered"
        if self.state == "sent":
            return "sent"
        lease_is_over = self.lease_until is not None and self.lease_until <= now
        left_half_way = self.kind == "text" and self.state == "carried" and lease_is_over
        if self.state in ("failed", "dead") or left_half_way or (self.dies_at is not None and self.dies_at <= now):
            return "held" if self.outcome == HELD else "failed"
        return "trying" if self.outcome else "waiting"
