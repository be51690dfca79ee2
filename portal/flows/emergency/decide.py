"""Approving emergency access (dual control): administrators for their own practice, support for any; never for oneself (AD-6)."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, select, update
from sqlalchemy.orm import aliased

from portal import clock
from portal.db import begin_write, change, db
from portal.flows.base.act_proofs import spend_proof
from portal.flows.base.audit import record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.base.second_person import (
    PendingDecision,
    RequestKind,
    approving,
    lock_people,
    may_decide,
    refuse_as_decided,
)
from portal.flows.emergency import grants, numbers
from portal.flows.emergency.grants import G, is_open
from portal.flows.emergency.numbers import WrongNumber
from portal.flows.messages import notices
from portal.models import EmergencyGrant, Practice, Session, User
from portal.policy import PROVIDER
from portal.settings import config
from portal.words.refusals import N_, Refused

KIND = "emergency"  # in approvals.KINDS
TITLE = N_("Emergency access: read charts for 60 minutes without a code")
FACTS = (
    N_("If they don't see one, or you're not sure it's them, someone else may have asked. Refuse it."),
    N_("They can read their practice's charts but can't change anything. You'll both see every chart they open."),
)
Approver, Member = aliased(User), aliased(User)


def decidable_by(context: RequestContext) -> ColumnElement[bool]:
    """SQL: grants that the visitor may decide or review."""
    return may_decide(context, G.practice_id, G.provider_id)


def is_member() -> ColumnElement[bool]:
    """SQL: the requester still belongs to the practice whose charts they asked for, in a role that reads charts."""
    return (
        exists()
        .where(Member.id == G.provider_id, Member.practice_id == G.practice_id, Member.role.in_(PROVIDER.roles))
        .correlate(G)
    )


def select_requests() -> Select[EmergencyGrant, str, str, str, str, str]:
    """SQL: grants with the names of requester, practice, and approver, and the requesting session's browser and IP address."""
    return (
        select(G, User.full_name, Practice.name, Approver.full_name, Session.user_agent, Session.ip)
        .join(User, User.id == G.provider_id)
        .join(Practice, Practice.id == G.practice_id)
        .outerjoin(Approver, Approver.id == G.decided_by_id)
        .outerjoin(Session, Session.id == G.session_id)
        .order_by(G.asked_at)
    )


def list_pending(context: RequestContext) -> list[PendingDecision]:
    """The requests that the visitor can decide now."""
    rows = db.session.execute(select_requests().where(decidable_by(context), *is_open(context), is_member())).all()
    wrong = numbers.wrong_numbers([grant.id for grant, *_ in rows])
    return [as_pending(context, wrong.get(row[0].id, []), *row) for row in rows]


def as_pending(
    context: RequestContext,
    wrong: list[WrongNumber],
    grant: EmergencyGrant,
    who: str,
    practice: str,
    _by: str,
    agent: str,
    ip: str,
) -> PendingDecision:
    return PendingDecision(
        kind=KIND,
        id=grant.id,
        title=TITLE,
        about=who,
        practice=practice,
        asked_by=who,
        asked_at=grant.asked_at,
        until=grant.asked_at + config.EMERGENCY_WAIT,
        reason=grant.reason,
        facts=FACTS,
        browser=notices.describe_browser(agent or ""),
        ip=ip or "",
        asks_number=True,
        why_not=numbers.why_not_approvable(context, grant, wrong),
        wrong_numbers=tuple((each.who, each.at) for each in wrong),
    )


def approve_emergency_access(context: RequestContext, row_id: str, number: str) -> None:
    """Grant sixty minutes from now to whoever read out this number.

    Raises Refused, with the person who decided first or why it is no longer pending; NumberRefused if the number is wrong, which costs
    no proof; ProofDue.
    """
    begin_write()
    lock_people(context)
    grant = db.session.scalar(select(G).where(*is_decidable(context, row_id)))
    if grant is not None:
        numbers.check_number(context, grant, number)
    write_decision(context, row_id, approved_at=context.now, ends_at=context.now + config.EMERGENCY_LIFE)
    spend_proof(context, approving(KIND, row_id))
    notify_decision(context, row_id, "emergency_approved")


def refuse_emergency_access(context: RequestContext, row_id: str) -> None:
    """Refuse the request. Raises Refused, as for an approval."""
    begin_write()
    lock_people(context)
    write_decision(context, row_id, refused_at=context.now)
    notify_decision(context, row_id, "emergency_refused")


def is_decidable(context: RequestContext, row_id: str) -> tuple[ColumnElement[bool], ...]:
    """SQL: this request, while the visitor may decide it."""
    return G.id == row_id, decidable_by(context), *is_open(context), is_member()


def write_decision(context: RequestContext, row_id: str, **columns: datetime) -> None:
    """Write the decision; one UPDATE settles a race of two approvers. The transaction stays open. Raises Refused."""
    pending = update(G).where(*is_decidable(context, row_id))
    if change(pending.values(decided_by_id=context.user.user_id, **columns)) != 1:
        db.session.rollback()
        explain_access_gone(context, row_id)
        raise Refused("approval_gone")


def notify_decision(context: RequestContext, row_id: str, event: str) -> None:
    """Record the event for both people, queue the requester's email, and commit."""
    grant = db.session.get_one(EmergencyGrant, row_id, populate_existing=True)
    grants.record_for_both(context, event, grant)
    notices.queue_notice(context, db.session.get_one(User, grant.provider_id), event, who=context.user.full_name)
    db.session.commit()


def explain_access_gone(context: RequestContext, row_id: str) -> None:
    """Explain why the request is not pending for the visitor. Raises Refused, with the person who decided first.

    Returns if it is another practice's, or the visitor's own, which is recorded.
    """
    grant = db.session.scalar(select(G).where(G.id == row_id, decidable_by(context)).execution_options(populate_existing=True))
    if grant is None:
        if db.session.scalar(select(func.count()).where(G.id == row_id)):
            record_event_alone(context, "authz_fail", "not_own")
        return
    refuse_as_decided(context, grant.decided_by_id, approved=grant.approved_at is not None)
    if not grant.refused_at and clock.is_ahead(grant.asked_at + config.EMERGENCY_WAIT, context.now, config.EMERGENCY_WAIT):
        raise Refused("approval_gone")
    raise Refused("emergency_withdrawn" if grant.refused_at else "emergency_lapsed")


EMERGENCY_ACCESS = RequestKind(KIND, list_pending, approve_emergency_access, refuse_emergency_access, explain_access_gone)
