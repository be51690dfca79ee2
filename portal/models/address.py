"""Email addresses for notices, and emailed single-use links."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, new_id


class NoticeAddress(Base):
    """A second address that gets every notice (NO-2), or a new primary one. It takes effect once confirmed (RC-3)."""

    __tablename__ = "notice_addresses"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    email_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    is_first: Mapped[bool] = mapped_column(default=False)  # replaces the account's own address when confirmed
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class Link(Base):
    """An emailed link: a single-use token of 256 random bits, stored as a hash, that expires (RC-7)."""

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(24))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
