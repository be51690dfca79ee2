"""Appointments as both doors read them: rows of one table, by the clock of the practice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from portal import zones
from portal.flows.base.context import RequestContext
from portal.models import Appointment, Practice

COLUMNS = (
    Appointment.id, Appointment.starts_at, Appointment.minutes, Appointment.with_whom, Appointment.reason,
    Practice.name, Practice.phone, Practice.address, Practice.time_zone,
)  # fmt: skip
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


def as_visit(context: RequestContext, row: Sequence[Any]) -> Visit:
    """A row of COLUMNS as a visit."""
    key, starts_at, minutes, with_whom, reason, practice, phone, address, name = row
    zone = zones.first_zone(name, context.time_zone)
    return Visit(key, zones.to_instant(starts_at, zone), zone, minutes, with_whom, reason, practice, phone, address)


def select_visits(context: RequestContext) -> Select[*tuple[Any, ...]]:
    """SQL: the columns of visits, those that may be of today or later wherever they are; `upcoming` leaves out the rest."""
    earliest = datetime.combine((context.now - FURTHEST_WEST).date(), time())
    return select(*COLUMNS).join(Practice, Practice.id == Appointment.practice_id).where(Appointment.starts_at >= earliest)


def upcoming(context: RequestContext, visits: list[Visit]) -> list[Visit]:
    """The visits of today, by the clock of their practice, and later, the next one first."""
    kept = [visit for visit in visits if visit.local.date() >= context.now.astimezone(visit.zone).date()]
    return sorted(kept, key=lambda visit: (visit.at, visit.id))
