"""That the trail is copied is written into it first (AU-7)."""

from datetime import timedelta

from portal.flows.audit.export import Period, export_events
from portal.flows.operator.operator_events import command_context
from portal.models import Event


def test_an_export_is_an_event_before_its_first_line(trail, database):
    context = command_context(trail.keys, trail.clock.now, "audit export, run by pat")
    period = Period(trail.clock.now - timedelta(days=1), trail.clock.now)
    with trail.app.app_context():
        lines = export_events(context, period)
        assert next(lines).startswith('{"id": ')
    event = database.all(Event)[-1]
    assert (event.event, event.result, event.subject_id, event.times) == ("audit_exported", "ok", None, 1)
    assert event.reason == "2027-02-28T12:10/2027-03-01T12:10" and event.user_agent == context.user_agent
