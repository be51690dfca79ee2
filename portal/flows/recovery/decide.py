"""Support decides about a case: approved by one agent or by two people, or refused (AD-3)."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from portal.db import begin_write, db
from portal.flows.base.act_proofs import spend_proof
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import Act, RequestContext
from portal.flows.base.recovery_cases import ALARMING, DECIDING, REFUSED, SETTING_UP, is_open, lapses_at, move
from portal.flows.base.second_person import PendingDecision, RequestKind, approving, lock_people, may_decide
from portal.flows.emergency import grants
from portal.flows.messages import notices
from portal.flows.practice import administrators
from portal.flows.recovery import identity
from portal.flows.recovery.case import (
    UNDECIDED,
    lock_taken_case,
    record_for_both,
    roll_back,
    why_closed,
)
from portal.flows.recovery.notes import NOTE, add_note, list_notes
from portal.flows.recovery.own_case import is_about
from portal.flows.recovery.promise import promised_by
from portal.flows.recovery.stop import void_way_in
from portal.flows.recovery.waiting import make_ready
from portal.models import Practice, RecoveryCase, User
from portal.settings import config
from portal.words.refusals import N_, Refused

KIND = "recovery"  # in approvals.KINDS
TITLE = N_("Account recovery: set up two-factor authentication again")
Agent = aliased(User)


# --- by the agent who has the case


def approving_case(case_id: str) -> Act:
    """Approving that case as the agent who has it: an act that needs a proof of its own."""
    return Act("case", case_id)


def name_to_approve(context: RequestContext, case_id: str) -> str | None:
    """Whose case it is, for the agent who may approve it now; None for everybody else. Read-only."""
    mine = (RecoveryCase.id == case_id, RecoveryCase.agent_id == context.user.user_id, RecoveryCase.state.in_(UNDECIDED))
    own = select(User.full_name).join(RecoveryCase, RecoveryCase.user_id == User.id).where(*mine)
    return db.session.scalar(own) if context.user.role == "support" else None


def approve(context: RequestContext, case_id: str, reason: str) -> None:
    """Approve what was checked: the person gets the link, or a second person decides first. Raises Refused, ProofDue."""
    case, user = lock_taken_case(context, case_id, *UNDECIDED)
    check_unchanged(case, user)
    if identity.worth(case.checks) < config.IDENTITY_WORTH:
        raise roll_back(Refused("recovery_worth"))
    spend_proof(context, approving_case(case_id))
    add_note(context, case, NOTE, reason, context.user.user_id)
    record_event(context, "recovery_proof", about=user, factor="identity", case_id=case.id)
    if identity.needs_second(context, user):
        await_second_person(context, case, user)
    else:
        case.approved_by_id = context.user.user_id
        complete_approval(context, case, user)
    db.session.commit()


def check_unchanged(case: RecoveryCase, user: User) -> None:
    """Raises Refused if the owner has changed the factors that the case is to replace."""
    if not is_about(case, user):
        raise roll_back(Refused("recovery_changed"))


def await_second_person(context: RequestContext, case: RecoveryCase, user: User) -> None:
    """Leave the decision to a second person, and tell who that may be; part of the open transaction. Raises Refused."""
    second_people = list_second_people(context, user)
    if not second_people:
        raise roll_back(Refused("recovery_no_second"))
    first = {"approved_by_id": context.user.user_id, "answered_at": case.answered_at or context.now}
    if not move(context, case.id, UNDECIDED, DECIDING, due_at=promised_by(context), draft_sealed=None, **first):
        raise roll_back(why_closed(context, case))
    record_for_both(context, "recovery_second_asked", case, user)
    for each in second_people:
        notices.queue_notice(context, each, "recovery_second", by=context.user.full_name, role=each.role)


def list_second_people(context: RequestContext, user: User) -> list[User]:
    """Who is told that a decision waits: the practice's administrators, or the other agents if there are none."""
    own = administrators.list_administrators(user.practice_id, user.id) if user.practice_id else []
    return own or [each for each in grants.list_support_agents(user.id) if each.id != context.user.user_id]


def complete_approval(context: RequestContext, case: RecoveryCase, user: User) -> None:
    """Make the case ready, in the open transaction: a link goes to the account's address. The account's row is locked."""
    case.identity_at = case.decided_at = context.now
    case.answered_at = case.answered_at or context.now
    case.decided_by_id, case.draft_sealed = context.user.user_id, None
    record_for_both(context, "recovery_approved", case, user)
    notices.queue_notice(context, user, "recovery_approved", **{notices.CASE: case.id})
    make_ready(context, case, user)


def refuse(context: RequestContext, case_id: str, reason: str) -> None:
    """Refuse the case, whatever its state. Raises Refused."""
    case, user = lock_taken_case(context, case_id, *ALARMING)
    add_note(context, case, NOTE, reason, context.user.user_id)
    complete_refusal(context, case, user)
    db.session.commit()


def complete_refusal(context: RequestContext, case: RecoveryCase, user: User) -> None:
    """End the case, in the open transaction: its link stops working. One UPDATE settles a race. Raises Refused."""
    decision = {"decided_by_id": context.user.user_id, "decided_at": context.now, "answered_at": case.answered_at or context.now}
    was = case.state
    if not move(context, case.id, ALARMING, REFUSED, draft_sealed=None, **decision):
        raise roll_back(why_closed(context, case))
    void_way_in(context, user.id, was)
    record_for_both(context, "recovery_refused", case, user)
    notices.queue_notice(context, user, "recovery_refused", void=int(was == SETTING_UP))


# --- by a second person


def list_pending(context: RequestContext, *where: ColumnElement[bool]) -> list[PendingDecision]:
    """The approvals that the visitor may complete: neither their own nor of their own account."""
    rows = (
        select(RecoveryCase, User, Practice.name, Agent.full_name)
        .join(User, User.id == RecoveryCase.user_id)
        .join(Agent, Agent.id == RecoveryCase.approved_by_id)
        .outerjoin(Practice, Practice.id == User.practice_id)
        .where(
            RecoveryCase.state == DECIDING,
            RecoveryCase.ended_at.is_(None),
            User.disabled_at.is_(None),
            Agent.role == "support",  # not of somebody who was let go since
            Agent.disabled_at.is_(None),
            decidable_by(context),
            *where,
        )
    )
    found = db.session.execute(rows, execution_options={"populate_existing": True})
    return [as_pending(context, *row) for row in found if is_open(context, row[0])]


def decidable_by(context: RequestContext) -> ColumnElement[bool]:
    """SQL: cases that the visitor may decide as the second person."""
    return may_decide(context, User.practice_id, RecoveryCase.approved_by_id, RecoveryCase.user_id)


def as_pending(context: RequestContext, case: RecoveryCase, user: User, practice: str | None, by: str) -> PendingDecision:
    reason = next((note.text for note in list_notes(context, case, NOTE) if note.at == case.state_since), None)
    why = identity.needs_second(context, user)
    facts = [identity.IDENTITY_PROOFS[key][0] for key in case.checks if key in identity.IDENTITY_PROOFS]
    return PendingDecision(
        kind=KIND,
        id=case.id,
        title=TITLE,
        about=user.full_name,
        practice=practice or "",
        asked_by=by,
        asked_at=case.state_since,
        until=lapses_at(case) or case.state_since,
        reason=reason or "",
        facts=(*facts, identity.SECOND_REASONS[why]) if why else tuple(facts),
    )


def approve_as_second(context: RequestContext, case_id: str, _number: str = "") -> None:
    """Complete the approval; it asks for no number. Raises Refused, ProofDue."""
    case, user = lock_pending(context, case_id)
    check_unchanged(case, user)
    spend_proof(context, approving(KIND, case_id))
    complete_approval(context, case, user)
    db.session.commit()


def refuse_as_second(context: RequestContext, case_id: str) -> None:
    """Refuse what another agent approved. Raises Refused."""
    complete_refusal(context, *lock_pending(context, case_id))
    db.session.commit()


def lock_pending(context: RequestContext, case_id: str) -> tuple[RecoveryCase, User]:
    """Begin to decide: the account's row is locked, so that of two people at once one is first. Raises Refused."""
    begin_write()
    lock_people(context, *db.session.scalars(select(RecoveryCase.user_id).where(RecoveryCase.id == case_id)))
    if not list_pending(context, RecoveryCase.id == case_id):
        db.session.rollback()
        explain_gone(context, case_id)
        raise Refused("approval_gone")
    case = db.session.get_one(RecoveryCase, case_id, populate_existing=True)
    return case, db.session.get_one(User, case.user_id, populate_existing=True)


def explain_gone(context: RequestContext, case_id: str) -> None:
    """Explain why a case is not pending for the visitor. Raises Refused, with the person who decided first.

    Returns if it is another practice's, or about the visitor's own account, which is recorded.
    """
    rows = select(RecoveryCase).join(User, User.id == RecoveryCase.user_id).where(RecoveryCase.id == case_id)
    own = may_decide(context, User.practice_id, RecoveryCase.user_id)
    case = db.session.scalar(
        rows.where(own, RecoveryCase.approved_by_id.is_not(None)), execution_options={"populate_existing": True}
    )
    if case is not None:
        raise why_closed(context, case)
    if db.session.scalar(rows):
        record_event_alone(context, "authz_fail", "not_own")


RECOVERY = RequestKind(KIND, list_pending, approve_as_second, refuse_as_second, explain_gone)
