"""Charts of the visitor's own practice; every query is limited to the practice's id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import Select, func, select

from portal import clock
from portal.db import begin_write, db
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.base.visits import COLUMNS, Visit, as_visit
from portal.models import Appointment, Chart, ChartNote, Practice, User
from portal.settings import config


@dataclass(frozen=True)
class Page:
    """One page of charts, by patient name, each with its next visit, if one is booked."""

    number: int
    charts: list[tuple[Chart, Visit | None]]
    has_more: bool


@dataclass(frozen=True)
class Note:
    """A note in a chart."""

    text: str
    author: str
    written_at: datetime


def list_charts(context: RequestContext, number: int) -> Page:
    """One page of the practice's charts, from page 1 on."""
    own = select_charts(context).order_by(Chart.patient_name, Chart.id)
    rows = db.session.execute(own.offset((number - 1) * config.CHARTS_PAGE).limit(config.CHARTS_PAGE + 1)).all()
    return Page(number, [as_pair(context, row) for row in rows[: config.CHARTS_PAGE]], len(rows) > config.CHARTS_PAGE)


def select_charts(context: RequestContext) -> Select[*tuple[Any, ...]]:
    """SQL: the practice's charts, each with the columns of its next visit, from today on by the practice's clock."""
    today = datetime.combine(context.now.astimezone(context.place).date(), time())
    its_own = (Appointment.chart_id == Chart.id, Appointment.practice_id == Chart.practice_id, Appointment.starts_at >= today)
    following = select(Appointment.id).where(*its_own).order_by(Appointment.starts_at, Appointment.id).limit(1)
    return (
        select(Chart, *COLUMNS)
        .outerjoin(Appointment, Appointment.id == following.correlate(Chart).scalar_subquery())
        .outerjoin(Practice, Practice.id == Appointment.practice_id)
        .where(Chart.practice_id == context.user.practice_id)
    )


def as_pair(context: RequestContext, row: Sequence[Any]) -> tuple[Chart, Visit | None]:
    """A row of `select_charts`: the chart, and its next visit if it has one."""
    chart, *columns = row
    return chart, as_visit(context, columns) if columns[0] is not None else None


def find_chart(context: RequestContext, chart_id: int) -> tuple[Chart, Visit | None] | None:
    """One chart of the practice with its next visit, or None. One of another practice is recorded: no page links there."""
    found = db.session.execute(select_charts(context).where(Chart.id == chart_id)).first()
    if found is None and db.session.scalar(select(func.count()).where(Chart.id == chart_id)):
        record_event_alone(context, "authz_fail", "not_own")
    return as_pair(context, found) if found else None


def own_charts(context: RequestContext, chart_id: int) -> Select[Chart]:
    return select(Chart).where(Chart.id == chart_id, Chart.practice_id == context.user.practice_id)


def list_notes(context: RequestContext, chart: Chart) -> list[Note]:
    """The newest notes of a chart from `find_chart`, newest first."""
    rows = (
        select(ChartNote.text, User.full_name, ChartNote.written_at)
        .join(User, User.id == ChartNote.author_id)
        .where(ChartNote.chart_id == chart.id)
        .order_by(ChartNote.written_at.desc(), ChartNote.id.desc())
        .limit(config.NOTES_SHOWN)
    )
    return [Note(*row) for row in db.session.execute(rows)]


def write_note(context: RequestContext, chart_id: int, text: str) -> bool:
    """Add a note; False if the chart is not of the visitor's practice. Idempotent: the same text within a minute is added once."""
    begin_write()
    chart = db.session.scalar(own_charts(context, chart_id).with_for_update())
    if chart is None:
        db.session.rollback()
        return False
    duplicates = select(func.count()).where(
        ChartNote.chart_id == chart.id,
        ChartNote.author_id == context.user.user_id,
        ChartNote.text == text,
        clock.since(ChartNote.written_at, context.now, config.NOTE_ONCE),
    )
    if not db.session.scalar(duplicates):
        db.session.add(ChartNote(chart_id=chart.id, author_id=context.user.user_id, text=text, written_at=context.now))
        record_event(context, "chart_note_added")
    db.session.commit()
    return True
