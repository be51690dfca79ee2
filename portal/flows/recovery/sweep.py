"""What becomes of recoveries that nobody touches, minute by minute: the waiting time ends, notices are lost, cases grow too old.

For the worker. Each case has a transaction of its own, in which all is read again: its owner may stop it at the same moment.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from portal.db import begin_write, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import CHECKING, DECIDING, LAPSED, LIVES, WAITING, is_open, move
from portal.flows.base.throttle import lock_account
from portal.flows.factors.on_file import unseal_contact
from portal.flows.recovery.case import is_agent
from portal.flows.recovery.own_case import is_about
from portal.flows.recovery.stop import void_way_in
from portal.flows.recovery.support import promise, tell_agents
from portal.flows.recovery.waiting import are_lost, make_ready, waits_until
from portal.models import RecoveryCase, User
from portal.settings import config
from portal.words.refusals import Refused


def settle_cases(context: RequestContext) -> None:
    """Bring on every case whose time has come."""
    for case_id, user_id in find_due_cases(context):
        begin_write()
        user = lock_account(user_id)
        case = db.session.get_one(RecoveryCase, case_id, populate_existing=True)
        try:
            settle_case(context, case, user)
        except Refused:
            db.session.rollback()
        else:
            db.session.commit()


def find_due_cases(context: RequestContext) -> list[tuple[str, int]]:
    """The ids of cases that are due, and of their accounts: oldest first, and not more than one sweep takes."""
    is_due_soon = or_(RecoveryCase.state == WAITING, has_lost_approver(), is_old(context))
    rows = select(RecoveryCase).where(RecoveryCase.ended_at.is_(None), is_due_soon)
    cases = db.session.scalars(rows.order_by(RecoveryCase.state_since).limit(config.SWEEP_ROWS)).all()
    return [(case.id, case.user_id) for case in cases if is_due(context, case)]


def is_old(context: RequestContext) -> ColumnElement[bool]:
    """SQL: cases that have been in their state for too long, or since a time that is still to come."""
    ends = [and_(RecoveryCase.state == state, RecoveryCase.state_since <= context.now - life) for state, life in LIVES.items()]
    return or_(RecoveryCase.state_since > context.now + config.CLOCK_TOLERANCE, *ends)


def has_lost_approver() -> ColumnElement[bool]:
    """SQL: cases that wait for a second person, while the first one may no longer approve: nobody could decide."""
    return and_(RecoveryCase.state == DECIDING, ~is_agent(RecoveryCase.approved_by_id))


def is_due(context: RequestContext, case: RecoveryCase) -> bool:
    if case.state == DECIDING or not is_open(context, case) or are_lost(context, case):
        return True
    until = waits_until(context, case)
    return until is not None and until <= context.now


def settle_case(context: RequestContext, case: RecoveryCase, user: User) -> None:
    """Do what is due for a case, in the open transaction. Raises Refused if it has moved on."""
    if case.ended_at is None and not is_open(context, case):
        lapse(context, case, user)
    elif case.state == DECIDING:
        begin_checks_anew(context, case, user)
    elif case.state != WAITING:
        raise Refused("recovery_moved")
    elif not is_about(case, user):  # its factors have been replaced in another way
        lapse(context, case, user)
    elif are_lost(context, case) or not unseal_contact(context, user, "email"):
        hand_to_support(context, case, user)
    else:
        until = waits_until(context, case)
        if until is None or until > context.now:
            raise Refused("recovery_moved")
        make_ready(context, case, user)


def lapse(context: RequestContext, case: RecoveryCase, user: User) -> None:
    """End a case that is too old, and with it a set-up that is under way: nobody could stop it any more."""
    if not move(context, case.id, (case.state,), LAPSED):
        raise Refused("recovery_moved")
    void_way_in(context, user.id, case.state, "recovery_lapsed")
    record_event(context, "recovery_lapsed", about=user, case_id=case.id)


def hand_to_support(context: RequestContext, case: RecoveryCase, user: User) -> None:
    """Let support check who it is, since nobody could be told of the waiting time."""
    if not move(context, case.id, (WAITING,), CHECKING, **promise(context, case)):
        raise Refused("recovery_moved")
    record_event(context, "recovery_support_asked", about=user, case_id=case.id)
    tell_agents(context, case)


def begin_checks_anew(context: RequestContext, case: RecoveryCase, user: User) -> None:
    """Let another agent check who it is: what somebody checked who has left support counts for nothing. The promise stays."""
    first = select(RecoveryCase.id).where(RecoveryCase.id == case.id, has_lost_approver())
    nobody: dict[str, Any] = {"agent_id": None, "approved_by_id": None, "checks": []}
    if not db.session.scalar(first) or not move(context, case.id, (DECIDING,), CHECKING, **nobody):
        raise Refused("recovery_moved")
    record_event(context, "recovery_checks_anew", about=user, case_id=case.id)
    tell_agents(context, case)
