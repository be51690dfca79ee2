"""Sign-ins in new browsers, as open sessions of their account see them: confirmed or stopped there, and the choice to be asked."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from portal.db import begin_write, change, db, read
from portal.flows.base import limits, throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_UNCONFIRMED, RequestContext
from portal.flows.messages import notices
from portal.flows.messages.notices import describe_browser
from portal.flows.sessions import sessions
from portal.flows.sign_in.new_browser import IS_OPEN, WAITS, C, S, is_on, is_same_network, number_of, open_now
from portal.models import User
from portal.settings import config
from portal.words.refusals import Refused

REFUSED = "new_browser_refused"  # the event
STOPPED = "not_confirmed"  # why the session ended
# SQL: the account's sign-ins that wait for a confirmation.
WAITING = (
    select(S.id, S.token_hash, C.ip, C.user_agent, C.asked_at, C.expires_at)
    .join_from(C, S, S.id == C.session_id)
    .where(C.user_id == bindparam("owner"), C.confirmed_at.is_(None), *IS_OPEN, *WAITS)
    .order_by(C.asked_at.desc(), S.id.desc())
)
NEWEST, BY_ID = WAITING.limit(1), WAITING.where(C.session_id == bindparam("row"))
CONFIRM = (
    update(C)
    .where(C.session_id == bindparam("row"), C.user_id == bindparam("owner"), C.confirmed_at.is_(None), *IS_OPEN)
    .values(confirmed_at=bindparam("now"))
)
STOP = sessions.END_ALL.where(S.id == bindparam("row"), S.level == LEVEL_UNCONFIRMED)
STOP_ALL = sessions.END_ALL.where(S.level == LEVEL_UNCONFIRMED)


@dataclass(frozen=True)
class NewBrowser:
    """A sign-in that waits for the visitor's answer."""

    id: int
    browser: str  # in words, "" if unknown
    ip: str
    at: datetime
    until: datetime
    is_near: bool  # in the visitor's network: only then can it be confirmed here


@dataclass(frozen=True)
class Choice:
    """Whether the account's sign-ins in new browsers are confirmed, and whether its owner may choose that."""

    is_on: bool
    is_ours: bool  # the operator's choice, for everybody


def as_new_browser(context: RequestContext, row: Any) -> NewBrowser:
    is_near = is_same_network(row.ip, context.ip)
    return NewBrowser(row.id, describe_browser(row.user_agent), row.ip, row.asked_at, row.expires_at, is_near)


def newest_waiting(context: RequestContext) -> NewBrowser | None:
    """The newest sign-in that waits for the visitor, for the notice on their pages; no query unless they are asked at all."""
    user = context.visitor
    if user is None or user.owes_code or not user.is_on or not is_on(context, user.role, user.confirms_since):
        return None
    row = read(NEWEST, {"owner": user.user_id, **open_now(context.now)}).first()
    return as_new_browser(context, row) if row else None


def find_waiting(context: RequestContext, row_id: int) -> NewBrowser | None:
    """One of them, or None."""
    row = read(BY_ID, {"owner": context.user.user_id, "row": row_id, **open_now(context.now)}).first()
    return as_new_browser(context, row) if row else None


def confirm(context: RequestContext, row_id: int, typed: str) -> None:
    """Let a sign-in of the visitor's own go on, by the number that its page shows. Raises Refused.

    Only from the same network: somebody on a look-alike site reads the right number there, and its program sits elsewhere. Each try is
    charged before the number is compared; the last wrong one stops the sign-in.
    """
    begin_write()
    user = throttle.lock_account(context.user.user_id)
    own = {"owner": user.id, "row": row_id, **open_now(context.now)}
    row = db.session.execute(BY_ID, own).first()
    if row is None:
        db.session.rollback()
        raise Refused("confirmation_over")
    if not is_same_network(row.ip, context.ip):
        record_event(context, REFUSED, reason="other_network", refused=True)
        db.session.commit()
        raise Refused("confirmation_far")
    left = charge_try(context, row_id)
    if not hmac.compare_digest(number_of(row.token_hash).encode(), typed.encode()):
        refuse_number(context, row_id, left)
    if change(CONFIRM, own) != 1:
        db.session.rollback()
        raise Refused("confirmation_over")
    record_event(context, "new_browser_confirmed", factor="session")
    db.session.commit()


def charge_try(context: RequestContext, row_id: int) -> int:
    """Charge one try of this sign-in's number, in the open transaction; returns how many are left. Raises Refused."""
    own = limits.make_limit(context.keys, config.CONFIRMATION_TRIES, config.CONFIRMATION_LIFE, "new browser number", str(row_id))
    try:
        [charged] = limits.charge(context, [own])
    except Refused:
        db.session.rollback()
        raise Refused("confirmation_tries") from None
    return config.CONFIRMATION_TRIES - charged.spent


def refuse_number(context: RequestContext, row_id: int, left: int) -> None:
    """Record a wrong number and commit; the last one stops the sign-in. Raises Refused."""
    record_event(context, REFUSED, reason="wrong_number", refused=True)
    if not left:
        end_waiting(context, row_id)
    db.session.commit()
    raise Refused("confirmation_wrong", tries=left) if left else Refused("confirmation_tries")


def end_waiting(context: RequestContext, row_id: int) -> bool:
    """End a sign-in of the visitor's that waits, in the open transaction; False if it doesn't."""
    return change(STOP, {"owner": context.user.user_id, "row": row_id, **sessions.ending(context, STOPPED)}) > 0


def stop(context: RequestContext, row_id: int) -> bool:
    """ "This wasn't me": end a sign-in that waits. Idempotent; False if none of the visitor's does."""
    begin_write()
    if not end_waiting(context, row_id):
        db.session.rollback()
        return False
    record_event(context, REFUSED, reason="not_me")
    db.session.commit()
    return True


# --- the choice to be asked


def find_choice(context: RequestContext) -> Choice | None:
    """What the Security page says of it; None if nobody is asked, or the visitor has no code that could be relayed. No query."""
    user = context.user
    if context.confirms == config.CONFIRM_OFF or not user.is_on:
        return None
    return Choice(is_on(context, user.role, user.confirms_since), is_ours=context.confirms == config.CONFIRM_ALWAYS)


def choose(context: RequestContext, to_confirm: bool) -> None:
    """Ask for a confirmation of sign-ins in new browsers from now on, or not anymore, and tell all addresses. Idempotent.

    Raises Refused: "confirmations_no_address". What waits when it is turned off ends: its code was shown under the other rule.
    """
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    if to_confirm == (user.confirms_since is not None):
        session.rollback()
        return
    if to_confirm and user.email_sealed is None:
        session.rollback()
        raise Refused("confirmations_no_address")
    user.confirms_since = context.now if to_confirm else None
    if not to_confirm:
        change(STOP_ALL, {"owner": user.id, **sessions.ending(context, "confirmations_off")})
        record_event(context, "new_browsers_off")
    else:
        record_event(context, "new_browsers_on")
    notices.queue_notice(context, user, "new_browsers_on" if to_confirm else "new_browsers_off")
    session.commit()
