"""What a patient's home page shows: the health record, and the sign-in before this one."""

from datetime import datetime
from typing import Any, NamedTuple, TypedDict

from sqlalchemy import Select, bindparam, desc, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.messages.notices import describe_browser
from portal.models import Appointment, Event, Letter, Result, Session


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


class SignInRow(NamedTuple):
    """A sign-in; the browser in words, "" if unknown."""

    at: datetime
    browser: str


class HealthRecord(TypedDict):
    """Appointments, the next one first; letters and results, newest first; the last sign-in before this session's, if any."""

    last_sign_in: SignInRow | None
    appointments: list[AppointmentRow]
    letters: list[LetterRow]
    results: list[ResultRow]


def select_list(
    name: str, owner: InstrumentedAttribute[int], *columns: InstrumentedAttribute[datetime] | InstrumentedAttribute[str]
) -> Select[*tuple[Any, ...]]:
    """SQL: one list of the health record: its name, then columns that begin with a time."""
    return select(literal(name), *columns).where(owner == bindparam("owner"))


def select_last_sign_in() -> Select[*tuple[Any, ...]]:
    """SQL: the newest complete sign-in before this session, as a list of the record."""
    began = select(Session.created_at).where(Session.id == bindparam("session")).scalar_subquery()
    newest = (
        select(
            literal("sign_ins").label("name"), Event.at, Event.user_agent, literal("").label("ip"), literal("").label("result")
        )
        .where(
            Event.subject_id == bindparam("owner"),
            Event.event == "authn_login_success",
            Event.reason.is_distinct_from("code_due"),  # only the password
            Event.at < began,
        )
        .order_by(Event.at.desc(), Event.id.desc())
        .limit(1)
    )
    return select(newest.subquery())


# The home page's lists in one statement, newest first: each row is a time and three texts.
RECORD = union_all(
    select_list(
        "appointments", Appointment.patient_id, Appointment.at, Appointment.with_whom, Appointment.place, Appointment.reason
    ),
    select_list("letters", Letter.patient_id, Letter.sent_at, Letter.sender, Letter.subject, Letter.body),
    select_list("results", Result.patient_id, Result.taken_at, Result.name, Result.value, Result.range),
    select_last_sign_in(),
).order_by(desc("at"))


def load_health_record(context: RequestContext) -> HealthRecord:
    """The visitor's own record."""
    columns_by_list: dict[str, list[list[Any]]] = {"appointments": [], "letters": [], "results": [], "sign_ins": []}
    for name, *columns in db.session.connection().execute(
        RECORD, {"owner": context.user.user_id, "session": context.user.session_id}
    ):
        columns_by_list[name].append(columns)
    last = [SignInRow(at, describe_browser(user_agent)) for at, user_agent, *_ in columns_by_list["sign_ins"]]
    return {
        "last_sign_in": last[0] if last else None,
        "appointments": [AppointmentRow(*columns) for columns in reversed(columns_by_list["appointments"])],
        "letters": [LetterRow(*columns) for columns in columns_by_list["letters"]],
        "results": [ResultRow(*columns) for columns in columns_by_list["results"]],
    }
