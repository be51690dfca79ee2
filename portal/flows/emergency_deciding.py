"""Who decides on emergency access: administrators for their own practice, support for every one; never for themselves (AD-6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select, true, update
from sqlalchemy.orm import aliased

from portal import config
from portal.db import begin_write, change, db
from portal.flows import emergency, notices
from portal.flows.emergency import G, is_open, is_over, is_running
from portal.flows.events import record_alone
from portal.flows.notices import describe_browser
from portal.flows.visit import Visit
from portal.messages import Refused
from portal.models import Chart, EmergencyGrant, EmergencyView, Practice, Session, User

SUPPORT = "support"
Approver = aliased(User)


@dataclass(frozen=True)
class Request:
    """A request, or what became of it, as those who decide see it."""

    id: str
    who: str
    practice: str
    reason: str
    asked_at: datetime
    until: datetime  # of the wait, or of the access
    by: str  # who approved it
    browser: str  # that asked, in words
    ip: str
    is_own: bool


@dataclass(frozen=True)
class Review:
    """Access that is over and waits to be looked at."""

    id: str
    who: str
    by: str
    practice: str
    reason: str
    began_at: datetime
    ended_at: datetime
    due_at: datetime
    is_late: bool
    charts: list[tuple[str, datetime]]  # what was opened, and when first; no names for support


@dataclass(frozen=True)
class Listed:
    """Everything that concerns the visitor: to decide, running, to review."""

    waiting: list[Request]
    running: list[Request]
    reviews: list[Review]


def within(visit: Visit) -> Any:
    """SQL: what the visitor may know of: their practice's; support, everybody's."""
    return true() if visit.who.role == SUPPORT else G.practice_id == visit.who.practice_id


def others(visit: Visit) -> tuple:
    """SQL: what the visitor may decide on."""
    return within(visit), G.provider_id != visit.who.user_id


def requests(visit: Visit) -> Select:
    columns = (G, User.full_name, Practice.name, Approver.full_name, Session.user_agent, Session.ip)
    return (
        select(*columns)
        .join(User, User.id == G.provider_id)
        .join(Practice, Practice.id == G.practice_id)
        .outerjoin(Approver, Approver.id == G.decided_by_id)
        .outerjoin(Session, Session.id == G.session_id)
        .where(within(visit))
        .order_by(G.asked_at)
    )


def request(visit: Visit, row) -> Request:
    grant, who, practice, by, agent, ip = row
    until = grant.ends_at or grant.asked_at + config.EMERGENCY_WAIT
    is_own = grant.provider_id == visit.who.user_id
    return Request(
        grant.id, who, practice, grant.reason, grant.asked_at, until, by or "", describe_browser(agent or ""), ip or "", is_own
    )


def listed(visit: Visit) -> Listed:
    """What waits, runs and is to be reviewed; what has run out by now is recorded as ended first."""
    emergency.close_due(visit)
    rows = {name: db.session.execute(requests(visit).where(*state)) for name, state in states(visit).items()}
    found = {name: [request(visit, row) for row in each] for name, each in rows.items()}
    return Listed(**found, reviews=reviews(visit))


def states(visit: Visit) -> dict[str, tuple]:
    mine = others(visit)
    return {"waiting": (*mine, *is_open(visit)), "running": (*mine, *is_running(visit))}


def find(visit: Visit, grant_id: str) -> Request | None:
    """One request of the visitor's people, or None. Another practice's is recorded: no link of ours leads there."""
    row = db.session.execute(requests(visit).where(G.id == grant_id)).first()
    if row is None and db.session.scalar(select(func.count()).where(G.id == grant_id)):
        record_alone(visit, "authz_fail", "not_own")
    return request(visit, row) if row else None


# --- the decision


def decide(visit: Visit, grant_id: str, approve: bool) -> None:
    """Approve or refuse. One UPDATE decides between two people at the same moment. Raises Refused: who was first, or "emergency_lapsed"."""
    begin_write()
    ends_at = visit.now + config.EMERGENCY_LIFE
    values = {"approved_at": visit.now, "ends_at": ends_at} if approve else {"refused_at": visit.now}
    its = update(G).where(G.id == grant_id, *others(visit), *is_open(visit))
    if change(its.values(decided_by_id=visit.who.user_id, **values)) != 1:
        db.session.rollback()
        return check_mine(visit, grant_id, approve)
    grant = db.session.get_one(EmergencyGrant, grant_id, populate_existing=True)
    if approve:
        emergency.tell_both(visit, "emergency_approved", grant)
    else:
        emergency.tell_both(visit, "emergency_refused", grant)
    provider = db.session.get_one(User, grant.provider_id)
    told = "emergency_approved" if approve else "emergency_refused"
    notices.queue(visit, provider, told, who=visit.who.full_name)
    return db.session.commit()


def check_mine(visit: Visit, grant_id: str, approve: bool) -> None:
    """It was not there to be decided any more: fine where it is a second press of the same person. Raises Refused."""
    grant = db.session.get_one(EmergencyGrant, grant_id, populate_existing=True)
    is_same = bool(grant.approved_at) == approve
    if grant.decided_by_id == visit.who.user_id and is_same:
        return
    if grant.decided_by_id:
        first = db.session.get_one(User, grant.decided_by_id)
        raise Refused("emergency_approved_by" if grant.approved_at else "emergency_refused_by", who=first.full_name)
    raise Refused("emergency_withdrawn" if grant.refused_at else "emergency_lapsed")


# --- the review of the day after


def to_review(visit: Visit) -> tuple:
    """SQL: over, not reviewed, and the visitor's to look at. Support does it where nobody else at the practice can."""
    mine = (*others(visit), *is_over(visit), G.reviewed_at.is_(None))
    if visit.who.role != SUPPORT:
        return mine
    colleague = exists().where(*emergency.able(G.provider_id), User.role == "administrator", User.practice_id == G.practice_id)
    return *mine, ~colleague


def reviews(visit: Visit) -> list[Review]:
    """What waits for the visitor's review, the oldest first."""
    rows = db.session.execute(requests(visit).where(*to_review(visit))).all()
    opened = views(visit, [grant.id for grant, *_ in rows])
    return [review_of(visit, row, opened.get(row[0].id, [])) for row in rows]


def views(visit: Visit, grant_ids: list[str]) -> dict[str, list[tuple[str, datetime]]]:
    """Which charts were opened, by grant. Support reads numbers in place of patients' names."""
    found: dict[str, list[tuple[str, datetime]]] = {}
    if not grant_ids:
        return found
    rows = select(EmergencyView.grant_id, Chart.patient_name, Chart.id, EmergencyView.opened_at).join(
        Chart, Chart.id == EmergencyView.chart_id
    )
    for grant_id, name, chart_id, at in db.session.execute(
        rows.where(EmergencyView.grant_id.in_(grant_ids)).order_by(EmergencyView.opened_at)
    ):
        found.setdefault(grant_id, []).append((f"#{chart_id}" if visit.who.role == SUPPORT else name, at))
    return found


def review_of(visit: Visit, row, charts: list[tuple[str, datetime]]) -> Review:
    grant, who, practice, by, *_ = row
    ended_at = grant.ended_at or grant.ends_at
    due_at = ended_at + config.EMERGENCY_REVIEW
    late = visit.now >= due_at
    return Review(grant.id, who, by or "", practice, grant.reason, grant.approved_at, ended_at, due_at, late, charts)


def review(visit: Visit, grant_id: str) -> None:
    """Note that the visitor has looked at it. Raises Refused("emergency_reviewed") where somebody else was first."""
    begin_write()
    its = update(G).where(G.id == grant_id, *to_review(visit))
    done = change(its.values(reviewed_by_id=visit.who.user_id, reviewed_at=visit.now))
    grant = db.session.get_one(EmergencyGrant, grant_id, populate_existing=True)
    if not done:
        db.session.rollback()
        return check_reviewed(visit, grant_id)
    people = {grant.decided_by_id, visit.who.user_id} - {None}
    emergency.tell_both(visit, "emergency_reviewed", grant, *(db.session.get_one(User, each) for each in sorted(people)))
    return db.session.commit()


def check_reviewed(visit: Visit, grant_id: str) -> None:
    grant = db.session.get_one(EmergencyGrant, grant_id, populate_existing=True)
    if grant.reviewed_by_id == visit.who.user_id:
        return
    if grant.reviewed_by_id is None:
        raise Refused("emergency_not_over")
    raise Refused("emergency_reviewed", who=db.session.get_one(User, grant.reviewed_by_id).full_name)
