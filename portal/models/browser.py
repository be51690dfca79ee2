"""Trusted browsers, which skip the code for up to thirty days (product rule 4), and new ones, where a code is not enough (decision 43)."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base


class TrustedBrowser(Base):
    """A trusted browser: the hash of a token that is valid for one person and one `User.generation` (TB-4)."""

    __tablename__ = "trusted_browsers"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    generation: Mapped[int]
    ip: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class BrowserConfirmation(Base):
    """A sign-in with a right code in a new browser: one row for its session, which its owner confirms by an emailed link or elsewhere."""

    __tablename__ = "browser_confirmations"

    session_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)  # of the emailed link
    notice_id: Mapped[str | None] = mapped_column(String(32))  # the first of the emails; None: too many went out, and none did
    factor: Mapped[str] = mapped_column(String(16))
    wants_trust: Mapped[bool]  # the box of a trusted browser was checked
    ip: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)  # for the worker, which deletes those that are over
    confirmed_at: Mapped[datetime | None]  # in a session that was open elsewhere
    used_at: Mapped[datetime | None]
