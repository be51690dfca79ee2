"""A second factor that was shown for one act and one target, in one session."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base


class ActProof(Base):
    """Good for one act, for five minutes, and while the account is as it was; each takes the place of the one before."""

    __tablename__ = "act_proofs"

    attempt: Mapped[str] = mapped_column(String(48), primary_key=True)  # session, act, and target: see `Act.attempt`
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    generation: Mapped[int]  # User.generation when it was shown: a changed password or factor voids it
    expires_at: Mapped[datetime] = mapped_column(index=True)  # for the worker, which deletes those that are over
    used_at: Mapped[datetime | None]
