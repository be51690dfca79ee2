"""The outbox: each row is claimed by one carrier, handed to its gateway, and marked with what came of it (NO-4)."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, func, or_, select, update

from portal.crypto import Keyring, SealBroken
from portal.db import BUSY, begin_write, change, db
from portal.flows.messages import delivery_reports, sim_change
from portal.flows.messages.notices import NOT_ME, make_row_token, outbox_place
from portal.gateways import HELD, KEPT, REFUSED, SENT, UNDELIVERED, UNKNOWN, UNREACHABLE, Gateway, Message
from portal.models import Outbox
from portal.settings import config

log = logging.getLogger(__name__)

TEXT, MAIL = "text", "mail"
CODE = "code"  # the template of a text that carries one
MARK_TRIES = 3
Compose = Callable[[str, dict[str, Any], dict[str, str]], tuple[str, str, str]]  # template, facts, links -> subject, text, HTML


@dataclass(frozen=True)
class Kind:
    """How texts differ from mails: a carrier's lease, the first and the longest rest after a failure, what half-way means."""

    lease: timedelta
    retry: tuple[timedelta, timedelta]
    is_repeated: bool  # whether it is tried again where nobody knows if the gateway took it


KINDS = {
    TEXT: Kind(config.TEXT_LEASE, config.TEXT_RETRY, is_repeated=False),
    MAIL: Kind(config.MAIL_LEASE, config.MAIL_RETRY, is_repeated=True),
}


def carry_row(keys: Keyring, now: datetime, outbox_id: str, gateways: Mapping[str, Gateway], compose: Compose) -> datetime | None:
    """Hand one row over where it is free and alive; returns when to try again, None where nothing is left to do.

    Of many that carry one row at the same moment, one claims it. `gateways` by kind; `compose` writes a mail.
    """
    row = claim_row(now, outbox_id)
    if row is None:
        return None
    try:
        message = open_message(keys, row, compose)
    except SealBroken:
        log.critical("outbox %s cannot be decrypted with the configured keys", row.id)
        return mark_row(now, row, REFUSED)
    outcome = gateways[row.kind].hand_over(message)
    return mark_row(now, row, outcome, lambda: sim_change.notify_sim_change(keys, now, row) if outcome == HELD else None)


def claim_row(now: datetime, outbox_id: str) -> Outbox | None:
    """Take the row for one lease: one UPDATE decides between two carriers."""
    session = begin_write()
    kind = KINDS.get(session.scalar(select(Outbox.kind).where(Outbox.id == outbox_id)) or "")
    if kind is None:
        return None
    values = {"state": "carried", "attempts": Outbox.attempts + 1, "lease_until": now + kind.lease}
    taken = update(Outbox).where(Outbox.id == outbox_id, is_due(now)).values(values).returning(Outbox)
    row = session.scalars(taken).first()
    session.commit()
    return row


def is_due(now: datetime) -> ColumnElement[bool]:
    """SQL: free, rested and alive. A text is not begun so late that it could arrive after its death."""
    rested = or_(Outbox.lease_until.is_(None), Outbox.lease_until <= now)
    unread = and_(Outbox.state == "queued", Outbox.delivered_at.is_(None))
    text = and_(Outbox.kind == TEXT, unread, lives_at(now + config.TEXT_LEASE))
    mail = and_(Outbox.kind == MAIL, Outbox.state.in_(("queued", "carried")), lives_at(now))
    return and_(rested, or_(text, mail))


def lives_at(moment: datetime) -> ColumnElement[bool]:
    return or_(Outbox.dies_at.is_(None), Outbox.dies_at > moment)


def open_message(keys: Keyring, row: Outbox, compose: Compose) -> Message:
    """The row as its gateway takes it. Raises SealBroken."""
    to = keys.open(row.to_sealed, outbox_place(row.id, "to"))
    body = keys.open(row.body_sealed, outbox_place(row.id, "body")) if row.body_sealed else ""
    if row.kind == TEXT:
        return Message(row.id, to, body, report=delivery_reports.report_token(keys, row.id), has_code=row.template == CODE)
    subject, text, html = compose(row.template, row.facts, {"link": body, NOT_ME: make_row_token(keys, row.id, NOT_ME)})
    return Message(row.id, to, text, subject, html)


def mark_row(now: datetime, row: Outbox, outcome: str, also: Callable[[], None] = lambda: None) -> datetime | None:
    """Write down what came of a hand-over, whose words are wiped when it was the last; returns when to try again.

    `also`: what goes into the same transaction.
    """
    kind, again = KINDS[row.kind], None
    if outcome == UNREACHABLE or (outcome == UNKNOWN and kind.is_repeated):
        again = next_try(now, row)
    values: dict[str, Any] = {"outcome": outcome, "lease_until": again}
    if outcome in (SENT, KEPT):
        values |= {"state": "sent", "sent_at": now}
    else:
        values["state"] = "queued" if again else "failed"
        log.warning("outbox %s, %s, try %d: %s", row.id, row.kind, row.attempts, outcome)
    if outcome != KEPT and not again:
        values["body_sealed"] = None
    # Its own claim alone; news that it was sent is welcome even after the lease, when it had been given up.
    states = ("carried", "failed") if outcome == SENT else ("carried",)
    own = update(Outbox).where(
        Outbox.id == row.id,
        Outbox.attempts == row.attempts,
        Outbox.state.in_(states),
        Outbox.outcome.is_distinct_from(UNDELIVERED),  # the carrier was quicker than its gateway's answer
    )
    persist_result(own.values(values), also)
    return again


def next_try(now: datetime, row: Outbox) -> datetime | None:
    """When to try again: each rest is twice the one before, up to the longest. None where the row is dead by then."""
    first, longest = KINDS[row.kind].retry
    again = now + min(first * 2 ** min(row.attempts - 1, 16), longest)
    needed = again + (config.TEXT_LEASE if row.kind == TEXT else timedelta())
    return again if row.dies_at is None or needed < row.dies_at else None


def persist_result(statement: Update, also: Callable[[], None] = lambda: None) -> None:
    """A busy database must not cost the knowledge that a message has left: a mail would be sent twice."""
    for left in reversed(range(MARK_TRIES)):
        try:
            begin_write()
            if change(statement):
                also()
            db.session.commit()
            return
        except BUSY:
            db.session.rollback()
            if not left:
                raise


def list_due_rows(now: datetime) -> list[str]:
    """The rows that wait for a carrier, oldest first: what the sweep puts into the queue again."""
    waiting = select(Outbox.id).where(is_due(now)).order_by(Outbox.created_at).limit(config.SWEEP_ROWS)
    return list(db.session.scalars(waiting))


def bury_dead_rows(now: datetime) -> None:
    """End what cannot be handed over any more, and wipe its words: texts left half-way by a carrier that was killed, and the dead."""
    begin_write()
    lost = update(Outbox).where(Outbox.kind == TEXT, Outbox.state == "carried", Outbox.lease_until <= now)
    change(lost.values(state="failed", outcome=UNKNOWN, lease_until=None, body_sealed=None))
    over = update(Outbox).where(Outbox.dies_at <= now)
    died = change(over.where(Outbox.state == "queued").values(state="dead", lease_until=None, body_sealed=None))
    change(over.where(Outbox.state != "carried", Outbox.body_sealed.is_not(None)).values(body_sealed=None))
    db.session.commit()
    if died:
        log.error("%d messages expired before a gateway accepted them", died)


def withdraw_rows(now: datetime, *outbox_ids: str) -> None:
    """In the open transaction: a newer message stands for these, which are not begun any more."""
    change(update(Outbox).where(Outbox.id.in_(outbox_ids), Outbox.state.in_(("queued", "carried"))).values(dies_at=now))


def delivery_state(row: Outbox, now: datetime) -> str:
    """What a page tells of a row: "waiting", "trying", "sent", "delivered", "held" or "failed"."""
    return row.stage_at(now)


def count_rows() -> list[tuple[str, str, int]]:
    """How many rows there are, by kind and state."""
    counted = (
        select(Outbox.kind, Outbox.state, func.count()).group_by(Outbox.kind, Outbox.state).order_by(Outbox.kind, Outbox.state)
    )
    return [(kind, state, number) for kind, state, number in db.session.execute(counted)]
