"""Backup codes: numbered sets, kept only as hashes once the person has saved them."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, new_id


class BackupCodeSet(Base):
    """One set of a person's codes. The newest is live; older ones are kept only to recognize their codes."""

    __tablename__ = "backup_code_sets"
    __table_args__ = (UniqueConstraint("user_id", "number"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    number: Mapped[int]  # 1, 2, 3, … as printed on the sheet
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    pepper_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    codes_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # shown once, then wiped: C-16
    readable_until: Mapped[datetime | None] = mapped_column(index=True)
    asked_number: Mapped[int]  # the code that proves they were saved; a reload asks for the same one
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
    sealed_copy_given_at: Mapped[datetime | None]  # when this set was given to the practice administrator on paper (C-6)


class BackupCode(Base):
    __tablename__ = "backup_codes"

    set_id: Mapped[str] = mapped_column(ForeignKey("backup_code_sets.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]
