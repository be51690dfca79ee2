"""Dual control: what every kind of request that needs a second person has in common (AD-3, AD-6)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, exists, false, select, true
from sqlalchemy.orm import QueryableAttribute

from portal.db import db
from portal.flows.base.context import Act, RequestContext, SessionUser
from portal.models import Session, User
from portal.words.refusals import Refused

IdColumn = QueryableAttribute[int] | QueryableAttribute[int | None]


@dataclass(frozen=True)
class PendingDecision:
    """One request awaiting a decision. The page translates `title` and `facts`; the other texts were typed by people."""

    kind: str  # a key of approvals.KINDS
    id: str
    title: str
    about: str  # the account holder's name
    practice: str
    asked_by: str
    asked_at: datetime
    until: datetime  # when the request expires
    reason: str
    facts: tuple[str, ...] = ()
    browser: str = ""  # the requester's, such as "Chrome on Windows"
    ip: str = ""
    asks_number: bool = False  # whether the approver types a number that the requester reads out
    why_not: str = ""  # the reason why the visitor can refuse but not approve
    wrong_numbers: tuple[tuple[str, datetime], ...] = ()  # who typed a wrong one, and when


class NumberRefused(Refused):
    """The typed number doesn't approve the request, which is still pending."""


@dataclass(frozen=True)
class RequestKind:
    """A kind of request. Each operation commits, and raises Refused if another person decided first; `approve`, ProofDue.

    `approve` takes the number that was typed, "" if the kind asks for none.
    """

    name: str
    list_pending_requests: Callable[[RequestContext], list[PendingDecision]]
    approve: Callable[[RequestContext, str, str], None]
    refuse: Callable[[RequestContext, str], None]
    explain_gone: Callable[[RequestContext, str], None]


def approving(kind: str, row_id: str) -> Act:
    """Approving that request: an act that needs a proof of its own."""
    return Act("approve", f"{kind}:{row_id}")


def ever_decides(user: SessionUser | None) -> bool:
    """Whether this person may decide on any request: signed in to the end, as support or as an administrator of a practice."""
    if user is None or user.owes_code or not user.is_on:
        return False
    return user.role == "support" or (user.role == "administrator" and user.practice_id is not None)


def may_decide(context: RequestContext, practice_id: IdColumn, *involved: IdColumn) -> ColumnElement[bool]:
    """SQL: whether the visitor may decide, as `may_decide_as` says."""
    user = context.user
    return may_decide_as(user.role, user.user_id, user.practice_id, practice_id, *involved)


def may_decide_as(
    role: str, me: int | BindParameter[int], mine: int | BindParameter[int] | None, practice_id: IdColumn, *involved: IdColumn
) -> ColumnElement[bool]:
    """SQL: support may decide for every practice, administrators for their own, `mine`; nobody in the `involved` columns may."""
    scopes = {"support": true(), "administrator": practice_id == mine}
    return and_(scopes.get(role, false()), *(column != me for column in involved))


def lock_people(context: RequestContext, *others: int) -> None:
    """Lock the user rows of the visitor and of `others` until the open transaction ends, then check that the visitor may still act.

    If two administrators reset each other at the same moment, the second one's session has ended. Raises Refused("access_changed").
    """
    user = context.user
    ids = {user.user_id, *others}
    rows = select(User.id).where(User.id.in_(ids)).order_by(User.id)  # always in the same order, to avoid deadlocks
    db.session.execute(rows.with_for_update(key_share=True)).all()  # FOR NO KEY UPDATE: events may still reference the rows
    has_session = exists().where(Session.id == user.session_id, Session.ended_at.is_(None))
    is_unchanged = (User.role == user.role, User.practice_id.is_not_distinct_from(user.practice_id), User.disabled_at.is_(None))
    if not db.session.scalar(select(User.id).where(User.id == user.user_id, *is_unchanged, has_session)):
        db.session.rollback()
        raise Refused("access_changed")


def refuse_as_decided(context: RequestContext, decided_by_id: int | None, approved: bool) -> None:
    """Raises Refused if someone has decided already."""
    if decided_by_id == context.user.user_id:
        raise Refused("approval_decided")
    if decided_by_id:
        first = db.session.get_one(User, decided_by_id)
        raise Refused("approval_approved" if approved else "approval_refused", who=first.full_name)
