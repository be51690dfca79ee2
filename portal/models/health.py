"""Appointments, letters from providers, and results: the data that two-factor authentication protects."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, ClockTime


class Appointment(Base):
    """One visit to a practice: both the patient portal and the EHR read this row."""

    __tablename__ = "appointments"
    __table_args__ = (Index("ix_appointments_chart_id_starts_at", "chart_id", "starts_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    practice_id: Mapped[int] = mapped_column(ForeignKey("practices.id"))
    patient_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)  # their portal account, if they have one
    starts_at: Mapped[datetime] = mapped_column(
        ClockTime
    )  # by the clock of the practice, so that it survives changes of its zone
    minutes: Mapped[int] = mapped_column(default=30, server_default="30")
    with_whom: Mapped[str]
    reason: Mapped[str]
    chart_id: Mapped[int | None] = mapped_column(ForeignKey("charts.id"))


class Letter(Base):
    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    sent_at: Mapped[datetime]
    sender: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str] = mapped_column(Text)


class Result(Base):
    __tablename__ = "results"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    taken_on: Mapped[date]
    name: Mapped[str]
    value: Mapped[str] = mapped_column(String(64))
    range: Mapped[str] = mapped_column(String(64))
