"""What a patient's home page shows: the health record, and the sign-in before this one."""

from datetime import date, datetime
from typing import Any, NamedTuple, TypedDict

from sqlalchemy import Date, Select, bindparam, cast, desc, literal, null, select, union_all

from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.base.visits import Visit, as_visit, select_visits, upcoming
from portal.flows.messages.notices import describe_browser
from portal.models import Appointment, Event, Letter, Result, Session


class LetterRow(NamedTuple):
    """A letter on the home page."""

    sent_at: datetime
    sender: str
    subject: str
    body: str


class ResultRow(NamedTuple):
    """A laboratory result on the home page."""

    taken_on: date
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
    appointments: list[Visit]
    letters: list[LetterRow]
    results: list[ResultRow]


NO_TIME, NO_DATE = cast(null(), Letter.sent_at.type), cast(null(), Date())


def select_last_sign_in() -> Select[*tuple[Any, ...]]:
    """SQL: the newest complete sign-in before this session, as a list of the record."""
    began = select(Session.created_at).where(Session.id == bindparam("session")).scalar_subquery()
    newest = (
        select(
            literal("sign_ins").label("name"),
            Event.at,
            NO_DATE.label("on"),
            Event.user_agent,
            literal("").label("ip"),
            literal("").label("result"),
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


# What changes with every page, in one statement: each row is a time or a date, and three texts. The newest come first.
RECORD = union_all(
    select(literal("letters"), Letter.sent_at.label("at"), NO_DATE.label("on"), Letter.sender, Letter.subject, Letter.body).where(
        Letter.patient_id == bindparam("owner")
    ),
    select(literal("results"), NO_TIME, Result.taken_on, Result.name, Result.value, Result.range).where(
        Result.patient_id == bindparam("owner")
    ),
    select_last_sign_in(),
).order_by(desc("on"), desc("at"))


def load_health_record(context: RequestContext) -> HealthRecord:
    """The visitor's own record."""
    rows_by_list: dict[str, list[list[Any]]] = {"letters": [], "results": [], "sign_ins": []}
    whose = {"owner": context.user.user_id, "session": context.user.session_id}
    for name, *columns in db.session.connection().execute(RECORD, whose):
        rows_by_list[name].append(columns)
    last = [SignInRow(at, describe_browser(user_agent)) for at, _, user_agent, *_ in rows_by_list["sign_ins"]]
    return {
        "last_sign_in": last[0] if last else None,
        "appointments": list_appointments(context),
        "letters": [LetterRow(at, *texts) for at, _, *texts in rows_by_list["letters"]],
        "results": [ResultRow(on, *texts) for _, on, *texts in rows_by_list["results"]],
    }


def list_appointments(context: RequestContext) -> list[Visit]:
    """The visitor's own, from today on."""
    own = select_visits(context).where(Appointment.patient_id == context.user.user_id)
    return upcoming(context, [as_visit(context, row) for row in db.session.execute(own)])


def find_appointment(context: RequestContext, appointment_id: int) -> Visit | None:
    """One of them; None if it is over, or somebody else's."""
    return next((visit for visit in list_appointments(context) if visit.id == appointment_id), None)
