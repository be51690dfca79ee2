"""Delivery reports: what the carrier says about a text after the gateway accepted it."""

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
# The numbers are Kannel's: 1 delivered, 2 not delivered, 16 refused by the carrier.
DELIVERED_STATES = frozenset({"delivered", "1"})
FAILED_STATES = frozenset({"failed", "undelivered", "rejected", "expired", "2", "16"})


def report_token(keys: Keyring, outbox_id: str) -> str:
    """The token that proves that a report is about this row."""
    return make_row_token(keys, outbox_id, PURPOSE)


def take_report(keys: Keyring, now: datetime, token: str, state: str) -> bool:
    """Record a delivery report; False if the token is unknown. Repeats and intermediate states ("queued", 4, 8) change nothing.

    A report may overtake the gateway's own answer, or come hours after the text expired: "delivered" is recorded in any state of
    the row, and a later "failed" does not take it back.
    """
    outbox_id = find_row_by_token(keys, token, PURPOSE)
    if outbox_id is None:
        return False
    if db.session.scalar(select(Outbox.id).where(Outbox.id == outbox_id, Outbox.kind == "text")) is None:
        return False
    undelivered = update(Outbox).where(Outbox.id == outbox_id, Outbox.delivered_at.is_(None))
    reported = state.strip().lower()
    if reported in DELIVERED_STATES:
        write_report(undelivered.values(delivered_at=now))
    elif reported in FAILED_STATES and write_report(
        undelivered.where(Outbox.state.in_(("claimed", "sent"))).values(
            state="failed", outcome=UNDELIVERED, lease_until=None, body_sealed=None
        )
    ):
        log.warning("outbox %s: the carrier did not deliver it", outbox_id)
    return True


def write_report(statement: Update) -> int:
    """Execute the UPDATE and commit; returns the number of rows changed."""
    begin_write()
    changed = change(statement)
    db.session.commit()
    return changed
