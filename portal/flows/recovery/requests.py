"""A request for account recovery as its sender sees it: found by its reference number, confirmed in one browser."""

import hmac
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from portal import clock
from portal.crypto import token_hash
from portal.db import db
from portal.flows.base.batches import change_in_batches, some_of
from portal.flows.base.context import RequestContext
from portal.models import RecoveryCase, RecoveryTicket
from portal.references import read_reference
from portal.settings import config

FIND_LATE = some_of(
    select(RecoveryTicket.id).where(RecoveryTicket.case_id.is_(None), RecoveryTicket.created_at <= bindparam("late"))
)
FORGET = delete(RecoveryTicket).where(RecoveryTicket.id.in_(bindparam("keys", expanding=True)))


def find_ticket(context: RequestContext, reference: str) -> RecoveryTicket | None:
    """The request with that reference number, or None. It proves nothing by itself: see `is_confirmed_here`."""
    ticket_id = read_reference(reference)
    return db.session.get(RecoveryTicket, ticket_id) if ticket_id else None


def lock_ticket(reference: str) -> RecoveryTicket | None:
    """The same, locked until the write transaction ends. Tickets are locked before accounts."""
    found = select(RecoveryTicket).where(RecoveryTicket.id == read_reference(reference)).with_for_update()
    return db.session.scalar(found, execution_options={"populate_existing": True})


def find_case(ticket: RecoveryTicket) -> RecoveryCase | None:
    """The case whose code was entered for this request; None while none was."""
    return db.session.get(RecoveryCase, ticket.case_id, populate_existing=True) if ticket.case_id else None


def is_confirmed_here(context: RequestContext, ticket: RecoveryTicket) -> bool:
    """Whether the mailed code was entered in this very browser, at most a day ago (RC-2)."""
    return clock.is_recent(ticket.confirmed_at, context.now, config.RECOVERY_CODE_LIFE) and was_confirmed_here(context, ticket)


def was_confirmed_here(context: RequestContext, ticket: RecoveryTicket) -> bool:
    """Whether the mailed code was entered in this very browser, however long ago: enough to stop a case or have its link mailed."""
    return hmac.compare_digest(token_hash(context.browser or ""), ticket.browser_hash or "")


def only_browser(case: RecoveryCase) -> str | None:
    """The hash of the browser that the case's mailed code was entered in; None if it was entered in several."""
    hashes = set(db.session.scalars(select(RecoveryTicket.browser_hash).where(RecoveryTicket.case_id == case.id)))
    return hashes.pop() if len(hashes) == 1 else None


def is_late(context: RequestContext, ticket: RecoveryTicket) -> bool:
    """Whether a request is too old for its first code. It says the same for an address that no account has."""
    life = config.RECOVERY_CODE_LIFE
    return ticket.confirmed_at is None and not clock.is_ahead(ticket.created_at + life, context.now, life)


def forget_late_tickets(now: datetime) -> None:
    """Delete the requests whose code nobody entered, a day after it expired: floods would fill the table."""
    change_in_batches(FIND_LATE, FORGET, {"late": now - 2 * config.RECOVERY_CODE_LIFE})
