"""A text held back because its number recently moved to another SIM: the event and the notice (SM-7)."""

from datetime import datetime

from sqlalchemy import select

from portal import clock
from portal.crypto import Keyring
from portal.db import db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.messages import notices
from portal.models import Event, Outbox, User
from portal.settings import config


def notify_sim_change(keys: Keyring, now: datetime, row: Outbox) -> None:
    """Record it in the transaction that marks the row, and email the user at most once a day, so that notices stay noticed."""
    user = db.session.get_one(User, row.user_id)
    context = load_requesting_context(keys, now, row)
    record_event(context, "number_changed", about=user, reason="held", refused=True)
    is_recent = clock.since(Outbox.created_at, now, config.SIM_NOTICE_INTERVAL)
    notified = select(Outbox.id).where(Outbox.user_id == user.id, Outbox.template == "number_changed", is_recent)
    if db.session.scalar(notified.limit(1)) is None:
        notices.queue_notice(context, user, "number_changed")


def load_requesting_context(keys: Keyring, now: datetime, row: Outbox) -> RequestContext:
    """The context of the request that sent the code, from the event recorded with it."""
    requested = select(Event.ip, Event.user_agent).where(
        Event.subject_id == row.user_id, Event.at == row.created_at, Event.event == "code_sent"
    )
    ip, user_agent = db.session.execute(requested.limit(1)).first() or ("", "")
    return RequestContext(now=now, keys=keys, ip=ip, user_agent=user_agent, request_id=row.id)
