"""The health record on a patient's home page."""

from datetime import datetime
from typing import Any, NamedTuple, TypedDict

from sqlalchemy import Select, bindparam, desc, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from portal.db import db
from portal.flows.base.context import RequestContext
from portal.models import Appointment, Letter, Result


class AppointmentRow(NamedTuple):
    """An appointment on the home page."""

    at: datetime
    with_whom: str
    place: str
    reason: str


class LetterRow(NamedTuple):
    """A letter on the home page."""

    sent_at: datetime
    sender: str
    subject: str
    body: str


class ResultRow(NamedTuple):
    """A laboratory result on the home page."""

    taken_at: datetime
    name: str
    value: str
    range: str


class HealthRecord(TypedDict):
    """Appointments, the next one first; letters and results, newest first."""

    appointments: list[AppointmentRow]
    letters: list[LetterRow]
    results: list[ResultRow]


def select_list(
    name: str, owner: InstrumentedAttribute[int], *columns: InstrumentedAttribute[datetime] | InstrumentedAttribute[str]
) -> Select[*tuple[Any, ...]]:
    """SQL: one list of the health record: its name, then columns that begin with a time."""
    return select(literal(name), *columns).where(owner == bindparam("owner"))


# The home page's three lists in one statement, newest first: each row is a time and three texts.
RECORD = union_all(
    select_list(
        "appointments", Appointment.patient_id, Appointment.at, Appointment.with_whom, Appointment.place, Appointment.reason
    ),
    select_list("letters", Letter.patient_id, Letter.sent_at, Letter.sender, Letter.subject, Letter.body),
    select_list("results", Result.patient_id, Result.taken_at, Result.name, Result.value, Result.range),
).order_by(desc("at"))


def load_health_record(context: RequestContext) -> HealthRecord:
    """The visitor's own record."""
    columns_by_list: dict[str, list[list[Any]]] = {"appointments": [], "letters": [], "results": []}
    for name, *columns in db.session.connection().execute(RECORD, {"owner": context.user.user_id}):
        columns_by_list[name].append(columns)
    return {
        "appointments": [AppointmentRow(*columns) for columns in reversed(columns_by_list["appointments"])],
        "letters": [LetterRow(*columns) for columns in columns_by_list["letters"]],
        "results": [ResultRow(*columns) for columns in columns_by_list["results"]],
    }
