"""Whose folder it is, and of which period. Every query of this package is limited to one practice by its id."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select

from portal import clock, zones
from portal.db import db
from portal.models import Practice, User
from portal.policy import PROVIDER, Policy
from portal.settings import auditing

STAFF = tuple(sorted(PROVIDER.roles))


@dataclass(frozen=True)
class Period:
    """Whole days by a practice's clock, both ends included. `begins_at` and `ends_at`: the same in UTC, the end not included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begins_at(self) -> datetime:
        return zones.start_of_day(self.first, self.zone)

    @property
    def ends_at(self) -> datetime:
        return zones.start_of_day(self.last + timedelta(days=1), self.zone)

    def months(self) -> Iterator[tuple[date, datetime, datetime]]:
        """The first day of each month, and from when to when it is in the period."""
        month = self.first.replace(day=1)
        while month <= self.last:
            following = next_month(month)
            begins_at, ends_at = (zones.start_of_day(day, self.zone) for day in (month, following))
            yield month, max(begins_at, self.begins_at), min(ends_at, self.ends_at)
            month = following

    def has(self, column: clock.Column) -> ColumnElement[bool]:
        """SQL: whether a time is in the period."""
        return (column >= self.begins_at) & (column < self.ends_at)


@dataclass(frozen=True)
class Scope:
    """One practice, the period, and the moment for which "now" stands in the folder."""

    practice_id: int
    practice: str
    period: Period
    now: datetime
    policy: Policy  # of the practice's people, under the operator's settings

    @property
    def zone(self) -> ZoneInfo:
        return self.period.zone

    @property
    def staff(self) -> tuple[ColumnElement[bool], ...]:
        """SQL: the practice's people, those whose accounts are closed included."""
        return User.practice_id == self.practice_id, User.role.in_(STAFF)


@dataclass(frozen=True)
class Person:
    """Somebody as each table of the folder names them."""

    name: str
    account: str
    role: str


def next_month(month: date) -> date:
    """The first day of the month after that."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def default_days(today: date) -> tuple[date, date]:
    """The period that the form begins with: the last twelve months, today included."""
    months = today.year * 12 + today.month - 1 - auditing.FOLDER_MONTHS
    month = date(months // 12, months % 12 + 1, 1)
    day = min(today.day, (next_month(month) - timedelta(days=1)).day)
    return month.replace(day=day) + timedelta(days=1), today


def earliest_day(today: date) -> date:
    """The earliest day with which a period may begin."""
    try:
        return today.replace(year=today.year - auditing.FOLDER_YEARS)
    except ValueError:  # the 29th of February
        return today.replace(year=today.year - auditing.FOLDER_YEARS, day=28)


def find_practice(practice_id: int) -> tuple[str, str | None]:
    """A practice's name and the name of its zone. Raises NoResultFound."""
    name, zone = db.session.execute(select(Practice.name, Practice.time_zone).where(Practice.id == practice_id)).one()
    return name, zone


def list_practices(name: str | None = None) -> list[tuple[int, str, str | None]]:
    """(id, name, zone) of every practice by name, or of the one with that name."""
    rows = select(Practice.id, Practice.name, Practice.time_zone).order_by(Practice.name, Practice.id)
    found = db.session.execute(rows if name is None else rows.where(Practice.name == name))
    return [(row[0], row[1], row[2]) for row in found]
