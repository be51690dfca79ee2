"""What a browser was asked to sign: bound to one attempt, valid for five minutes, and for one answer."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base


class OpenChallenge(Base):
    """The newest challenge of an attempt; each takes the place of the one before."""

    __tablename__ = "open_challenges"

    attempt: Mapped[str] = mapped_column(String(48), primary_key=True)  # the sign-in, confirmation, or set-up, as for a sent code
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    value_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)  # for the worker, which deletes those that are over
    used_at: Mapped[datetime | None]
