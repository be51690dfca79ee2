"""Counters of rate limits, by keyed hash of what they count."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base


class LimitCounter(Base):
    """What was spent of one limit in its running window. The key is a keyed hash: no typed name is readable here (AU-3)."""

    __tablename__ = "limit_counters"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    spent: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)  # when the window is over and the count starts anew
