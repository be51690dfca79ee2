"""The transactional outbox: a worker claims each row, hands it to its gateway, and records the outcome (NO-4)."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, func, or_, select, update

from portal import clock
from portal.crypto import Keyring, SealBroken
from portal.db import BUSY, begin_write, change, db, is_one_of
from portal.flows.base.places import recipient
from portal.flows.messages import delivery_reports, sim_change
from portal.flows.messages.notices import make_links, outbox_place
from portal.gateways import HELD, KEPT, REFUSED, SENT, UNDELIVERED, UNKNOWN, UNREACHABLE, Gateway, Message
from portal.models import Outbox
from portal.settings import config

log = logging.getLogger(__name__)

TEXT, MAIL = "text", "mail"
CODE = "code"  # the template of a text with a verification code
OPEN = is_one_of(Outbox.state, ("queued", "claimed"))  # the few for which there is an index, among all that have ever gone out
RECORD_TIME = config.TEXT_LEASE  # how long a result is tried to be recorded, such as while a server fails over
RECORD_PAUSE_SECONDS = 1  # between two tries to record a result: a database that is gone refuses at once
LONGEST_LEASE = max(config.TEXT_LEASE, config.MAIL_LEASE, config.TEXT_RETRY[1], config.MAIL_RETRY[1])
Links = dict[str, str]
# template, facts, links, language, time zone, and the practice's language -> subject, text, HTML, and language
Compose = Callable[[str, dict[str, Any], Links, str | None, str | None, str | None], tuple[str, str, str, str]]
Tell = Callable[[str, int, str], object]  # kind, attempt, outcome


@dataclass(frozen=True)
class DeliveryRules:
    """How texts and emails differ: a worker's lease, the exponential backoff (first and longest delay), and retries."""

    lease: timedelta
    retry: tuple[timedelta, timedelta]
    retries_unknown: bool  # whether to retry if it is unknown whether the gateway accepted the message


KINDS = {
    TEXT: DeliveryRules(config.TEXT_LEASE, config.TEXT_RETRY, retries_unknown=False),
    MAIL: DeliveryRules(config.MAIL_LEASE, config.MAIL_RETRY, retries_unknown=True),
}


def tell_nobody(_kind: str, _attempt: int, _outcome: str) -> None:
    """What a delivery is told to while nobody asks."""


def deliver_row(
    keys: Keyring,
    now: datetime,
    outbox_id: str,
    gateways: Mapping[str, Gateway],
    compose: Compose,
    tell: Tell = tell_nobody,
) -> datetime | None:
    """Deliver one row if it is due; returns when to retry, or None if nothing is left to do.

    Of several workers at the same moment, only one claims the row. `gateways` by kind; `compose` writes an email; `tell` hears what
    became of it.
    """
    row = claim_row(now, outbox_id)
    if row is None:
        return None
    try:
        message = open_message(keys, row, compose)
    except SealBroken:
        log.critical("outbox %s cannot be decrypted with the configured keys", row.id)
        outcome = REFUSED
    else:
        outcome = gateways[row.kind].hand_over(message)
    tell(row.kind, row.attempts, outcome)
    return record_outcome(now, row, outcome, lambda: sim_change.notify_sim_change(keys, now, row) if outcome == HELD else None)


def claim_row(now: datetime, outbox_id: str) -> Outbox | None:
    """Claim the row for one lease; one UPDATE decides between concurrent workers."""
    session = begin_write()
    rules = KINDS.get(session.scalar(select(Outbox.kind).where(Outbox.id == outbox_id)) or "")
    if rules is None:
        return None
    values = {"state": "claimed", "attempts": Outbox.attempts + 1, "lease_until": now + rules.lease}
    claim = update(Outbox).where(Outbox.id == outbox_id, is_due(now)).values(values).returning(Outbox)
    row = session.scalars(claim).first()
    session.commit()
    return row


def is_due(now: datetime) -> ColumnElement[bool]:
    """SQL: unclaimed, past its backoff, and not expired. A text is not started so late that it could arrive after it expires."""
    is_free = or_(Outbox.lease_until.is_(None), is_lease_over(now))
    is_queued = and_(Outbox.state == "queued", Outbox.delivered_at.is_(None))
    text = and_(Outbox.kind == TEXT, is_queued, is_alive_at(now + config.TEXT_LEASE))
    email = and_(Outbox.kind == MAIL, Outbox.state.in_(("queued", "claimed")), is_alive_at(now))
    return and_(is_free, or_(text, email), ~is_future_code(now))


def is_lease_over(now: datetime) -> ColumnElement[bool]:
    """SQL: a worker's lease, or the wait before a retry, is over, or longer than any may be, because the clock was ahead."""
    return or_(Outbox.lease_until <= now, Outbox.lease_until > clock.latest_end(now, LONGEST_LEASE))


def is_future_code(now: datetime) -> ColumnElement[bool]:
    """SQL: the text of a code from a clock that was ahead: its code is over (see `models.Outbox.stage_at`)."""
    return and_(Outbox.template == CODE, Outbox.created_at > now + config.CLOCK_TOLERANCE)


def is_alive_at(moment: datetime) -> ColumnElement[bool]:
    """SQL: not expired at that time."""
    return or_(Outbox.expires_at.is_(None), Outbox.expires_at > moment)


def open_message(keys: Keyring, row: Outbox, compose: Compose) -> Message:
    """The row as a message for its gateway. Raises SealBroken."""
    to = keys.open(row.to_sealed, outbox_place(row.id, "to"))
    body = keys.open(row.body_sealed, outbox_place(row.id, "body")) if row.body_sealed else ""
    if row.kind == TEXT:
        return Message(row.id, to, body, report=delivery_reports.report_token(keys, row.id), has_code=row.template == CODE)
    links = make_links(keys, row, body)
    zone, place_language = recipient(row.user_id)
    subject, text, html, language = compose(row.template, row.facts, links, row.language, zone, place_language)
    return Message(row.id, to, text, subject, html, language)


def record_outcome(now: datetime, row: Outbox, outcome: str, on_recorded: Callable[[], None] = lambda: None) -> datetime | None:
    """Record the outcome of one delivery attempt and wipe the body after the last one; returns when to retry.

    `on_recorded` runs in the same transaction.
    """
    rules, retry_at = KINDS[row.kind], None
    if outcome == UNREACHABLE or (outcome == UNKNOWN and rules.retries_unknown):
        retry_at = next_attempt_at(now, row)
    values: dict[str, Any] = {"outcome": outcome, "lease_until": retry_at}
    if outcome in (SENT, KEPT):
        values |= {"state": "sent", "sent_at": now}
        log.info("outbox %s, %s, try %d: %s", row.id, row.kind, row.attempts, outcome)
    else:
        values["state"] = "queued" if retry_at else "failed"
        log.warning("outbox %s, %s, try %d: %s", row.id, row.kind, row.attempts, outcome)
    if outcome != KEPT and not retry_at:
        values["body_sealed"] = None
    # Only the claim of this attempt is updated. SENT counts even if the lease ran out and the row was marked as failed.
    states = ("claimed", "failed") if outcome == SENT else ("claimed",)
    claimed = update(Outbox).where(
        Outbox.id == row.id,
        Outbox.attempts == row.attempts,
        Outbox.state.in_(states),
        Outbox.outcome.is_distinct_from(UNDELIVERED),  # a delivery report overtook the gateway's answer
    )
    persist_result(claimed.values(values), on_recorded)
    return retry_at


def next_attempt_at(now: datetime, row: Outbox) -> datetime | None:
    """When to retry, by exponential backoff up to the longest delay; None if the row has expired by then."""
    first, longest = KINDS[row.kind].retry
    retry_at = now + min(first * 2 ** min(row.attempts - 1, 16), longest)
    finished_at = retry_at + (config.TEXT_LEASE if row.kind == TEXT else timedelta())
    return retry_at if row.expires_at is None or finished_at < row.expires_at else None


def persist_result(statement: Update, on_recorded: Callable[[], None] = lambda: None) -> None:
    """Execute and commit, retrying while the database is busy or away: a lost result would send an email twice."""
    latest = clock.monotonic() + RECORD_TIME.total_seconds()
    while True:
        try:
            begin_write()
            if change(statement):
                on_recorded()
            db.session.commit()
            return
        except BUSY:
            db.session.rollback()
            if clock.monotonic() >= latest:
                raise
            threading.Event().wait(RECORD_PAUSE_SECONDS)


def list_due_rows(now: datetime) -> list[str]:
    """Ids of the due rows, oldest first, for the sweep to queue again."""
    due = select(Outbox.id).where(OPEN, is_due(now)).order_by(Outbox.created_at).limit(config.SWEEP_ROWS)
    return list(db.session.scalars(due))


def close_expired_rows(now: datetime) -> None:
    """Close what cannot be delivered any more and wipe its body: expired rows, and texts whose worker was killed halfway."""
    begin_write()
    abandoned = update(Outbox).where(OPEN, Outbox.kind == TEXT, Outbox.state == "claimed", is_lease_over(now))
    change(abandoned.values(state="failed", outcome=UNKNOWN, lease_until=None, body_sealed=None))
    too_late = update(Outbox).where(OPEN, Outbox.state == "queued", Outbox.expires_at > clock.latest_end(now, config.MAIL_LIFE))
    change(too_late.where(~is_future_code(now)).values(expires_at=now + config.MAIL_LIFE))
    expired = update(Outbox).where(or_(Outbox.expires_at <= now, is_future_code(now)))
    queued = expired.where(OPEN, Outbox.state == "queued")
    expired_count = change(queued.values(state="expired", lease_until=None, body_sealed=None))
    change(expired.where(Outbox.state != "claimed", Outbox.body_sealed.is_not(None)).values(body_sealed=None))
    db.session.commit()
    if expired_count:
        log.error("%d messages expired before a gateway accepted them", expired_count)


def withdraw_rows(now: datetime, *outbox_ids: str) -> None:
    """Expire rows that a newer message supersedes, in the open transaction."""
    change(update(Outbox).where(Outbox.id.in_(outbox_ids), Outbox.state.in_(("queued", "claimed"))).values(expires_at=now))


def delivery_state(row: Outbox, now: datetime) -> str:
    """The state that pages show for a row: "waiting", "trying", "sent", "delivered", "held" or "failed"."""
    return row.stage_at(now)


def count_rows() -> list[tuple[str, str, int]]:
    """(kind, state, number of rows), sorted."""
    counted = (
        select(Outbox.kind, Outbox.state, func.count()).group_by(Outbox.kind, Outbox.state).order_by(Outbox.kind, Outbox.state)
    )
    return [(kind, state, number) for kind, state, number in db.session.execute(counted)]
