"""The audit trail (AU-2) and the transactional outbox: rows written in the transaction that they report."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.gateways import HELD
from portal.models.base import Base, new_id
from portal.settings import config

IS_WAITING, HAS_BODY = text("state IN ('claimed', 'queued')"), text("body_sealed IS NOT NULL")


class Event(Base):
    """A security event. It never holds a code, secret, token, full phone number, or unknown username (AU-3).

    What strangers can cause without end is one row for each kind, address, and minute (`minute_key`), which counts the `times`.
    """

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
    case_id: Mapped[str | None] = mapped_column(String(32))  # its reset request or emergency grant, with requester and reason
    times: Mapped[int] = mapped_column(default=1, server_default="1")
    minute_key: Mapped[str | None] = mapped_column(String(64), unique=True)


class Outbox(Base):
    """An email or text to send after the commit (transactional outbox); see flows/messages/outbox.py.

    An email is rendered from `template` and `facts`. The body of a text, or the links of an email, are sealed in `body_sealed` and
    wiped once it is sent or expired. `state`: queued -> claimed -> sent | failed | queued again; expired if `expires_at` comes first.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_open", "created_at", sqlite_where=IS_WAITING, postgresql_where=IS_WAITING),
        Index("ix_outbox_body", "expires_at", sqlite_where=HAS_BODY, postgresql_where=HAS_BODY),
        Index("ix_outbox_user_id_created_at", "user_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(8), default="mail", server_default="mail")
    template: Mapped[str] = mapped_column(String(48))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    language: Mapped[str | None] = mapped_column(String(35))  # of the account when it was queued
    to_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    body_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12), default="queued", server_default="queued")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[datetime | None]  # one worker owns it until then; afterward any may retry
    expires_at: Mapped[datetime | None]  # not sent after this
    created_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # when "This wasn't me" was selected
    outcome: Mapped[str | None] = mapped_column(String(12))  # the gateway's last outcome: see portal/gateways
    delivered_at: Mapped[
        datetime | None
    ]  # when the carrier reported that the text reached the phone; final, whatever else is reported

    def stage_at(self, now: datetime) -> str:
        """The stage to display: "waiting", "trying" (failed once, retry due), "sent", "delivered", "held", or "failed"."""
        if self.delivered_at is not None:
            return "delivered"
        if self.state == "sent":
            return "sent"
        lease_has_expired = self.lease_until is not None and not clock.is_ahead(self.lease_until, now, config.MAIL_RETRY[1])
        is_abandoned = self.kind == "text" and self.state == "claimed" and lease_has_expired
        is_future_code = self.template == "code" and self.created_at > now + config.CLOCK_TOLERANCE
        is_expired = self.expires_at is not None and self.expires_at <= now
        if self.state in ("failed", "expired") or is_abandoned or is_expired or is_future_code:
            return "held" if self.outcome == HELD else "failed"
        return "trying" if self.outcome else "waiting"
