"""Asking for a reset: whose, why, how identity was checked; done at once, or left to a second person (AD-2, AD-3)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select

from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event, record_event_alone
from portal.flows.base.context import RequestContext
from portal.flows.base.second_person import PendingDecision, lock_request
from portal.flows.emergency import grants
from portal.flows.messages import notices
from portal.flows.practice import administrators
from portal.flows.resets import reset
from portal.flows.resets.decide import Asker, open_requests, why_second_person
from portal.methods import method
from portal.models import Authenticator, ResetRequest, User
from portal.policy import may_reset
from portal.settings import config
from portal.words.refusals import Refused


class AlreadyDone(Exception):
    """The same press once more: it is done already."""


@dataclass(frozen=True)
class ResetSubject:
    """Whom a reset is about, as its page shows it: method types, and no secret (AD-5)."""

    id: int
    name: str
    role: str
    state: str
    generation: int
    methods: list[str]
    second: str | None  # why a second person decides: a key of SECOND
    waiting: PendingDecision | None
    has_address: bool  # that a link can go to
    last: tuple[str, datetime] | None  # who reset it last, and when
    reason: str  # what was typed before password and code were asked for again
    checks: list[str]


def find_subject(context: RequestContext, user_id: int) -> User | None:
    """Somebody within the visitor's reach, or None; one of another practice is recorded: no link of ours leads there."""
    who = context.who
    reach = () if who.role == "support" else (User.practice_id == who.practice_id, User.practice_id.is_not(None))
    user = db.session.scalar(select(User).where(User.id == user_id, User.disabled_at.is_(None), *reach))
    if user is None and db.session.scalar(select(func.count()).where(User.id == user_id)):
        record_event_alone(context, "authz_fail", "not_own")
    return user


def why_not_reset(context: RequestContext, user: User) -> str | None:
    """Why the visitor may not reset this person, or None (AD-2)."""
    if user.id == context.who.user_id:
        return "own_reset"
    return None if may_reset(context.who.role, user.role) else "higher_role"


def describe_subject(context: RequestContext, user: User) -> ResetSubject:
    """What the page shows of a person that `find` gave."""
    names = db.session.scalars(select(Authenticator.method).where(Authenticator.user_id == user.id).distinct())
    draft = db.session.scalar(
        drafts(context, user.id)
        .where(ResetRequest.asked_at > context.now - config.RESET_DRAFT_LIFE)
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
        has_address=reset.address_of(context, user) is not None,
        last=last_reset(user.id),
        reason=draft.reason if draft else "",
        checks=draft.checks if draft else [],
    )


def drafts(context: RequestContext, user_id: int) -> Select[ResetRequest]:
    """SQL: what the visitor began to write about a person."""
    own = (ResetRequest.subject_id == user_id, ResetRequest.asked_by_id == context.who.user_id, ResetRequest.status == "draft")
    return select(ResetRequest).where(*own)


def last_reset(user_id: int, *where: ColumnElement[bool]) -> tuple[str, datetime] | None:
    """Who asked for the newest reset of a person that was done, and when it was."""
    rows = (
        select(Asker.full_name, ResetRequest.decided_at)
        .join(Asker, Asker.id == ResetRequest.asked_by_id)
        .where(ResetRequest.subject_id == user_id, ResetRequest.status == "done", *where)
        .order_by(ResetRequest.decided_at.desc(), ResetRequest.asked_at.desc())
    )
    row = db.session.execute(rows.limit(1)).first()
    return (row[0], row[1]) if row and row[1] else None


# --- asking


def keep_draft(context: RequestContext, user_id: int, reason: str, checks: list[str]) -> None:
    """Keep what was typed, until the visitor has shown password and code again."""
    begin_write()
    drop_drafts(context, user_id)
    db.session.add(new_request(context, lock_subject(context, user_id), reason, checks, status="draft"))
    db.session.commit()


def drop_drafts(context: RequestContext, user_id: int) -> None:
    """The visitor's own about this person, and everybody's that are over."""
    mine = and_(ResetRequest.asked_by_id == context.who.user_id, ResetRequest.subject_id == user_id)
    over = ResetRequest.asked_at <= context.now - config.RESET_DRAFT_LIFE
    change(delete(ResetRequest).where(ResetRequest.status == "draft", or_(mine, over)))


def new_request(context: RequestContext, user: User, reason: str, checks: list[str], **columns: str | int) -> ResetRequest:
    return ResetRequest(
        practice_id=user.practice_id,
        subject_id=user.id,
        asked_by_id=context.who.user_id,
        asked_at=context.now,
        reason=reason,
        checks=checks,
        **{"generation": user.generation, **columns},
    )


def lock_subject(context: RequestContext, user_id: int) -> User:
    """The person's row, held until the transaction ends: who asks at the same moment waits. Raises Refused."""
    lock_request(context, user_id)
    user = db.session.get_one(User, user_id, populate_existing=True)
    if (
        user.disabled_at is not None
        or why_not_reset(context, user)
        or (context.who.role != "support" and user.practice_id != context.who.practice_id)
    ):
        db.session.rollback()
        raise Refused("reset_changed")
    return user


def ask_reset(context: RequestContext, user_id: int, reason: str, checks: list[str], seen: int) -> None:
    """Reset, or ask a second person to. `seen`: the generation on the page. Raises Refused; a second press of the same changes nothing."""
    begin_write()
    try:
        user = lock_subject(context, user_id)
        if user.generation != seen:
            raise check_since_opened(context, user, seen)
        check_possible(context, user)
        second = why_second_person(context, user)
        row = new_request(context, user, reason, checks, generation=seen)
        db.session.add(row)
        drop_drafts(context, user_id)
        if second:
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


def check_since_opened(context: RequestContext, user: User, seen: int) -> Refused:
    """What has happened since the page was opened. Raises Twice."""
    first = last_reset(user.id, ResetRequest.generation == seen)
    if first is None:
        return Refused("reset_changed")
    mine = last_reset(user.id, ResetRequest.generation == seen, ResetRequest.asked_by_id == context.who.user_id)
    if mine:
        raise AlreadyDone
    return Refused("reset_done", who=first[0])


def check_possible(context: RequestContext, user: User) -> None:
    """Raises Refused, Twice."""
    if user.two_factor == "off":
        raise Refused("reset_off")
    if reset.address_of(context, user) is None:
        raise Refused("reset_no_address")
    asked = next(iter(open_requests(context, ResetRequest.subject_id == user.id)), None)
    if asked:
        mine = ResetRequest.asked_by_id == context.who.user_id
        raise (
            AlreadyDone
            if open_requests(context, ResetRequest.id == asked.id, mine)
            else Refused("reset_waiting", who=asked.asked_by)
        )


def finish_reset(context: RequestContext, row: ResetRequest) -> None:
    """Done at once, by one person. Raises Refused."""
    row.status, row.decided_at = "done", context.now
    if not reset.reset_two_factor(context, row):
        raise Refused("reset_changed")
    record_event(context, "colleague_reset", case_id=row.id)


def await_second_person(context: RequestContext, user: User, row: ResetRequest) -> None:
    """Nothing is done yet; the person is told, and who may decide."""
    row.status = "waiting"
    db.session.flush()
    record_event(context, "two_factor_reset_asked", about=user, case_id=row.id)
    record_event(context, "colleague_reset", reason="waiting", case_id=row.id)
    notices.queue_notice(context, user, "reset_asked", by=context.who.full_name)
    for each in list_reset_approvers(context, user):
        notices.queue_notice(context, each, "reset_waiting", by=context.who.full_name, role=each.role)


def list_reset_approvers(context: RequestContext, user: User) -> list[User]:
    """Who is told that a reset waits: the practice's administrators beside the two; support where there is none."""
    own = [each for each in administrators.list_administrators(user.practice_id, user.id) if each.id != context.who.user_id]
    return own or [each for each in grants.list_support_agents(user.id) if each.id != context.who.user_id]
