"""The seals of the audit trail: a keyed hash chain over events, added to and never changed (AU-4); see flows/audit."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, new_id

IS_RETIREMENT = text("retired_through IS NOT NULL")


class AuditKey(Base):
    """A key of the chain, sealed: the database alone can't compute a seal, and an encryption key that went takes no proof with it."""

    __tablename__ = "audit_keys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_with: Mapped[str] = mapped_column(String(16))  # the ID of the newest encryption key at that time
    created_at: Mapped[datetime]


class EventSeal(Base):
    """One link of the chain, over a batch of events. A retirement has no events; it says which seals' events were deleted by age.

    `spans` holds the IDs of the events, "7-12,15", none left out between the ends of a span; `tags` a part of each event's HMAC,
    in the order of their IDs. `own_hash` is the HMAC of all other columns, `previous_hash` among them.
    """

    __tablename__ = "event_seals"
    __table_args__ = (
        Index("ix_event_seals_retired", "retired_through", sqlite_where=IS_RETIREMENT, postgresql_where=IS_RETIREMENT),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 1, without a gap
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)  # two workers at once can't fork the chain
    own_hash: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(ForeignKey("audit_keys.id"))
    format: Mapped[int]  # which columns of an event were sealed: see flows/audit/encoding.py
    sealed_at: Mapped[datetime]
    events: Mapped[int]  # how many
    total: Mapped[int] = mapped_column(BigInteger)  # events sealed up to here
    top_id: Mapped[int]  # the highest ID of them
    first_at: Mapped[datetime | None]  # of this seal's events
    last_at: Mapped[datetime | None]
    has_more: Mapped[bool]  # whether others were left to the next seal
    spans: Mapped[str] = mapped_column(Text)
    tags: Mapped[bytes] = mapped_column(LargeBinary)
    retired_through: Mapped[int | None]  # the last seal whose events a retirement has deleted


def audit_key_place(key_id: str) -> str:
    """Where a key of the chain is sealed."""
    return f"audit_keys:{key_id}:key"
