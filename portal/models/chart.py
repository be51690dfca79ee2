"""A practice's charts and the notes in them: the data that the EHR protects."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base


class Chart(Base):
    """One patient of one practice, independent of portal accounts: not every patient has one."""

    __tablename__ = "charts"
    __table_args__ = (Index("ix_charts_practice_id_patient_name", "practice_id", "patient_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    practice_id: Mapped[int] = mapped_column(ForeignKey("practices.id"))
    patient_name: Mapped[str]
    born_on: Mapped[date]
    allergies: Mapped[str]
    medicines: Mapped[str] = mapped_column(Text)


class ChartNote(Base):
    """A short note. Append-only."""

    __tablename__ = "chart_notes"
    __table_args__ = (Index("ix_chart_notes_chart_id_written_at", "chart_id", "written_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    chart_id: Mapped[int] = mapped_column(ForeignKey("charts.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
