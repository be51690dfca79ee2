"""Charts of the visitor's own practice; every query is limited to the practice's id."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import bindparam, select

from portal import clock
from portal.db import begin_write, db, read
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.base.visits import COLUMNS, Visit, as_visit
from portal.models import Appointment, Chart, ChartNote, Practice, User
from portal.settings import config

FOLLOWING = (
    select(Appointment.id)
    .where(
        Appointment.chart_id == Chart.id,
        Appointment.practice_id == Chart.practice_id,
        Appointment.starts_at >= bindparam("today"),
    )
    .order_by(Appointment.starts_at, Appointment.id)
    .limit(1)
    .correlate(Chart)
    .scalar_subquery()
)
# A practice's charts, each with the columns of its next visit, from today on by the practice's clock.
CHARTS = (
    select(Chart.id, Chart.patient_name, Chart.born_on, Chart.allergies, Chart.medicines, *COLUMNS)
    .outerjoin(Appointment, Appointment.id == FOLLOWING)
    .outerjoin(Practice, Practice.id == Appointment.practice_id)
    .where(Chart.practice_id == bindparam("practice"))
)
PAGE_OF_CHARTS = CHARTS.order_by(Chart.patient_name, Chart.id).offset(bindparam("skipped")).limit(config.CHARTS_PAGE + 1)
ONE_CHART = CHARTS.where(Chart.id == bindparam("chart"))
ANY_PRACTICES = select(Chart.id).where(Chart.id == bindparam("chart"))
LOCKED = ANY_PRACTICES.where(Chart.practice_id == bindparam("practice")).with_for_update()
NOTES = (
    select(ChartNote.text, User.full_name, ChartNote.written_at)
    .join(User, User.id == ChartNote.author_id)
    .where(ChartNote.chart_id == bindparam("chart"))
    .order_by(ChartNote.written_at.desc(), ChartNote.id.desc())
    .limit(config.NOTES_SHOWN)
)
DUPLICATES = select(ChartNote.id).where(
    ChartNote.chart_id == bindparam("chart"),
    ChartNote.author_id == bindparam("author"),
    ChartNote.text == bindparam("written"),
    ChartNote.written_at > bindparam("since"),
    ChartNote.written_at <= bindparam("latest"),
)


@dataclass(frozen=True)
class ShownChart:
    """A chart of the practice."""

    id: int
    patient_name: str
    born_on: date
    allergies: str
    medicines: str


@dataclass(frozen=True)
class Page:
    """One page of charts, by patient name, each with its next visit, if one is booked."""

    number: int
    charts: list[tuple[ShownChart, Visit | None]]
    has_more: bool


@dataclass(frozen=True)
class Note:
    """A note in a chart."""

    text: str
    author: str
    written_at: datetime


def list_charts(context: RequestContext, number: int) -> Page:
    """One page of the practice's charts, from page 1 on."""
    rows = read(PAGE_OF_CHARTS, {"skipped": (number - 1) * config.CHARTS_PAGE, **own_charts(context)}).all()
    return Page(number, [as_pair(context, row) for row in rows[: config.CHARTS_PAGE]], len(rows) > config.CHARTS_PAGE)


def own_charts(context: RequestContext) -> dict[str, Any]:
    """The parameters of CHARTS."""
    today = datetime.combine(context.now.astimezone(context.place).date(), time())
    return {"practice": context.user.practice_id, "today": today}


def as_pair(context: RequestContext, row: Any) -> tuple[ShownChart, Visit | None]:
    """A row of CHARTS: the chart, and its next visit if it has one."""
    chart = ShownChart(row.id, row.patient_name, row.born_on, row.allergies, row.medicines)
    return chart, as_visit(context, row) if row.visit_id is not None else None


def find_chart(context: RequestContext, chart_id: int) -> tuple[ShownChart, Visit | None] | None:
    """One chart of the practice with its next visit, or None. One of another practice is recorded: no page links there."""
    found = read(ONE_CHART, {"chart": chart_id, **own_charts(context)}).first()
    if found is None and read(ANY_PRACTICES, {"chart": chart_id}).first():
        record_event_alone(context, "authz_fail", "not_own")
    return as_pair(context, found) if found else None


def list_notes(chart: ShownChart) -> list[Note]:
    """The newest notes of a chart from `find_chart`, newest first."""
    return [Note(*row) for row in read(NOTES, {"chart": chart.id})]


def write_note(context: RequestContext, chart_id: int, text: str) -> bool:
    """Add a note; False if the chart is not of the visitor's practice. Idempotent: the same text within a minute is added once."""
    begin_write()
    if read(LOCKED, {"chart": chart_id, "practice": context.user.practice_id}).first() is None:
        db.session.rollback()
        return False
    lately = {"since": context.now - config.NOTE_ONCE, "latest": clock.latest_end(context.now, config.NOTE_ONCE)}
    if read(DUPLICATES, {"chart": chart_id, "author": context.user.user_id, "written": text, **lately}).first() is None:
        db.session.add(ChartNote(chart_id=chart_id, author_id=context.user.user_id, text=text, written_at=context.now))
        record_event(context, "chart_note_added")
    db.session.commit()
    return True
