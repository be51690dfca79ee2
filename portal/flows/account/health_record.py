"""What a patient's home page shows: the health record, and the sign-in before this one."""

from datetime import date, datetime
from typing import NamedTuple, TypedDict

from sqlalchemy import bindparam, select

from portal.db import read
from portal.flows.base.context import RequestContext
from portal.flows.base.parts import read_parts, together
from portal.flows.base.visits import OWN_VISITS, Visit, as_visit, own_visits, upcoming
from portal.flows.factors import backup_codes
from portal.flows.messages.notices import describe_browser
from portal.models import Event, Letter, Result, Session


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


BEGAN = select(Session.created_at).where(Session.id == bindparam("session")).scalar_subquery()
# The newest complete sign-in before this session.
LAST_SIGN_IN = (
    select(Event.at, Event.user_agent)
    .where(
        Event.subject_id == bindparam("owner"),
        Event.event == "authn_login_success",
        Event.reason.is_distinct_from("code_due"),  # only the password
        Event.at < BEGAN,
    )
    .order_by(Event.at.desc(), Event.id.desc())
    .limit(1)
)
HOME = together(
    letters=select(Letter.sent_at, Letter.sender, Letter.subject, Letter.body).where(Letter.patient_id == bindparam("owner")),
    results=select(Result.taken_on, Result.name, Result.value, Result.range).where(Result.patient_id == bindparam("owner")),
    visits=OWN_VISITS,
    sign_ins=LAST_SIGN_IN,
    codes=backup_codes.OVERVIEW,
)


def load_home(context: RequestContext) -> tuple[HealthRecord, backup_codes.Overview | None]:
    """The visitor's own record, and their backup codes while two-factor authentication is on; one query."""
    rows = read_parts(HOME, {"session": context.user.session_id, **own_visits(context)})
    letters = [LetterRow(row.sent_at, row.sender, row.subject, row.body) for row in rows["letters"]]
    results = [ResultRow(row.taken_on, row.name, row.value, row.range) for row in rows["results"]]
    last = [SignInRow(row.at, describe_browser(row.user_agent)) for row in rows["sign_ins"]]
    codes = [backup_codes.as_overview(context, row) for row in rows["codes"] if context.user.is_on]
    record: HealthRecord = {
        "last_sign_in": last[0] if last else None,
        "appointments": upcoming(context, [as_visit(context, row) for row in rows["visits"]]),
        "letters": sorted(letters, key=lambda letter: letter.sent_at, reverse=True),
        "results": sorted(results, key=lambda result: result.taken_on, reverse=True),
    }
    return record, codes[0] if codes else None


def find_appointment(context: RequestContext, appointment_id: int) -> Visit | None:
    """One of the visitor's appointments; None if it is over, or somebody else's."""
    own = upcoming(context, [as_visit(context, row) for row in read(OWN_VISITS, own_visits(context))])
    return next((visit for visit in own if visit.id == appointment_id), None)
