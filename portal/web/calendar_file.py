"""An appointment as a file for a calendar (RFC 5545), written by icalendar with the rules of the practice's time zone."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from portal.flows.base.visits import Visit

if TYPE_CHECKING:
    from icalendar import Event

AROUND = timedelta(days=370)  # the rules of a year before and after, so that both changes of the clocks are among them


def write_calendar(visit: Visit, host: str, now: datetime) -> bytes:
    """The file. It leaves out the reason: calendars are shared, and show on locked screens."""
    from icalendar import Calendar  # takes 0.2 s, and few pages need it

    calendar = Calendar()
    calendar.add("prodid", "-//Medximity//Patient portal//EN")
    calendar.add("version", "2.0")
    calendar.add_component(make_event(visit, host, now))
    calendar.add_missing_timezones(first_date=(visit.local - AROUND).date(), last_date=(visit.local + AROUND).date())
    return bytes(calendar.to_ical())


def make_event(visit: Visit, host: str, now: datetime) -> "Event":
    """The appointment. Its uid stays the same, so that a file opened again changes the entry rather than adding one."""
    from icalendar import Event

    event = Event()
    event.add("uid", f"appointment-{visit.id}@{host}")
    event.add("dtstamp", now)
    event.add("dtstart", visit.local)
    event.add("dtend", visit.ends_at.astimezone(visit.zone))
    event.add("summary", _("Appointment at %(practice)s", practice=visit.practice))
    event.add("location", ", ".join(filter(None, (visit.practice, visit.address))))
    lines = [_("With %(who)s", who=visit.with_whom) if visit.with_whom else "", visit.phone]
    event.add("description", "\n".join(filter(None, lines)))
    event.add("class", "PRIVATE")
    return event
