"""Using emergency access: opening charts, refused writes, ending it early (AD-6)."""

from sqlalchemy import select

from portal.db import begin_write, change, db
from portal.flows.base.context import RequestContext
from portal.flows.emergency import grants
from portal.flows.emergency.grants import G, is_running
from portal.flows.sessions import sessions
from portal.models import EmergencyGrant, EmergencyView

ENDED_NOW = "ended_now"  # the reason in the event


def running_grant(context: RequestContext) -> EmergencyGrant | None:
    """The grant behind this session; None if it expired, was stopped, or belongs to a practice that the person left."""
    user = context.user
    own = (G.session_id == user.session_id, G.provider_id == user.user_id, G.practice_id == user.practice_id)
    return db.session.scalar(select(G).where(*own, *is_running(context)))


def note_chart_opened(context: RequestContext, grant_id: str, chart_id: int) -> None:
    """Record for the review and for both people that a chart was opened."""
    session = begin_write()
    grant = session.get_one(EmergencyGrant, grant_id, with_for_update=True)
    if session.get(EmergencyView, (grant_id, chart_id)) is None:
        session.add(EmergencyView(grant_id=grant_id, chart_id=chart_id, opened_at=context.now))
    grants.record_for_both(context, "emergency_chart_opened", grant)
    session.commit()


def refuse_write(context: RequestContext, grant_id: str) -> None:
    """Record a request that would have changed something."""
    begin_write()
    grants.record_for_both(context, "emergency_write_refused", db.session.get_one(EmergencyGrant, grant_id), refused=True)
    db.session.commit()


def end_now(context: RequestContext) -> None:
    """End the visitor's own emergency access early, and every session that uses it. Idempotent."""
    begin_write()
    own = G.provider_id == context.user.user_id
    grants.end_grants(context, (own, *is_running(context)), context.now, ENDED_NOW)
    change(sessions.END_READING, {"owner": context.user.user_id, **sessions.ending(context, "emergency_ended")})
    db.session.commit()
