"""Delivery reports: what the carrier says of a text after the gateway took it."""

import logging
from datetime import datetime

from sqlalchemy import Update, select, update

from portal.crypto import Keyring
from portal.db import begin_write, change, db
from portal.flows.messages.notices import find_row_by_token, make_row_token
from portal.gateways import UNDELIVERED
from portal.models import Outbox

log = logging.getLogger(__name__)
PURPOSE = "report"
DELIVERED = frozenset({"delivered", "1"})  # numbers: Kannel's (1 delivered, 2 not delivered, 16 refused by the carrier)
LOST = frozenset({"failed", "undelivered", "rejected", "expired", "2", "16"})


def report_token(keys: Keyring, outbox_id: str) -> str:
    """What proves that a report is about this row."""
    return make_row_token(keys, outbox_id, PURPOSE)


def take_report(keys: Keyring, now: datetime, shown: str, state: str) -> bool:
    """Write a report down, once; False where the token is not one of ours. Words on the way ("queued", 4, 8) change nothing."""
    outbox_id = find_row_by_token(keys, shown, PURPOSE)
    if outbox_id is None:
        return False
    if db.session.scalar(select(Outbox.id).where(Outbox.id == outbox_id, Outbox.kind == "text")) is None:
        return False
    own = update(Outbox).where(Outbox.id == outbox_id, Outbox.delivered_at.is_(None))
    word = state.strip().lower()
    if word in DELIVERED:
        write_report(own.values(delivered_at=now))
    elif word in LOST and write_report(
        own.where(Outbox.state.in_(("carried", "sent"))).values(
            state="failed", outcome=UNDELIVERED, lease_until=None, body_sealed=None
        )
    ):
        log.warning("outbox %s: the carrier did not deliver it", outbox_id)
    return True


def write_report(statement: Update) -> int:
    """How many rows it met."""
    begin_write()
    met = change(statement)
    db.session.commit()
    return met
