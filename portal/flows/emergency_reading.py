"""What somebody with emergency access does: opens charts, ends it, and is refused everything else (AD-6)."""

from sqlalchemy import select

from portal.db import begin_write, change, db
from portal.flows import emergency, sessions
from portal.flows.emergency import G, is_running
from portal.flows.visit import LEVEL_EMERGENCY, Visit
from portal.models import EmergencyGrant, EmergencyView, Session

ENDED_NOW = "ended_now"  # the reason in the event


def running(visit: Visit) -> EmergencyGrant | None:
    """The grant that this session reads by; None where it ran out, was stopped, or is of a practice that the person left."""
    who = visit.who
    own = (G.session_id == who.session_id, G.provider_id == who.user_id, G.practice_id == who.practice_id)
    return db.session.scalar(select(G).where(*own, *is_running(visit)))


def note_opening(visit: Visit, grant_id: str, chart_id: int) -> None:
    """A chart of the practice was opened: for the review, and for both people."""
    session = begin_write()
    grant = session.get_one(EmergencyGrant, grant_id, with_for_update=True)
    if session.get(EmergencyView, (grant_id, chart_id)) is None:
        session.add(EmergencyView(grant_id=grant_id, chart_id=chart_id, opened_at=visit.now))
    emergency.tell_both(visit, "emergency_chart_opened", grant)
    session.commit()


def refuse_write(visit: Visit, grant_id: str) -> None:
    """Something was sent that would have changed something."""
    begin_write()
    emergency.tell_both(visit, "emergency_write_refused", db.session.get_one(EmergencyGrant, grant_id), refused=True)
    db.session.commit()


def end_now(visit: Visit) -> None:
    """End the visitor's own emergency access before its hour is over, with every session that reads by it. Twice is once."""
    begin_write()
    own = G.provider_id == visit.who.user_id
    emergency.end(visit, (own, *is_running(visit)), visit.now, ENDED_NOW)
    reading = (Session.user_id == visit.who.user_id, Session.level == LEVEL_EMERGENCY, Session.ended_at.is_(None))
    change(sessions.end_where(visit, "emergency_ended").where(*reading))
    db.session.commit()
