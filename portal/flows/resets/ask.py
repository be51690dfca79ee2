"""Requesting a reset: whose, why, and how identity was checked; done at once, or left to a second person (AD-2, AD-3)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select

from portal import clock
from portal.db import begin_write, change, db
from portal.flows.base.act_proofs import spend_proof
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import Act, RequestContext
from portal.flows.base.second_person import PendingDecision, lock_people
from portal.flows.resets import reset
from portal.flows.resets.decide import Asker, await_second_person, list_reset_approvers, open_requests, why_second_person
from portal.methods import method
from portal.models import Authenticator, Event, ResetRequest, User
from portal.policy import may_reset
from portal.settings import config
from portal.words.refusals import Refused

FOUND = "person_searched"  # the event of an agent's search that found somebody: see `flows/recovery/search.py`


class AlreadyDone(Exception):
    """The same request was submitted before; there is nothing left to do."""


@dataclass(frozen=True)
class ResetSubject:
    """The person whose factors are to be reset, as the page shows them: method types, and no secret (AD-5)."""

    id: int
    name: str
    role: str
    state: str
    generation: int
    methods: list[str]
    second: str | None  # why a second person has to decide: a key of SECOND_PERSON_REASONS
    waiting: PendingDecision | None
    has_address: bool  # whether there is an email address for the link
    last: tuple[str, datetime] | None  # the person who requested the last reset, and when it was done
    reason: str  # from the draft kept during step-up
    checks: list[str]  # likewise


def find_subject(context: RequestContext, user_id: int) -> User | None:
    """A person in the visitor's scope, or None: of the own practice, or whom an agent has just found. Others are recorded: no page
    links there."""
    actor = context.user
    own = (User.practice_id == actor.practice_id, User.practice_id.is_not(None))
    in_scope = (has_found(context),) if actor.role == "support" else own
    user = db.session.scalar(select(User).where(User.id == user_id, User.disabled_at.is_(None), *in_scope))
    if user is None and db.session.scalar(select(func.count()).where(User.id == user_id)):
        record_event_alone(context, "authz_fail", "not_own")
    return user


def has_found(context: RequestContext) -> ColumnElement[bool]:
    """SQL: whether the visitor has found that user by two facts within the hour."""
    is_recent = clock.since(Event.at, context.now, config.PERSON_FOUND_LIFE)
    found = (Event.event == FOUND, Event.result == "ok", Event.actor_id == context.user.user_id, Event.subject_id == User.id)
    return exists().where(*found, is_recent)


def why_not_reset(context: RequestContext, user: User) -> str | None:
    """Why the visitor may not reset this person, or None (AD-2)."""
    if user.id == context.user.user_id:
        return "own_reset"
    if context.user.role == "support" and (user.role != "administrator" or user.practice_id is None):
        return "not_administrator"  # patients recover their accounts, and providers have their administrators
    return None if may_reset(context.user.role, user.role) else "higher_role"


def describe_subject(context: RequestContext, user: User) -> ResetSubject:
    """What the page shows of a person from `find_subject`."""
    names = db.session.scalars(select(Authenticator.method).where(Authenticator.user_id == user.id).distinct())
    draft = db.session.scalar(
        drafts(context, user.id)
        .where(clock.since(ResetRequest.asked_at, context.now, config.RESET_DRAFT_LIFE))
        .order_by(ResetRequest.asked_at.desc())
    )
    return ResetSubject(
        id=user.id,
        name=user.full_name,
        role=user.role,
        state=user.two_factor,
        generation=user.generation,
        methods=[known.label for name in names if (known := method(name))],
        second=why_second_person(context, user),
        waiting=next(iter(open_requests(context, ResetRequest.subject_id == user.id)), None),
        has_address=reset.link_address(context, user) is not None,
        last=last_reset(user.id),
        reason=draft.reason if draft else "",
        checks=draft.checks if draft else [],
    )


def drafts(context: RequestContext, user_id: int) -> Select[ResetRequest]:
    """SQL: the visitor's drafts about a person."""
    own = (ResetRequest.subject_id == user_id, ResetRequest.asked_by_id == context.user.user_id, ResetRequest.status == "draft")
    return select(ResetRequest).where(*own)


def last_reset(user_id: int, *where: ColumnElement[bool]) -> tuple[str, datetime] | None:
    """The name of the person who requested the newest completed reset of a person, and when it was done."""
    rows = (
        select(Asker.full_name, ResetRequest.decided_at)
        .join(Asker, Asker.id == ResetRequest.asked_by_id)
        .where(ResetRequest.subject_id == user_id, ResetRequest.status == "done", *where)
        .order_by(ResetRequest.decided_at.desc(), ResetRequest.asked_at.desc())
    )
    row = db.session.execute(rows.limit(1)).first()
    return (row[0], row[1]) if row and row[1] else None


# --- requesting


def keep_draft(context: RequestContext, user_id: int, reason: str, checks: list[str]) -> None:
    """Keep what was typed during step-up."""
    begin_write()
    drop_drafts(context, user_id)
    db.session.add(new_request(context, lock_subject(context, user_id), reason, checks, status="draft"))
    db.session.commit()


def drop_drafts(context: RequestContext, user_id: int) -> None:
    """Delete the visitor's drafts about this person, and everyone's expired ones."""
    is_own = and_(ResetRequest.asked_by_id == context.user.user_id, ResetRequest.subject_id == user_id)
    is_expired = ResetRequest.asked_at <= context.now - config.RESET_DRAFT_LIFE
    change(delete(ResetRequest).where(ResetRequest.status == "draft", or_(is_own, is_expired)))


def new_request(context: RequestContext, user: User, reason: str, checks: list[str], **columns: str | int) -> ResetRequest:
    return ResetRequest(
        practice_id=user.practice_id,
        subject_id=user.id,
        asked_by_id=context.user.user_id,
        asked_at=context.now,
        reason=reason,
        checks=checks,
        **{"generation": user.generation, **columns},
    )


def lock_subject(context: RequestContext, user_id: int) -> User:
    """Lock the person's row until the transaction ends, so that concurrent requests wait, and check again. Raises Refused."""
    lock_people(context, user_id)
    user = db.session.get_one(User, user_id, populate_existing=True)
    if (
        user.disabled_at is not None
        or why_not_reset(context, user)
        or (context.user.role != "support" and user.practice_id != context.user.practice_id)
    ):
        db.session.rollback()
        raise Refused("reset_changed")
    return user


def resetting(user_id: int, generation: int) -> Act:
    """Resetting these factors of that person: an act that needs a proof of its own."""
    return Act("reset", f"{user_id}:{generation}")


def ask_reset(context: RequestContext, user_id: int, reason: str, checks: list[str], seen: int) -> None:
    """Reset, or ask a second person to. Idempotent. `seen`: the generation of the factors that the page showed.

    Raises Refused, ProofDue.
    """
    begin_write()
    try:
        user = lock_subject(context, user_id)
        if user.generation != seen:
            raise explain_changed_since(context, user, seen)
        check_possible(context, user)
        spend_proof(context, resetting(user_id, seen))
        needs_second_person = why_second_person(context, user) is not None
        row = new_request(context, user, reason, checks, generation=seen)
        db.session.add(row)
        drop_drafts(context, user_id)
        if needs_second_person:
            await_second_person(context, user, row)
        else:
            finish_reset(context, row)
    except AlreadyDone:
        db.session.rollback()
        return
    except Refused:
        db.session.rollback()
        raise
    db.session.commit()


def explain_changed_since(context: RequestContext, user: User, seen: int) -> Refused:
    """What has happened since the page was opened. Raises AlreadyDone if the visitor's own reset was it."""
    reset_since = last_reset(user.id, ResetRequest.generation == seen)
    if reset_since is None:
        return Refused("reset_changed")
    if last_reset(user.id, ResetRequest.generation == seen, ResetRequest.asked_by_id == context.user.user_id):
        raise AlreadyDone
    return Refused("reset_done", who=reset_since[0])


def check_possible(context: RequestContext, user: User) -> None:
    """Raises Refused, or AlreadyDone if the visitor's own request is pending."""
    if user.two_factor == "off":
        raise Refused("reset_off")
    if context.user.role == "support" and not list_reset_approvers(context, user):
        raise Refused("reset_no_second")
    if reset.link_address(context, user) is None:
        raise Refused("reset_no_address")
    pending = next(iter(open_requests(context, ResetRequest.subject_id == user.id)), None)
    if pending is None:
        return
    if open_requests(context, ResetRequest.id == pending.id, ResetRequest.asked_by_id == context.user.user_id):
        raise AlreadyDone
    raise Refused("reset_waiting", who=pending.asked_by)


def finish_reset(context: RequestContext, row: ResetRequest) -> None:
    """Reset at once, without a second person. Raises Refused."""
    row.status, row.decided_at = "done", context.now
    if not reset.reset_two_factor(context, row):
        raise Refused("reset_changed")
    record_event(context, "colleague_reset", case_id=row.id)
