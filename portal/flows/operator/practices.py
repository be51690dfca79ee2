"""Practices that the operator describes: where they are, and how to reach them."""

from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from portal import zones
from portal.db import begin_write, db
from portal.models import Appointment, Practice, User

CREATED, CHANGED, SAME = "created", "changed", "same"


def set_practice(name: str, columns: dict[str, str], fallback: str) -> str:
    """Create a practice, or change what `columns` name (city, address, phone, time_zone, language); returns which: CREATED, CHANGED, SAME.

    `fallback` is the operator's zone, which stands in for a practice without one. A set-up deadline stays on the day that was chosen:
    it moves to midnight at the new place.
    """
    session = begin_write()
    practice = session.scalar(select(Practice).where(Practice.name == name).with_for_update())
    if practice is None:
        session.add(Practice(**{"name": name, "city": "", "phone": "", **columns}))
        session.commit()
        return CREATED
    changed = {column: value for column, value in columns.items() if getattr(practice, column) != value}
    if not changed:
        session.rollback()
        return SAME
    if "time_zone" in changed and practice.time_zone is None:
        keep_moments(practice.id, zones.first_zone(fallback), zones.first_zone(changed["time_zone"]))
    if "time_zone" in changed and practice.deadline_at:
        day = practice.deadline_at.astimezone(zones.first_zone(practice.time_zone, fallback)).date()
        practice.deadline_at = zones.end_of_day(day, zones.first_zone(changed["time_zone"]))
    for column, value in changed.items():
        setattr(practice, column, value)
    session.commit()
    return CHANGED


def keep_moments(practice_id: int, before: ZoneInfo, after: ZoneInfo) -> None:
    """Write the appointments of a practice that had no zone by its own clock instead of the operator's."""
    for row in db.session.scalars(select(Appointment).where(Appointment.practice_id == practice_id)):
        row.starts_at = zones.to_local(zones.to_instant(row.starts_at, before), after)


def list_practices() -> list[tuple[str, str | None, str, str, str | None]]:
    """(name, zone, phone, address, language) of every practice, by name."""
    columns = (Practice.name, Practice.time_zone, Practice.phone, Practice.address, Practice.language)
    return [(*row,) for row in db.session.execute(select(*columns).order_by(Practice.name))]


def count_unknown_zones() -> tuple[list[tuple[str, str | None]], int]:
    """(name, zone) of the practices without a zone that exists, and how many accounts have chosen one that has vanished."""
    practices = [(name, zone) for name, zone, *_ in list_practices() if not zones.find_zone(zone)]
    chosen = select(User.time_zone, func.count()).where(User.time_zone.is_not(None)).group_by(User.time_zone)
    return practices, sum(number for zone, number in db.session.execute(chosen) if not zones.find_zone(zone))
