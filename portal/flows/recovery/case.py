"""A case in support's hands: found, locked, taken, looked at. Nobody works on the recovery of their own account."""

from sqlalchemy import ColumnElement, exists, select, update

from portal.crypto import SealBroken
from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import (
    ALARMING,
    ANSWERING,
    ASKED,
    CHECKING,
    DECIDING,
    DONE,
    LAPSED,
    READY,
    REFUSED,
    SETTING_UP,
    STOPPED,
    is_open,
)
from portal.flows.base.second_person import IdColumn, lock_people, refuse_as_decided
from portal.flows.recovery import identity
from portal.models import Event, RecoveryCase, User, recovery_place
from portal.settings import config
from portal.words.refusals import Refused

COLLEAGUE = "colleague"  # the reason in the agent's own event
APPROVED = (READY, SETTING_UP, DONE)
UNDECIDED = (CHECKING, ANSWERING)  # what one agent may approve, or ask more about
NOBODY = 0  # who has a case, as its page showed it


def find_case(context: RequestContext, case_id: str) -> RecoveryCase | None:
    """A case that somebody confirmed, open or over; None if there is none, or if it is the visitor's own, which is recorded."""
    case = db.session.get(RecoveryCase, case_id, populate_existing=True)
    if case is None or case.state == ASKED or case.confirmed_at is None:
        return None
    if case.user_id == context.user.user_id:
        record_event_alone(context, "authz_fail", "not_own")
        return None
    return case


def state_of(context: RequestContext, case: RecoveryCase) -> str:
    """The case's state; one that stayed too long in its state has lapsed, also before the sweep says so."""
    return case.state if case.ended_at or is_open(context, case) else LAPSED


def lock_case(context: RequestContext, case_id: str, *states: str) -> tuple[RecoveryCase, User]:
    """Begin to write about an open case in one of the `states`: its account's row is locked, which serializes all that is done to it.

    The visitor still has the right to. Raises Refused with why the case is closed or has moved on.
    """
    begin_write()
    owner_id = db.session.scalar(select(RecoveryCase.user_id).where(RecoveryCase.id == case_id))
    lock_people(context, *([owner_id] if owner_id else []))
    case = db.session.get(RecoveryCase, case_id, populate_existing=True)
    if case is None or case.user_id == context.user.user_id:
        raise roll_back(Refused("approval_gone"))
    if not is_open(context, case) or case.state not in states:
        raise roll_back(why_closed(context, case))
    user = db.session.get_one(User, case.user_id, populate_existing=True)
    if user.disabled_at is not None:
        raise roll_back(Refused("recovery_disabled"))
    return case, user


def lock_taken_case(context: RequestContext, case_id: str, *states: str) -> tuple[RecoveryCase, User]:
    """The same for a case that the visitor has taken. Raises Refused, with who else has it."""
    case, user = lock_case(context, case_id, *states)
    if case.agent_id != context.user.user_id:
        raise roll_back(why_not_mine(case))
    return case, user


def roll_back(refused: Refused) -> Refused:
    """End the open transaction without a change; returns the refusal."""
    db.session.rollback()
    return refused


def why_not_mine(case: RecoveryCase) -> Refused:
    if case.agent_id is None:
        return Refused("recovery_untaken")
    return Refused("recovery_taken", who=db.session.get_one(User, case.agent_id).full_name)


def why_closed(context: RequestContext, case: RecoveryCase) -> Refused:
    """Why nothing was done: who was first, or how the case ended."""
    state = state_of(context, case)
    if state == DECIDING:
        return Refused("recovery_second_due" if case.approved_by_id == context.user.user_id else "recovery_moved")
    if state in (STOPPED, LAPSED):
        return Refused(f"recovery_{state}")
    if state == REFUSED or state in APPROVED:
        try:
            refuse_as_decided(context, case.decided_by_id, approved=state != REFUSED)
        except Refused as refused:
            return refused
    return Refused("recovery_moved")


def is_agent(user_id: IdColumn | int) -> ColumnElement[bool]:
    """SQL: whether that is a support agent, and not one who was let go."""
    return exists().where(User.id == user_id, User.role == "support", User.disabled_at.is_(None))


def take_case(context: RequestContext, case_id: str, seen: int) -> None:
    """Take a case, or take it over from whom the page showed (`seen`, an id; NOBODY). Raises Refused if somebody else was first."""
    case, user = lock_case(context, case_id, *ALARMING)
    if case.agent_id == context.user.user_id:
        db.session.rollback()
        return
    mine = update(RecoveryCase).where(RecoveryCase.id == case_id, RecoveryCase.agent_id.is_not_distinct_from(seen or None))
    if change(mine.values(agent_id=context.user.user_id)) != 1:
        raise roll_back(why_not_mine(case))
    if case.checks and case.state in UNDECIDED and not (seen and db.session.scalar(select(is_agent(seen)))):
        change(update(RecoveryCase).where(RecoveryCase.id == case_id).values(checks=[]))  # who checked has left support
    record_for_both(context, "recovery_taken", case, user)
    db.session.commit()


def save_checks(context: RequestContext, case_id: str, checks: list[str]) -> None:
    """Keep how the visitor has checked who the person is. Raises Refused."""
    case, user = lock_taken_case(context, case_id, *UNDECIDED)
    counting = {proof.key for proof in identity.list_proofs(context, user) if not proof.why_not}
    case.checks = [key for key in identity.IDENTITY_PROOFS if key in checks and key in counting]
    record_for_both(context, "recovery_checked", case, user)
    db.session.commit()


def record_look(context: RequestContext, case: RecoveryCase) -> None:
    """Record that the visitor looked at a case, for the person and for themselves: once in a while, however often they reload."""
    recent = (Event.case_id == case.id, Event.event == "recovery_viewed", Event.subject_id == case.user_id)
    session = (Event.session_hash == context.user.token_hash, Event.at > context.now - config.RECOVERY_LOOK)
    if db.session.scalar(select(Event.id).where(*recent, *session).limit(1)):
        return
    begin_write()
    record_for_both(context, "recovery_viewed", case, db.session.get_one(User, case.user_id))
    db.session.commit()


def record_for_both(context: RequestContext, event: str, case: RecoveryCase, user: User, factor: str | None = None) -> None:
    """Record what an agent did, for the account's owner and for the agent."""
    record_event(context, event, about=user, case_id=case.id, factor=factor)
    record_event(context, event, reason=COLLEAGUE, case_id=case.id, factor=factor)


def open_sealed(context: RequestContext, kind: str, row_id: str, column: str, sealed: bytes | None) -> str | None:
    """A sealed column in the clear; None if it is empty or the keys at hand do not open it."""
    try:
        return context.keys.open(sealed, recovery_place(kind, row_id, column)) if sealed else None
    except SealBroken:
        return None
