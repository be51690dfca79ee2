"""Every emergency access to the practice's charts, with its review (AD-6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from portal.db import db
from portal.flows.auditor.resets import people, person_of, someone
from portal.flows.auditor.scope import Person, Scope
from portal.models import EmergencyGrant, EmergencyView, User
from portal.settings import config

APPROVED, REFUSED, LAPSED, WAITING, RUNNING = "approved", "refused", "lapsed", "waiting", "running"
REVIEWED, LATE, OVERDUE, DUE, NO_REVIEW = "reviewed", "reviewed_late", "overdue", "due", ""
G = EmergencyGrant
Decider, Reviewer = aliased(User), aliased(User)


@dataclass(frozen=True)
class Emergency:
    """One request. `charts`: the numbers of the charts that were opened, and no patient's name."""

    person: Person
    asked_at: datetime
    reason: str
    outcome: str
    decided_by: Person | None
    decided_at: datetime | None
    ended_at: datetime | None
    charts: tuple[int, ...]
    review: str
    reviewed_by: Person | None
    reviewed_at: datetime | None


def list_emergencies(scope: Scope) -> list[Emergency]:
    """Those that were asked for, ran, or were reviewed in the period, oldest first."""
    charts = opened_charts(scope)
    return [as_emergency(scope, row, charts.get(row[0].id, ())) for row in db.session.execute(select_grants(scope))]


def touches(scope: Scope) -> Any:
    """SQL: whether a request has to do with the period."""
    period = scope.period
    over = func.coalesce(G.ended_at, G.ends_at)
    runs = and_(G.approved_at.is_not(None), G.approved_at < period.ends_at, over >= period.begins_at)
    return and_(G.practice_id == scope.practice_id, or_(period.has(G.asked_at), period.has(G.reviewed_at), runs))


def select_grants(scope: Scope) -> Select[*tuple[Any, ...]]:
    """SQL: the requests with the names of everybody in them."""
    return (
        select(G, *people(User, "provider"), *people(Decider, "decider"), *people(Reviewer, "reviewer"))
        .join(User, User.id == G.provider_id)
        .outerjoin(Decider, Decider.id == G.decided_by_id)
        .outerjoin(Reviewer, Reviewer.id == G.reviewed_by_id)
        .where(touches(scope))
        .order_by(G.asked_at, G.id)
    )


def opened_charts(scope: Scope) -> dict[str, tuple[int, ...]]:
    """The charts of each request, by its id, in the order in which they were opened."""
    rows = (
        select(EmergencyView.grant_id, EmergencyView.chart_id)
        .join(G, G.id == EmergencyView.grant_id)
        .where(touches(scope))
        .order_by(EmergencyView.grant_id, EmergencyView.opened_at, EmergencyView.chart_id)
    )
    found: dict[str, tuple[int, ...]] = {}
    for grant_id, chart_id in db.session.execute(rows):
        found[grant_id] = (*found.get(grant_id, ()), chart_id)
    return found


def as_emergency(scope: Scope, row: Row[Any], charts: tuple[int, ...]) -> Emergency:
    grant: EmergencyGrant = row[0]
    ended_at = grant.ended_at or (grant.ends_at if grant.ends_at and grant.ends_at <= scope.now else None)
    return Emergency(
        person=someone(row, "provider"),
        asked_at=grant.asked_at,
        reason=grant.reason,
        outcome=outcome_of(scope, grant, ended_at),
        decided_by=person_of(row, "decider"),
        decided_at=grant.approved_at or grant.refused_at,
        ended_at=ended_at,
        charts=charts,
        review=review_of(scope, grant, ended_at),
        reviewed_by=person_of(row, "reviewer"),
        reviewed_at=grant.reviewed_at,
    )


def outcome_of(scope: Scope, grant: EmergencyGrant, ended_at: datetime | None) -> str:
    if grant.approved_at is not None:
        return APPROVED if ended_at else RUNNING
    if grant.refused_at is not None:
        return REFUSED
    return LAPSED if is_past(grant.asked_at, config.EMERGENCY_WAIT, scope.now) else WAITING


def review_of(scope: Scope, grant: EmergencyGrant, ended_at: datetime | None) -> str:
    """Whether the review was in time; NO_REVIEW if none is due."""
    if grant.approved_at is None or ended_at is None:
        return NO_REVIEW
    if grant.reviewed_at is not None:
        return REVIEWED if grant.reviewed_at <= ended_at + config.EMERGENCY_REVIEW else LATE
    return OVERDUE if is_past(ended_at, config.EMERGENCY_REVIEW, scope.now) else DUE


def is_past(at: datetime, length: timedelta, now: datetime) -> bool:
    return now >= at + length
