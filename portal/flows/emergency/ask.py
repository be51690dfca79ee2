"""A provider without a code requests emergency access, waits, and starts using it (AD-6)."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.crypto import token_hash
from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import CLAIMS, LEVEL_EMERGENCY, LEVEL_WAITING, RequestContext
from portal.flows.emergency import grants, numbers
from portal.flows.emergency.grants import G, is_running
from portal.flows.messages import notices
from portal.flows.practice import administrators
from portal.flows.sessions import sessions
from portal.models import EmergencyGrant, Practice, Session, User
from portal.settings import config
from portal.words.refusals import Refused

ASKED = "emergency_asked"
FREE, WAITING, APPROVED, REFUSED, LAPSED, USED_UP = "free", "waiting", "approved", "refused", "lapsed", "had"


@dataclass(frozen=True)
class RequestState:
    """The state of the person's newest request."""

    state: str
    is_here: bool = False  # requested from this browser
    until: datetime | None = None  # when the request lapses, or the access ends
    again_at: datetime | None = None
    by: str = ""  # the person who decided
    notified: tuple[str, ...] = ()  # the notified administrators; empty if only support was notified
    seconds: int = 0  # until the request lapses
    number: str = ""  # to read to the approver; only in the browser that asked
    wrong_numbers: tuple[str, ...] = ()  # who typed a wrong one, one name for each try; only in the browser that asked
    needs_other: bool = False  # whether the last of them can't approve it anymore


def request_state(context: RequestContext) -> RequestState:
    """What the person's page shows now. Read-only.

    EMERGENCY_AGAIN counts from the approval: a mistaken refusal, or an empty desk, must not lock a provider out in an emergency.
    """
    is_ours = (G.provider_id == context.user.user_id, G.asked_at <= context.now + config.CLOCK_TOLERANCE)
    grant = db.session.scalar(select(G).where(*is_ours).order_by(G.asked_at.desc()).limit(1))
    began_at = (grant.approved_at or grant.asked_at) if grant else None
    if (
        grant is None
        or began_at is None
        or not clock.is_ahead(began_at + config.EMERGENCY_AGAIN, context.now, config.EMERGENCY_AGAIN)
    ):
        return RequestState(FREE)
    decided_by = db.session.get(User, grant.decided_by_id) if grant.decided_by_id else None
    by, here = decided_by.full_name if decided_by else "", is_here(context, grant)
    if grant.approved_at and grant.ends_at:
        again_at = grant.approved_at + config.EMERGENCY_AGAIN
        is_active = grant.ended_at is None and clock.is_ahead(grant.ends_at, context.now, config.EMERGENCY_LIFE)
        return RequestState(APPROVED if is_active else USED_UP, here, grant.ends_at, again_at, by)
    if grant.refused_at:
        return RequestState(REFUSED, here, by=by)
    until = grant.asked_at + config.EMERGENCY_WAIT
    if context.now >= until:
        return RequestState(LAPSED, here)
    notified = administrators.list_administrators(grant.practice_id, grant.provider_id)
    names = tuple(each.full_name for each in notified)
    seconds = int((until - context.now).total_seconds())
    if not here:
        return RequestState(WAITING, here, until, notified=names, seconds=seconds)
    wrong = numbers.wrong_numbers([grant.id]).get(grant.id, [])
    return RequestState(
        WAITING,
        here,
        until,
        notified=names,
        seconds=seconds,
        number=numbers.open_number(context, grant),
        wrong_numbers=tuple(each.who for each in wrong),
        needs_other=bool(wrong) and numbers.is_out_of_tries(wrong[-1].user_id, wrong),
    )


def is_here(context: RequestContext, grant: EmergencyGrant) -> bool:
    """Whether this session made the request, or the same browser did in one that has since expired or was signed out."""
    if grant.session_id == context.user.session_id:
        return True
    origin = db.session.get(Session, grant.session_id) if grant.session_id else None
    if origin is None or not origin.browser_hash or not context.browser or origin.ended_reason not in (None, "signed_out"):
        return False
    return hmac.compare_digest(origin.browser_hash, token_hash(context.browser))


def ask_emergency_access(context: RequestContext, reason: str) -> None:
    """Request an hour of read-only access; this claim waits for a second person's decision. Raises Refused, which is recorded.

    Idempotent in the same browser.
    """
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    current = request_state(context)
    if current.state == WAITING and current.is_here:
        session.rollback()
        return
    approvers = grants.list_approvers(user.practice_id, user.id)
    refused = why_not_now(context, user, current, approvers)
    if refused:
        record_event(context, ASKED, reason=refused.reason, refused=True)
        session.commit()
        raise refused
    add_request(context, user, reason, approvers)
    session.commit()


def why_not_now(context: RequestContext, user: User, current: RequestState, approvers: list[User]) -> Refused | None:
    """Why the person cannot request access now, or None."""
    if user.practice_id is None:
        return Refused("emergency_practice")
    if current.state == WAITING and current.until:
        return Refused("emergency_waiting", when=current.until.isoformat())
    if current.again_at:
        return Refused("emergency_again", when=current.again_at.isoformat())
    # Three requests without an approval are enough for a day, and somebody with the password alone spends none of the owner's (RL-7).
    recent = (
        G.provider_id == user.id,
        G.approved_at.is_(None),
        grants.is_asked_lately(context, config.EMERGENCY_AGAIN),
        was_known(G.session_id) == context.user.browser_known,
    )
    requests, first = db.session.execute(select(func.count(), func.min(G.asked_at)).where(*recent)).one()
    if requests >= config.EMERGENCY_ASKS:
        return Refused("emergency_often", when=(first + config.EMERGENCY_AGAIN).isoformat())
    return None if approvers else Refused("emergency_nobody")


def was_known(session_id: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """SQL: whether the session was in a browser where its owner had completed a sign-in before."""
    known = select(Session.browser_known).where(Session.id == session_id).scalar_subquery()
    return func.coalesce(known, false())


def add_request(context: RequestContext, user: User, reason: str, approvers: list[User]) -> None:
    """Add the request, extend the claim, and notify everyone; part of the open transaction."""
    own = (Session.id == context.user.session_id, Session.ended_at.is_(None), Session.level.in_(CLAIMS))
    extended = update(Session).where(*own).values(level=LEVEL_WAITING, ends_at=context.now + config.EMERGENCY_WAIT)
    if change(extended) != 1:  # the sign-in was completed in another tab, or the claim ended
        db.session.rollback()
        raise Refused("emergency_late")
    grant = numbers.new_grant(context, user, reason)
    db.session.add(grant)
    db.session.flush()
    grants.record_for_both(context, ASKED, grant, *approvers)
    grants.record_for_both(context, "emergency_told", grant, *approvers)
    practice = db.session.get_one(Practice, user.practice_id)
    notices.queue_notice(context, user, ASKED)
    for each in approvers:
        notices.queue_notice(context, each, "emergency_told", who=user.full_name, practice=practice.name, role=each.role)


def take_up_emergency_access(context: RequestContext) -> str:
    """Turn the claim into a session that reads charts until the grant ends; returns its new token (SE-7). Raises Refused."""
    begin_write()
    user = context.user
    own = select(G).where(G.provider_id == user.user_id, G.practice_id == user.practice_id, *is_running(context))
    grant = db.session.scalar(own.with_for_update())
    reason = "emergency_over" if grant is None else None if is_here(context, grant) else "emergency_elsewhere"
    token = sessions.renew_session(context, level=LEVEL_EMERGENCY, ends_at=grant.ends_at) if grant and not reason else None
    if grant is None or token is None:
        db.session.rollback()
        raise Refused(reason or "emergency_late")
    grant.session_id = context.user.session_id
    grants.record_for_both(context, "emergency_begun", grant)
    db.session.commit()
    return token
