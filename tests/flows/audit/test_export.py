"""That the trail is copied is written into it first (AU-7)."""

import json
from datetime import timedelta

from portal.flows.audit import export
from portal.flows.audit.export import Period, export_events
from portal.flows.operator.operator_events import command_context
from portal.models import Event
from portal.settings import audit


def test_an_export_is_an_event_before_its_first_line(trail, database):
    context = command_context(trail.keys, trail.clock.now, "audit export, run by pat")
    period = Period(trail.clock.now - timedelta(days=1), trail.clock.now)
    with trail.app.app_context():
        lines = export_events(context, period)
        assert next(lines).startswith('{"id": ')
    event = database.all(Event)[-1]
    assert (event.event, event.result, event.subject_id, event.times) == ("audit_exported", "ok", None, 1)
    assert event.reason == "2027-02-28T12:10/2027-03-01T12:10" and event.user_agent == context.user_agent


def test_unsealed_events_are_read_many_at_once_and_written_once_each(trail, database, monkeypatch):
    trail.seal()
    trail.add(25)
    monkeypatch.setattr(audit, "UNSEALED_AT_ONCE", 7)
    asked, read_rows = [], export.read_rows
    monkeypatch.setattr(export, "read_rows", lambda *facts: asked.append(facts[1:]) or read_rows(*facts))
    context = command_context(trail.keys, trail.clock.now, "audit export, run by pat")
    with trail.app.app_context():
        period = Period(trail.clock.now - timedelta(days=1), trail.clock.now + timedelta(days=1))
        lines = [json.loads(each) for each in export_events(context, period)]
    unsealed = [each["id"] for each in lines if each["seal"] is None]
    assert unsealed == sorted({*unsealed}) and len(lines) == len(database.all(Event))
    assert len(unsealed) == 26 and len(asked) == 4, "with the event that the export is"
