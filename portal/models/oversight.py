"""Requests that a second person decides: resets of two-factor authentication, and emergency access (break-glass)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, new_id


class ResetRequest(Base):
    """A reset of a person's two-factor authentication: waiting for a second approver, done, or refused (AD-2, AD-3).

    A draft keeps the form's input while the requester re-authenticates (step-up).
    """

    __tablename__ = "reset_requests"
    __table_args__ = (
        CheckConstraint("status in ('draft', 'waiting', 'done', 'refused')", name="status"),
        Index("ix_reset_requests_subject_id_asked_at", "subject_id", "asked_at"),
        Index("ix_reset_requests_practice_id_status", "practice_id", "status"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practices.id"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    checks: Mapped[list[Any]] = mapped_column(JSON)  # how identity was verified: keys from a short list
    status: Mapped[str] = mapped_column(String(8), default="waiting", server_default="waiting")
    generation: Mapped[int]  # User.generation at the time of the request: the reset ends those factors and no later ones
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # the second approver, if one was needed
    decided_at: Mapped[datetime | None]


IS_RUNNING = text("approved_at IS NOT NULL AND ended_at IS NULL")


class EmergencyGrant(Base):
    """Emergency access (break-glass): read-only charts for an hour, for a provider without an authenticator (AD-6)."""

    __tablename__ = "emergency_grants"
    __table_args__ = (
        Index("ix_emergency_grants_provider_id_asked_at", "provider_id", "asked_at"),
        Index("ix_emergency_grants_practice_id_asked_at", "practice_id", "asked_at"),
        Index("ix_emergency_grants_running", "ends_at", sqlite_where=IS_RUNNING, postgresql_where=IS_RUNNING),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    practice_id: Mapped[int] = mapped_column(ForeignKey("practices.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    session_id: Mapped[int | None]  # the session that asked, the only one the grant is valid for
    reason: Mapped[str] = mapped_column(Text)
    number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # that the requester reads out and the approver types
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # when the end was recorded, or "This wasn't me" was selected before it
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reviewed_at: Mapped[datetime | None]


def number_place(grant_id: str) -> str:
    """The place the number of a grant is sealed for."""
    return f"emergency_grants:{grant_id}:number"


class EmergencyView(Base):
    """A chart opened during emergency access, with the time it was first opened, for the review."""

    __tablename__ = "emergency_views"

    grant_id: Mapped[str] = mapped_column(ForeignKey("emergency_grants.id"), primary_key=True)
    chart_id: Mapped[int] = mapped_column(ForeignKey("charts.id"), primary_key=True)
    opened_at: Mapped[datetime]
