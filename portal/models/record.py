"""What an auditor asks for and no other table keeps: which rules were in force since when, and restore drills."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base


class RuleChange(Base):
    """A rule of the portal, or of one practice, and what it was from then on. Append-only.

    `number` counts the changes of one rule from 1 on: of two processes that find the same change, one writes it. The id is a digest of
    all the rest, and the event of the change has it: the audit trail thereby holds the value itself.
    """

    __tablename__ = "rule_changes"
    __table_args__ = (
        UniqueConstraint("scope", "name", "number", name="uq_rule_changes_scope_name_number"),
        Index("ix_rule_changes_practice_id", "practice_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    scope: Mapped[str] = mapped_column(String(16))  # "portal", or the practice's id
    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practices.id"))
    name: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    value: Mapped[str] = mapped_column(Text)  # for the code to read; what it says to people is in portal/folder/rules.py
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: the operator, or a new version of the portal


class RestoreDrill(Base):
    """A restore that the operator tried out, as they reported it. Append-only; the id is a digest, as that of a rule's change."""

    __tablename__ = "restore_drills"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime]
    done_by: Mapped[str]
    result: Mapped[str] = mapped_column(String(8))  # ok | failed
    note: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
