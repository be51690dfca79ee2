"""Appointments as both doors read them: rows of one table, by the clock of the practice."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from portal import zones
from portal.flows.base.context import RequestContext
from portal.models import Appointment, Practice

COLUMNS = (
    Appointment.id.label("visit_id"), Appointment.starts_at, Appointment.minutes, Appointment.with_whom,
    Appointment.reason.label("visit_reason"), Practice.name.label("practice"), Practice.phone.label("practice_phone"),
    Practice.address.label("practice_address"), Practice.time_zone.label("practice_zone"),
)  # fmt: skip
# A patient's visits, those that may be of today or later wherever they are; `upcoming` leaves out the rest.
OWN_VISITS = (
    select(*COLUMNS)
    .join(Practice, Practice.id == Appointment.practice_id)
    .where(Appointment.patient_id == bindparam("owner"), Appointment.starts_at >= bindparam("earliest"))
)
FURTHEST_WEST = timedelta(hours=12)  # no clock is further behind UTC


@dataclass(frozen=True)
class Visit:
    """One appointment. `at` is its moment in UTC: if clocks skip its time that night, as much later (see `zones.to_instant`)."""

    id: int
    at: datetime
    zone: ZoneInfo  # of the practice
    minutes: int
    with_whom: str
    reason: str
    practice: str
    phone: str
    address: str

    @property
    def local(self) -> datetime:
        """By the clock of the practice, aware."""
        return self.at.astimezone(self.zone)

    @property
    def ends_at(self) -> datetime:
        return self.at + timedelta(minutes=self.minutes)


def as_visit(context: RequestContext, row: Any) -> Visit:
    """A row with COLUMNS as a visit."""
    zone = zones.first_zone(row.practice_zone, context.time_zone)
    at, where = zones.to_instant(row.starts_at, zone), (row.practice, row.practice_phone, row.practice_address)
    return Visit(row.visit_id, at, zone, row.minutes, row.with_whom, row.visit_reason, *where)


def own_visits(context: RequestContext) -> dict[str, Any]:
    """The parameters of OWN_VISITS."""
    return {"owner": context.user.user_id, "earliest": datetime.combine((context.now - FURTHEST_WEST).date(), time())}


def upcoming(context: RequestContext, visits: list[Visit]) -> list[Visit]:
    """The visits of today, by the clock of their practice, and later, the next one first."""
    kept = [visit for visit in visits if visit.local.date() >= context.now.astimezone(visit.zone).date()]
    return sorted(kept, key=lambda visit: (visit.at, visit.id))
