"""A note on a chart that leaves the practice while it is written."""

from sqlalchemy import update

from portal.flows.practice import charts
from portal.models import Chart, ChartNote, Event
from tests.support.meanwhile import just_before


def test_a_chart_that_moves_to_another_practice_takes_no_note(plain, database, dr_okafor, monkeypatch):
    before = len(database.all(ChartNote))
    plain.enter(dr_okafor).press("Jun Park")
    just_before(monkeypatch, charts, "begin_write", lambda: database.change(update(Chart).values(practice_id=2)))
    plain.fill("Add note", Note="Flu shot given.")
    assert plain.status == 404
    assert len(database.all(ChartNote)) == before and not database.all(Event, Event.event == "chart_note_added")
