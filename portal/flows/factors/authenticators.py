"""Renaming and removing one's own authenticators."""

from sqlalchemy import select, update

from portal.db import begin_write, change, db
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.factors.challenges import is_switched_off
from portal.flows.factors.prove import notify_old_number
from portal.flows.messages import notices, send_code
from portal.flows.sessions import sessions, trusted_browsers
from portal.methods import method
from portal.models import Authenticator, SentCode, Session, User
from portal.words.refusals import Refused


def rename_authenticator(context: RequestContext, authenticator_id: str, name: str) -> bool:
    """Rename one of the visitor's authenticators; False if it is not theirs. Raises Refused("label_taken")."""
    session = begin_write()
    session.get_one(User, context.user.user_id, with_for_update=True)  # serializes concurrent renames
    others = select(Authenticator.name).where(Authenticator.user_id == context.user.user_id, Authenticator.id != authenticator_id)
    if name.casefold() in {each.casefold() for each in session.scalars(others)}:
        session.rollback()
        raise Refused("label_taken")
    own = update(Authenticator).where(Authenticator.id == authenticator_id, Authenticator.user_id == context.user.user_id)
    is_renamed = change(own.values(name=name)) == 1
    if is_renamed:
        record_event(context, "authenticator_renamed")
    db.session.commit()
    return is_renamed


def remove_authenticator(context: RequestContext, authenticator_id: str) -> bool:
    """Remove one of the visitor's authenticators; False if no other would work, or it is not theirs (TO-9)."""
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    rows = session.scalars(select(Authenticator).where(Authenticator.user_id == user.id)).all()
    removed = next((row for row in rows if row.id == authenticator_id), None)
    remaining = [
        row
        for row in rows
        if row is not removed and throttle.STRANGERS.takes(row) and not is_switched_off(context, method(row.method))
    ]
    if removed is None or not remaining:
        session.rollback()
        return False
    send_code.void_codes(context, SentCode.authenticator_id == removed.id)
    session.delete(removed)
    session.flush()
    notify_old_number(context, user, removed)
    change(update(Session).where(Session.id == context.user.session_id).values(turning_off_at=None))
    trusted_browsers.end_trust_after_change(context, user.id)
    sessions.end_other_sessions(context, "two_factor_changed")
    record_event(context, "authenticator_removed", factor=removed.method)
    notices.queue_notice(context, user, "authenticator_removed")
    session.commit()
    return True
