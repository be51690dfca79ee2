"""A patient's appointments, letters from providers, and results: the data that two-factor authentication protects."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base


class Appointment(Base):
    __tablename__ = "appointments"

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    at: Mapped[datetime]
    with_whom: Mapped[str]
    place: Mapped[str]
    reason: Mapped[str]


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
    taken_at: Mapped[datetime]
    name: Mapped[str]
    value: Mapped[str] = mapped_column(String(64))
    range: Mapped[str] = mapped_column(String(64))
