"""Charts of the visitor's own practice; every query is limited to the practice's id."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from portal import clock
from portal.db import begin_write, db
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.models import Chart, ChartNote, User
from portal.settings import config


@dataclass(frozen=True)
class Page:
    """One page of charts, by patient name."""

    number: int
    charts: list[Chart]
    has_more: bool


@dataclass(frozen=True)
class Note:
    """A note in a chart."""

    text: str
    author: str
    written_at: datetime


def list_charts(context: RequestContext, number: int) -> Page:
    """One page of the practice's charts, from page 1 on."""
    own = select(Chart).where(Chart.practice_id == context.user.practice_id).order_by(Chart.patient_name, Chart.id)
    rows = db.session.scalars(own.offset((number - 1) * config.CHARTS_PAGE).limit(config.CHARTS_PAGE + 1)).all()
    return Page(number, list(rows[: config.CHARTS_PAGE]), len(rows) > config.CHARTS_PAGE)


def find_chart(context: RequestContext, chart_id: int) -> Chart | None:
    """One chart of the practice, or None. One of another practice is recorded: no page links there."""
    chart = db.session.scalar(own_charts(context, chart_id))
    if chart is None and db.session.scalar(select(func.count()).where(Chart.id == chart_id)):
        record_event_alone(context, "authz_fail", "not_own")
    return chart


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
