"""Out-of-band codes: hashed, bound to the attempt that requested them, expired after ten minutes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, new_id


class SentCode(Base):
    """A sent code. Only the newest one of an attempt is valid (product rule 7)."""

    __tablename__ = "sent_codes"
    __table_args__ = (
        Index("ix_sent_codes_user_id_created_at", "user_id", "created_at"),
        Index("ix_sent_codes_to_hash_created_at", "to_hash", "created_at"),
        Index("ix_sent_codes_ip_created_at", "ip", "created_at"),
        Index("ix_sent_codes_prefix_created_at", "prefix", "created_at"),
        Index("ix_sent_codes_created_at", "created_at"),
        Index("ix_sent_codes_outbox_id", "outbox_id"),  # for the deletion of old messages
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    attempt: Mapped[str] = mapped_column(String(48), index=True)  # "session:ID" or "binding:ID" it is bound to (SM-3)
    authenticator_id: Mapped[str] = mapped_column(String(32))
    to_hash: Mapped[bytes] = mapped_column(LargeBinary)
    prefix: Mapped[str] = mapped_column(String(8))
    ip: Mapped[str] = mapped_column(String(45))  # as limits compare it: see limit_address
    is_proved: Mapped[bool] = mapped_column(default=False, server_default="0")  # to a number that the account had proved
    is_known: Mapped[bool] = mapped_column(default=False, server_default="0")  # from a browser that the person had signed in from
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    outbox_id: Mapped[str] = mapped_column(ForeignKey("outbox.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
