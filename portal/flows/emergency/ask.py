"""A provider without a code: asks for emergency access, waits, takes it up (AD-6)."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from portal.crypto import token_hash
from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import CLAIMS, LEVEL_EMERGENCY, LEVEL_WAITING, RequestContext
from portal.flows.emergency import grants
from portal.flows.emergency.grants import G, is_running
from portal.flows.messages import notices
from portal.flows.practice import administrators
from portal.flows.sessions import sessions
from portal.models import EmergencyGrant, Practice, Session, User
from portal.settings import config
from portal.words.refusals import Refused

ASKED = "emergency_asked"
FREE, WAITING, APPROVED, REFUSED, LAPSED, HAD = "free", "waiting", "approved", "refused", "lapsed", "had"


@dataclass(frozen=True)
class RequestState:
    """How it stands with the person's newest request."""

    state: str
    is_here: bool = False  # asked from this browser
    until: datetime | None = None  # of the wait, or of the access
    again_at: datetime | None = None
    by: str = ""  # who decided
    told: tuple[str, ...] = ()  # the administrators who know; support where there is none
    seconds: int = 0  # until the wait is over
    number: str = ""  # that the approver has to hear, in the browser that asked alone


def request_state(context: RequestContext) -> RequestState:
    """What the person's page says now; changes nothing."""
    newest = select(G).where(G.provider_id == context.who.user_id).order_by(G.asked_at.desc()).limit(1)
    grant = db.session.scalar(newest)
    if grant is None or context.now >= (grant.approved_at or grant.asked_at) + config.EMERGENCY_AGAIN:
        return RequestState(FREE)
    decided_by = db.session.get(User, grant.decided_by_id) if grant.decided_by_id else None
    by, here = decided_by.full_name if decided_by else "", is_here(context, grant)
    if grant.approved_at and grant.ends_at:
        again_at = grant.approved_at + config.EMERGENCY_AGAIN
        runs = grant.ended_at is None and context.now < grant.ends_at
        return RequestState(APPROVED if runs else HAD, here, grant.ends_at, again_at, by)
    if grant.refused_at:
        return RequestState(REFUSED, here, by=by)
    until = grant.asked_at + config.EMERGENCY_WAIT
    if context.now >= until:
        return RequestState(LAPSED, here)
    told = administrators.list_administrators(grant.practice_id, grant.provider_id)
    names = tuple(each.full_name for each in told)
    number = grants.comparison_number(context, grant) if here else ""
    return RequestState(WAITING, here, until, told=names, seconds=int((until - context.now).total_seconds()), number=number)


def is_here(context: RequestContext, grant: EmergencyGrant) -> bool:
    """Whether this is the sign-in that asked, or a later one of the same browser: nothing but time or the person ended that one."""
    if grant.session_id == context.who.session_id:
        return True
    asked = db.session.get(Session, grant.session_id) if grant.session_id else None
    if asked is None or not asked.browser_hash or not context.browser or asked.ended_reason not in (None, "signed_out"):
        return False
    return hmac.compare_digest(asked.browser_hash, token_hash(context.browser))


def ask_emergency_access(context: RequestContext, reason: str) -> None:
    """Ask two others for sixty minutes of reading; this claim waits for their answer. Raises Refused, which is recorded.

    A second press in the same browser changes nothing.
    """
    session = begin_write()
    user = session.get_one(User, context.who.user_id, with_for_update=True, populate_existing=True)
    now = request_state(context)
    if now.state == WAITING and now.is_here:
        session.rollback()
        return
    told = grants.list_approvers(user.practice_id, user.id)
    refused = why_not_now(context, user, now, told)
    if refused:
        record_event(context, ASKED, reason=refused.reason, refused=True)
        session.commit()
        raise refused
    add_request(context, user, reason, told)
    session.commit()


def why_not_now(context: RequestContext, user: User, now: RequestState, told: list[User]) -> Refused | None:
    """Why it cannot be asked for now; None where it can."""
    if user.practice_id is None:
        return Refused("emergency_practice")
    if now.state == WAITING and now.until:
        return Refused("emergency_waiting", when=now.until.isoformat())
    if now.again_at:
        return Refused("emergency_again", when=now.again_at.isoformat())
    recent = (G.provider_id == user.id, G.approved_at.is_(None), G.asked_at > context.now - config.EMERGENCY_AGAIN)
    asks, first = db.session.execute(select(func.count(), func.min(G.asked_at)).where(*recent)).one()
    if asks >= config.EMERGENCY_ASKS:
        return Refused("emergency_often", when=(first + config.EMERGENCY_AGAIN).isoformat())
    return None if told else Refused("emergency_nobody")


def add_request(context: RequestContext, user: User, reason: str, told: list[User]) -> None:
    """The request, the longer claim, and everybody's notice; part of the open transaction."""
    own = (Session.id == context.who.session_id, Session.ended_at.is_(None), Session.level.in_(CLAIMS))
    waits = update(Session).where(*own).values(level=LEVEL_WAITING, ends_at=context.now + config.EMERGENCY_WAIT)
    if change(waits) != 1:  # a code was right in another tab, or the claim ended
        db.session.rollback()
        raise Refused("emergency_late")
    grant = grants.new_grant(context, user, reason)
    db.session.add(grant)
    db.session.flush()
    grants.notify_both(context, ASKED, grant, *told)
    grants.notify_both(context, "emergency_told", grant, *told)
    practice = db.session.get_one(Practice, user.practice_id)
    notices.queue_notice(context, user, ASKED)
    for each in told:
        notices.queue_notice(context, each, "emergency_told", who=user.full_name, practice=practice.name, role=each.role)


def take_up_emergency_access(context: RequestContext) -> str:
    """Turn the claim into a session that reads charts until the hour is over; returns its new token (SE-7). Raises Refused."""
    begin_write()
    who = context.who
    own = select(G).where(G.provider_id == who.user_id, G.practice_id == who.practice_id, *is_running(context))
    grant = db.session.scalar(own.with_for_update())
    reason = "emergency_over" if grant is None else None if is_here(context, grant) else "emergency_elsewhere"
    token = sessions.renew_session(context, level=LEVEL_EMERGENCY, ends_at=grant.ends_at) if grant and not reason else None
    if grant is None or token is None:
        db.session.rollback()
        raise Refused(reason or "emergency_late")
    grant.session_id = context.who.session_id
    grants.notify_both(context, "emergency_begun", grant)
    db.session.commit()
    return token
