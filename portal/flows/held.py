"""A text that was held back, because its number has lately moved to another SIM: the event, and the notice (SM-7)."""

from datetime import datetime

from sqlalchemy import select

from portal import config
from portal.crypto import Keyring
from portal.db import db
from portal.flows import notices
from portal.flows.events import record
from portal.flows.visit import Visit
from portal.models import Outbox, SentCode, User


def tell(keys: Keyring, now: datetime, row: Outbox) -> None:
    """Part of the transaction that marks the row. One mail a day: more would teach people to look away."""
    user = db.session.get_one(User, row.user_id)
    asked_from = db.session.scalar(select(SentCode.ip).where(SentCode.outbox_id == row.id)) or ""
    visit = Visit(now=now, keys=keys, ip=asked_from, user_agent="", request_id=row.id)
    record(visit, "number_changed", about=user, reason="held", refused=True)
    told = select(Outbox.id).where(
        Outbox.user_id == user.id, Outbox.template == "number_changed", Outbox.created_at > now - config.NUMBER_TOLD_AGAIN
    )
    if db.session.scalar(told.limit(1)) is None:
        notices.queue(visit, user, "number_changed")
