"""Stopping an account recovery: by the link in each email, in every open session, or by who asked for it (RC-4, RC-6).

Stopping wins in every state. The link has no row of its own: it outlives a new password, which ends all others, and a thief who set one
by email must not take it from the owner.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from portal.db import begin_write, change, db
from portal.flows.base import links
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import DONE, OPEN, SETTING_UP, STOPPED, is_open, move
from portal.flows.messages import notices
from portal.flows.recovery import requests
from portal.flows.sessions import sessions
from portal.models import Binding, Event, RecoveryCase, RecoveryTicket, User
from portal.words.refusals import Refused

BY_LINK, BY_OWNER, BY_REQUESTER = "email", "session", "requester"  # channels
SHOWN_OPEN, SHOWN_STOPPED, SHOWN_DONE, SHOWN_OVER = "open", "stopped", "done", "over"


@dataclass(frozen=True)
class Alarm:
    """An open recovery, for the banner on every page of the account's sessions."""

    at: datetime  # when the mailed code was entered
    browser: str  # where, in words; "" if unknown


@dataclass(frozen=True)
class StopPage:
    """What the link's page shows of a case."""

    stage: str  # one of SHOWN_*
    role: str
    at: datetime  # when it was asked for, or ended
    void: bool  # whether the old authenticators had ended by then
    knew_password: bool  # whether whoever asked had shown the password


# --- the link


def stop_link(context: RequestContext, user: User, case: RecoveryCase) -> str:
    """The token of the link that stops the user's case: the same in each email about it, which has it by the fact `notices.CASE`."""
    return notices.make_row_token(context.keys, case.id, links.RECOVERY_STOP)


def find_by_link(context: RequestContext, token: str) -> tuple[RecoveryCase, User]:
    """The case behind a link, in whatever state, and whose it is. Read-only. Raises Refused("recovery_stop_unknown")."""
    case_id = notices.find_row_by_token(context.keys, token, links.RECOVERY_STOP)
    case = db.session.get(RecoveryCase, case_id, populate_existing=True) if case_id else None
    if case is None:
        raise Refused("recovery_stop_unknown")
    return case, db.session.get_one(User, case.user_id)


def describe(context: RequestContext, case: RecoveryCase, user: User) -> StopPage:
    """What the pages say about a case."""
    shown = {STOPPED: SHOWN_STOPPED, DONE: SHOWN_DONE}.get(case.state, SHOWN_OPEN if is_open(context, case) else SHOWN_OVER)
    at = case.opened_at if shown == SHOWN_OPEN else case.ended_at or case.state_since
    return StopPage(shown, user.role, at, bool(case.replaced) or case.state == SETTING_UP, case.password_at is not None)


# --- stopping


def stop_by_link(context: RequestContext, token: str) -> None:
    """Stop the case behind an emailed link, if it is not over. Idempotent. Raises Refused("recovery_stop_unknown")."""
    case, user = find_by_link(context, token)
    stop_case(context, case.id, user.id, BY_LINK)


def stop_by_owner(context: RequestContext) -> None:
    """Stop the open case of the visitor's account, if there is one. Idempotent."""
    if context.user.recovery_case:
        stop_case(context, context.user.recovery_case, context.user.user_id, BY_OWNER)


def cancel(context: RequestContext, ticket: RecoveryTicket) -> None:
    """Stop the case on the word of who asked, in the browser that the mailed code was entered in, however long ago. Idempotent.

    Elsewhere nothing happens.
    """
    case = requests.find_case(ticket)
    if case is not None and requests.was_confirmed_here(context, ticket):
        stop_case(context, case.id, case.user_id, BY_REQUESTER)


def stop_case(context: RequestContext, case_id: str, user_id: int, channel: str) -> bool:
    """Stop a case, in a transaction of its own; False if it was over already. One UPDATE decides a race with its completion."""
    session = begin_write()
    user = session.get_one(User, user_id, with_for_update=True, populate_existing=True)
    was = session.scalar(select(RecoveryCase.state).where(RecoveryCase.id == case_id))
    if not move(context, case_id, OPEN, STOPPED, stopped_by=channel):
        session.rollback()
        return False
    void_way_in(context, user_id, was)
    record_event(context, "recovery_stopped", about=user, reason=channel, case_id=case_id)
    notices.queue_notice(context, user, "recovery_stopped", void=int(was == SETTING_UP), by=channel)
    session.commit()
    return True


def void_way_in(context: RequestContext, user_id: int, was: str | None, reason: str = "recovery_stopped") -> None:
    """Void the link of a case that ends in the state `was`, and the session that sets up with it; part of the open transaction.

    `reason`: why that session ended.
    """
    links.void_links(context, user_id, links.RECOVERY)
    if was == SETTING_UP:
        sessions.end_all_sessions(context, user_id, reason)
        change(delete(Binding).where(Binding.user_id == user_id))


# --- in the owner's sessions


def alarm(context: RequestContext) -> Alarm | None:
    """The open recovery of the visitor's account, for a banner; None if there is none, or if the visitor is who sets up again.

    No query unless there is a case: the session's own SELECT has told.
    """
    who = context.visitor
    if who is None or who.recovery_case is None or who.owes_code or who.is_reset:
        return None
    case = db.session.get(RecoveryCase, who.recovery_case)
    if case is None or not is_open(context, case):
        return None
    confirmed = (Event.subject_id == who.user_id, Event.case_id == case.id, Event.event == "recovery_confirmed")
    agent = db.session.scalar(select(Event.user_agent).where(*confirmed).order_by(Event.id.desc()).limit(1))
    return Alarm(case.confirmed_at or case.opened_at, notices.describe_browser(agent or ""))


def newest_stopped(context: RequestContext) -> StopPage | None:
    """The visitor's case that was stopped last, for the page after the banner's button."""
    own = (RecoveryCase.user_id == context.user.user_id, RecoveryCase.state == STOPPED)
    case = db.session.scalar(select(RecoveryCase).where(*own).order_by(RecoveryCase.ended_at.desc()).limit(1))
    return describe(context, case, db.session.get_one(User, case.user_id)) if case else None
