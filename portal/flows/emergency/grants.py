"""Emergency grants: their states, who is notified, both people's events, and their end (AD-6, 45 CFR 164.312(a)(2)(ii))."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.db import begin_write, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.messages import notices
from portal.flows.practice.administrators import list_administrators, others_who_can_sign_in
from portal.models import EmergencyGrant, User
from portal.settings import config

COLLEAGUE = "colleague"  # the reason in the other person's event
G = EmergencyGrant


def is_asked_lately(context: RequestContext, window: timedelta) -> ColumnElement[bool]:
    """SQL: requests made within the window, and not by a clock that was ahead."""
    return (G.asked_at > context.now - window) & (G.asked_at <= context.now + config.CLOCK_TOLERANCE)


def has_run_out(context: RequestContext) -> ColumnElement[bool]:
    """SQL: approved access whose time is up, or runs longer than any may, because a clock that was ahead began it."""
    return (G.ends_at <= context.now) | (G.ends_at > clock.latest_end(context.now, config.EMERGENCY_LIFE))


UNDECIDED = (G.approved_at.is_(None), G.refused_at.is_(None))


def is_open(context: RequestContext) -> tuple[ColumnElement[bool], ...]:
    """SQL: requests that can still be decided."""
    return *UNDECIDED, is_asked_lately(context, config.EMERGENCY_WAIT)


def is_running(context: RequestContext) -> tuple[ColumnElement[bool], ...]:
    """SQL: approved, and neither expired nor stopped."""
    return G.approved_at.is_not(None), G.ended_at.is_(None), clock.ahead(G.ends_at, context.now, config.EMERGENCY_LIFE)


def is_over(context: RequestContext) -> tuple[ColumnElement[bool], ...]:
    """SQL: approved once, now expired or stopped."""
    return G.approved_at.is_not(None), G.ended_at.is_not(None) | has_run_out(context)


def record_for_both(
    context: RequestContext, event: str, grant: EmergencyGrant, *others: User, refused: bool = False, reason: str | None = None
) -> None:
    """Record an event about the provider, and one about each of the `others` (by default the person who decided)."""
    record_event(
        context, event, about=db.session.get_one(User, grant.provider_id), refused=refused, reason=reason, case_id=grant.id
    )
    approver = db.session.get(User, grant.decided_by_id) if grant.decided_by_id else None
    for other in others or filter(None, (approver,)):
        record_event(context, event, about=other, reason=COLLEAGUE, refused=refused, case_id=grant.id)


def list_support_agents(provider_id: int) -> list[User]:
    return list(
        db.session.scalars(select(User).where(*others_who_can_sign_in(provider_id), User.role == "support").order_by(User.id))
    )


def list_approvers(practice_id: int | None, provider_id: int) -> list[User]:
    """The people notified of a request: the practice's administrators, and support if there are fewer than two."""
    own = list_administrators(practice_id, provider_id)
    return own if len(own) >= config.EMERGENCY_MIN_APPROVERS else own + list_support_agents(provider_id)


def close_due_grants(context: RequestContext) -> None:
    """Record the end of expired grants and notify their reviewers. The sweep calls it, and pages that must not wait for the sweep."""
    is_due = (G.approved_at.is_not(None), G.ended_at.is_(None), has_run_out(context))
    if not db.session.scalar(select(func.count()).select_from(G).where(*is_due)):
        return
    begin_write()
    end_grants(context, is_due, G.ends_at)
    db.session.commit()


def end_grants(
    context: RequestContext,
    which: tuple[ColumnElement[bool], ...],
    at: datetime | InstrumentedAttribute[datetime | None],
    reason: str | None = None,
) -> None:
    """End grants, once each, and ask for their review; part of the open transaction.

    No `reason` means that time ran out: the event then names no person and no browser.
    """
    recorded_as = context if reason else replace(context, visitor=None, ip="", user_agent="")
    for grant in update_grants(update(G).where(*which).values(ended_at=at)):
        record_for_both(recorded_as, "emergency_ended", grant, reason=reason)
        provider = db.session.get_one(User, grant.provider_id)
        for each in list_administrators(grant.practice_id, provider.id) or list_support_agents(provider.id):
            notices.queue_notice(context, each, "emergency_review", who=provider.full_name, role=each.role)


def update_grants(statement: Update) -> list[EmergencyGrant]:
    """Execute an UPDATE; returns the changed grants. After a concurrent request did the same, there are none."""
    options = {"synchronize_session": False, "populate_existing": True}
    return list(db.session.scalars(statement.returning(G).execution_options(**options)))


def stop_emergency_access(context: RequestContext, user: User, reason: str) -> None:
    """Withdraw the person's pending requests and end their running grants; part of the open transaction."""
    own = G.provider_id == user.id
    for grant in update_grants(update(G).where(own, *is_open(context)).values(refused_at=context.now)):
        record_for_both(context, "emergency_refused", grant, reason=reason)
    end_grants(context, (own, *is_running(context)), context.now)
