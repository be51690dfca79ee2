"""Running emergency access, and its review: due within a day of its end (AD-6)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, update

from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.emergency import grants, numbers
from portal.flows.emergency.decide import decidable_by, select_requests
from portal.flows.emergency.grants import G, is_over, is_running
from portal.flows.messages.notices import describe_browser
from portal.flows.practice import administrators
from portal.models import Chart, EmergencyGrant, EmergencyView, User
from portal.settings import config
from portal.words.refusals import Refused

SUPPORT = "support"


@dataclass(frozen=True)
class Access:
    """Approved emergency access, running or over."""

    id: str
    who: str
    practice: str
    by: str
    reason: str
    browser: str  # in words
    ip: str
    began_at: datetime
    ends_at: datetime  # or when it ended
    due_at: datetime  # of the review
    is_late: bool
    charts: list[tuple[str, datetime]]  # what was opened, and when first; for support, numbers instead of names
    wrong_numbers: list[tuple[str, datetime]]  # who typed a wrong number before the approval, and when


def list_running(context: RequestContext) -> list[Access]:
    """Other people's access that runs now."""
    return select_access(context, *is_running(context))


def list_to_review(context: RequestContext) -> list[Access]:
    """Access that is due for the visitor's review, oldest first, after the end of expired grants is recorded."""
    grants.close_due_grants(context)
    return select_access(context, *is_reviewable_by(context))


def is_reviewable_by(context: RequestContext) -> tuple[ColumnElement[bool], ...]:
    """SQL: over and not reviewed; for support, only if no other administrator of the practice can sign in."""
    is_due = (*is_over(context), G.reviewed_at.is_(None))
    if context.user.role != SUPPORT:
        return is_due
    has_administrator = exists().where(*administrators.are_administrators(G.practice_id, G.provider_id))
    return *is_due, ~has_administrator.correlate(G)


def select_access(context: RequestContext, *state: ColumnElement[bool]) -> list[Access]:
    rows = db.session.execute(select_requests().where(decidable_by(context), *state)).all()
    grant_ids = [grant.id for grant, *_ in rows]
    opened, wrong = opened_charts(context, grant_ids), numbers.wrong_numbers(grant_ids)
    return [as_access(context, opened.get(row[0].id, []), wrong.get(row[0].id, []), *row) for row in rows]


def as_access(
    context: RequestContext,
    charts: list[tuple[str, datetime]],
    wrong: list[numbers.WrongNumber],
    grant: EmergencyGrant,
    who: str,
    practice: str,
    by: str | None,
    agent: str | None,
    ip: str | None,
) -> Access:
    began_at, ends_at = grant.approved_at or grant.asked_at, grant.ended_at or grant.ends_at or grant.asked_at
    due_at = ends_at + config.EMERGENCY_REVIEW
    return Access(
        id=grant.id,
        who=who,
        practice=practice,
        by=by or "",
        reason=grant.reason,
        browser=describe_browser(agent or ""),
        ip=ip or "",
        began_at=began_at,
        ends_at=ends_at,
        due_at=due_at,
        is_late=context.now >= due_at,
        charts=charts,
        wrong_numbers=[(each.who, each.at) for each in wrong],
    )


def opened_charts(context: RequestContext, grant_ids: list[str]) -> dict[str, list[tuple[str, datetime]]]:
    """Which charts were opened, by grant."""
    opened: dict[str, list[tuple[str, datetime]]] = {}
    if not grant_ids:
        return opened
    rows = select(EmergencyView.grant_id, Chart.id, Chart.patient_name, EmergencyView.opened_at)
    own = rows.join(Chart, Chart.id == EmergencyView.chart_id).where(EmergencyView.grant_id.in_(grant_ids))
    for grant_id, number, name, at in db.session.execute(own.order_by(EmergencyView.opened_at, Chart.id)):
        opened.setdefault(grant_id, []).append((f"#{number}" if context.user.role == SUPPORT else name, at))
    return opened


def review_access(context: RequestContext, grant_id: str) -> bool:
    """Mark the grant as reviewed by the visitor; False if it is not theirs to review, which is recorded.

    Raises Refused: "emergency_reviewed" if someone else was first, "emergency_not_over".
    """
    begin_write()
    reviewable = update(G).where(G.id == grant_id, decidable_by(context), *is_reviewable_by(context))
    if change(reviewable.values(reviewed_by_id=context.user.user_id, reviewed_at=context.now)) != 1:
        db.session.rollback()
        return check_reviewed(context, grant_id)
    grant = db.session.get_one(EmergencyGrant, grant_id, populate_existing=True)
    others = {each for each in (grant.decided_by_id, context.user.user_id) if each}
    grants.record_for_both(context, "emergency_reviewed", grant, *(db.session.get_one(User, each) for each in sorted(others)))
    db.session.commit()
    return True


def check_reviewed(context: RequestContext, grant_id: str) -> bool:
    """Why there was nothing to mark: True if the visitor had reviewed it already. Raises Refused."""
    grant = db.session.scalar(select(G).where(G.id == grant_id, decidable_by(context)).execution_options(populate_existing=True))
    if grant is None:
        if db.session.scalar(select(func.count()).where(G.id == grant_id)):
            record_event_alone(context, "authz_fail", "not_own")
        return False
    if grant.reviewed_by_id is None:
        if not db.session.scalar(select(func.count()).where(G.id == grant_id, *is_over(context))):
            raise Refused("emergency_not_over")
        record_event_alone(context, "authz_fail", "not_own")  # for an administrator to review, not support
        return False
    if grant.reviewed_by_id != context.user.user_id:
        raise Refused("emergency_reviewed", who=db.session.get_one(User, grant.reviewed_by_id).full_name)
    return True
