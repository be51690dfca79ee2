"""Resets that need a second person (dual control): why, which are pending, and the decision (AD-3)."""

from sqlalchemy import ColumnElement, Exists, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from portal import clock
from portal.db import begin_write, change, db
from portal.flows.base import recent_changes
from portal.flows.base.act_proofs import spend_proof
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.base.second_person import (
    PendingDecision,
    RequestKind,
    approving,
    lock_people,
    may_decide,
    refuse_as_decided,
)
from portal.flows.emergency import grants
from portal.flows.messages import notices
from portal.flows.practice import administrators
from portal.flows.resets import reset
from portal.models import Practice, ResetRequest, User
from portal.policy import RESETS
from portal.settings import config
from portal.words.refusals import N_, Refused

KIND = "reset"
TITLE = N_("Reset two-factor authentication")
# How an identity can be checked; never by facts that others may know (RC-5).
IDENTITY_CHECKS = {
    "seen_in_person": N_("Saw them in person"),
    "known_voice": N_("Recognized their voice when calling back the number on file"),
    "photo_id": N_("Compared their photo ID with the person"),
    "video_call": N_("Saw and heard them on a video call"),
}
# Why one person is not enough.
SECOND_PERSON_REASONS = {
    "by_support": N_("Support never resets anyone alone."),
    "last_administrator": N_("Apart from the person asking, this is the practice's only administrator."),
    "contact_changed": N_("An email address or phone number on this account changed less than 72 hours ago."),
    "password_by_mail": N_("The password for this account was reset by email less than 72 hours ago."),
    "many": N_("You've reset several accounts within the last hour."),
}
Asker = aliased(User)


# --- why a second person (AD-3)


def why_second_person(context: RequestContext, user: User) -> str | None:
    """Why the visitor may not reset this person alone: a key of SECOND_PERSON_REASONS, or None."""
    if context.user.role == "support":
        return "by_support"
    if user.role == "administrator" and not db.session.scalar(select(has_other_administrator(context, user))):
        return "last_administrator"
    if recent_changes.has_changed(context, user.id, *recent_changes.CONTACTS):
        return "contact_changed"
    # Otherwise the mailbox alone would open the account: one link sets a password, the other leads to set-up (RC-1).
    if recent_changes.has_mailed_password(context, user.id):
        return "password_by_mail"
    recent = (clock.since(ResetRequest.asked_at, context.now, config.RESETS_ALONE_IN), ResetRequest.status == "done")
    resets = select(func.count()).select_from(ResetRequest).where(ResetRequest.asked_by_id == context.user.user_id, *recent)
    return "many" if (db.session.scalar(resets) or 0) >= config.RESETS_ALONE else None


def has_other_administrator(context: RequestContext, user: User) -> Exists:
    """SQL: whether the person's practice has another administrator who can sign in, besides the person and the visitor."""
    return exists().where(
        User.practice_id == user.practice_id,
        User.role == "administrator",
        User.two_factor == "on",
        User.disabled_at.is_(None),
        User.id.not_in((user.id, context.user.user_id)),
    )


def await_second_person(context: RequestContext, user: User, row: ResetRequest) -> None:
    """Leave the reset to a second person; notify them, and the account's owner.

    A request that nobody decides lapses after a day. The approvers' email names the requester, but not whose account it is.
    """
    row.status = "waiting"
    db.session.flush()
    record_event(context, "two_factor_reset_asked", about=user, case_id=row.id)
    record_event(context, "colleague_reset", reason="waiting", case_id=row.id)
    notices.queue_notice(context, user, "reset_asked", by=context.user.full_name)
    for each in list_reset_approvers(context, user):
        notices.queue_notice(context, each, "reset_waiting", by=context.user.full_name, role=each.role)


def list_reset_approvers(context: RequestContext, user: User) -> list[User]:
    """The people notified of a pending reset: the practice's other administrators, or support if there are none."""
    own = [each for each in administrators.list_administrators(user.practice_id, user.id) if each.id != context.user.user_id]
    return own or [each for each in grants.list_support_agents(user.id) if each.id != context.user.user_id]


# --- pending requests, and their decision


def open_requests(context: RequestContext, *where: ColumnElement[bool]) -> list[PendingDecision]:
    """Pending requests that have not lapsed, whose account is unchanged, and whose requester is still entitled to ask."""
    subject = aliased(User)
    in_scope = or_(Asker.role == "support", and_(Asker.role == "administrator", Asker.practice_id == ResetRequest.practice_id))
    rows = (
        select(ResetRequest, subject.full_name, Practice.name, Asker.full_name)
        .join(subject, subject.id == ResetRequest.subject_id)
        .join(Asker, Asker.id == ResetRequest.asked_by_id)
        .outerjoin(Practice, Practice.id == ResetRequest.practice_id)
        .where(
            ResetRequest.status == "waiting",
            ResetRequest.asked_at > context.now - config.RESET_REQUEST_LIFE,
            ResetRequest.asked_at <= context.now + config.CLOCK_TOLERANCE,
            subject.generation == ResetRequest.generation,
            subject.disabled_at.is_(None),
            subject.practice_id.is_not_distinct_from(ResetRequest.practice_id),  # not of someone who changed practice
            or_(*(and_(Asker.role == role, subject.role.in_(others)) for role, others in RESETS.items())),
            Asker.disabled_at.is_(None),
            in_scope,
            *where,
        )
    )
    return [as_pending(*row) for row in db.session.execute(rows)]


def as_pending(row: ResetRequest, about: str, practice: str | None, asked_by: str) -> PendingDecision:
    until = row.asked_at + config.RESET_REQUEST_LIFE
    facts = tuple(IDENTITY_CHECKS[name] for name in row.checks if name in IDENTITY_CHECKS)
    return PendingDecision(KIND, row.id, TITLE, about, practice or "", asked_by, row.asked_at, until, row.reason, facts)


def list_pending(context: RequestContext, *where: ColumnElement[bool]) -> list[PendingDecision]:
    """The requests that the visitor may decide: neither their own nor about themselves."""
    return open_requests(context, decidable_by(context), *where)


def decidable_by(context: RequestContext) -> ColumnElement[bool]:
    """SQL: requests that the visitor may decide or look at."""
    return may_decide(context, ResetRequest.practice_id, ResetRequest.asked_by_id, ResetRequest.subject_id)


def approve_reset(context: RequestContext, row_id: str, _number: str = "") -> None:
    """Approve and do the reset; it asks for no number. Raises ProofDue; Refused, "approval_gone" if it is no longer pending."""
    row = decide_reset(context, row_id, "done")
    spend_proof(context, approving(KIND, row_id))
    if not reset.reset_two_factor(context, row):
        db.session.rollback()
        raise Refused("approval_gone")
    record_decision(context, row, "approved")


def refuse_reset(context: RequestContext, row_id: str) -> None:
    """Refuse the reset, which changes nothing else. Raises Refused, "approval_gone" if it is no longer pending."""
    row = decide_reset(context, row_id, "refused")
    user = db.session.get_one(User, row.subject_id)
    record_event(context, "two_factor_reset_refused", about=user, case_id=row.id)
    notices.queue_notice(context, user, "reset_refused", by=context.user.full_name)
    record_decision(context, row, "refused")


def decide_reset(context: RequestContext, row_id: str, status: str) -> ResetRequest:
    """Write the decision; one UPDATE settles a race of two approvers. The transaction stays open. Raises Refused."""
    begin_write()
    lock_people(context, *db.session.scalars(select(ResetRequest.subject_id).where(ResetRequest.id == row_id)))
    pending = update(ResetRequest).where(ResetRequest.id == row_id, ResetRequest.status == "waiting")
    values = {"status": status, "decided_by_id": context.user.user_id, "decided_at": context.now}
    if not list_pending(context, ResetRequest.id == row_id) or change(pending.values(values)) != 1:
        db.session.rollback()
        explain_reset_gone(context, row_id)
        raise Refused("approval_gone")
    return db.session.get_one(ResetRequest, row_id, populate_existing=True)


def explain_reset_gone(context: RequestContext, row_id: str) -> None:
    """Explain why the request is not pending for the visitor. Raises Refused, with the person who decided first.

    Returns if it is another practice's, or the visitor's own, which is recorded.
    """
    is_request = (ResetRequest.id == row_id, ResetRequest.status != "draft")
    decidable = select(ResetRequest).where(*is_request, decidable_by(context))
    row = db.session.scalar(decidable.execution_options(populate_existing=True))
    if row:
        refuse_as_decided(context, row.decided_by_id, approved=row.status == "done")
        raise Refused("approval_gone")
    if db.session.scalar(select(func.count()).where(*is_request)):
        record_event_alone(context, "authz_fail", "not_own")


def record_decision(context: RequestContext, row: ResetRequest, reason: str) -> None:
    """Record the event for approver and requester, and commit."""
    record_event(context, "colleague_reset", reason=reason, case_id=row.id)
    record_event(context, "reset_decided", about=db.session.get_one(User, row.asked_by_id), reason=reason, case_id=row.id)
    db.session.commit()


RESET = RequestKind(KIND, list_pending, approve_reset, refuse_reset, explain_reset_gone)
