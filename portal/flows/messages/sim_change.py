"""A text that was held back, because its number has lately moved to another SIM: the event, and the notice (SM-7)."""

from datetime import datetime

from sqlalchemy import select

from portal.crypto import Keyring
from portal.db import db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.messages import notices
from portal.models import Event, Outbox, User
from portal.settings import config


def notify_sim_change(keys: Keyring, now: datetime, row: Outbox) -> None:
    """Part of the transaction that marks the row. One mail a day: more would teach people to look away."""
    user = db.session.get_one(User, row.user_id)
    context = requesting_context(keys, now, row)
    record_event(context, "number_changed", about=user, reason="held", refused=True)
    since = now - config.NUMBER_TOLD_AGAIN
    told = select(Outbox.id).where(Outbox.user_id == user.id, Outbox.template == "number_changed", Outbox.created_at > since)
    if db.session.scalar(told.limit(1)) is None:
        notices.queue_notice(context, user, "number_changed")


def requesting_context(keys: Keyring, now: datetime, row: Outbox) -> RequestContext:
    """From where the code was asked for, as the event says that was recorded with it."""
    asked = select(Event.ip, Event.user_agent).where(
        Event.subject_id == row.user_id, Event.at == row.created_at, Event.event == "code_sent"
    )
    ip, user_agent = db.session.execute(asked.limit(1)).first() or ("", "")
    return RequestContext(now=now, keys=keys, ip=ip, user_agent=user_agent, request_id=row.id)
