"""What every kind of request for a second approver has in common: how its page shows it, and who may decide it (AD-3, AD-6)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, select, true
from sqlalchemy.orm import QueryableAttribute

from portal.db import db
from portal.flows.base.context import RequestContext
from portal.models import Session, User
from portal.words.refusals import Refused

IdColumn = QueryableAttribute[int] | QueryableAttribute[int | None]


@dataclass(frozen=True)
class PendingDecision:
    """One request that waits. `title` and `facts` are sentences that the page translates; the other texts were typed by people."""

    kind: str  # a key of approvals.KINDS
    id: str
    title: str
    about: str  # whose account
    practice: str
    asked_by: str
    asked_at: datetime
    until: datetime  # nobody can approve it from then on
    reason: str
    facts: tuple[str, ...] = ()
    browser: str = ""  # that asked, in words, and its address
    ip: str = ""
    number: str = ""  # that whoever asked has to read out


@dataclass(frozen=True)
class RequestKind:
    """A kind of request. Each of its deeds commits by itself, and raises Refused if another person decided first."""

    name: str
    list_waiting: Callable[[RequestContext], list[PendingDecision]]
    approve: Callable[[RequestContext, str], None]
    refuse: Callable[[RequestContext, str], None]
    explain_gone: Callable[[RequestContext, str], None]


def may_decide(context: RequestContext, practice_id: IdColumn, *involved: IdColumn) -> ColumnElement[bool]:
    """SQL: support decides for every practice, administrators for their own; nobody decides where they are `involved` (columns)."""
    who = context.who
    reach = {"support": true(), "administrator": practice_id == who.practice_id}
    return and_(reach.get(who.role, false()), *(column != who.user_id for column in involved))


def lock_request(context: RequestContext, *others: int) -> None:
    """Hold the rows of the visitor and of `others` until the open transaction ends, and look whether the visitor still may act.

    Two who reset one another at the same moment: the second one's session has ended by then. Raises Refused("access_changed").
    """
    who = context.who
    ids = {who.user_id, *others}
    rows = select(User.id).where(User.id.in_(ids)).order_by(User.id)  # in one order, so that no two wait for each other
    db.session.execute(rows.with_for_update(key_share=True)).all()  # FOR NO KEY UPDATE: events may refer to them meanwhile
    live = exists().where(Session.id == who.session_id, Session.ended_at.is_(None))
    same = (User.role == who.role, User.practice_id.is_not_distinct_from(who.practice_id), User.disabled_at.is_(None))
    if not db.session.scalar(select(User.id).where(User.id == who.user_id, *same, live)):
        db.session.rollback()
        raise Refused("access_changed")


def refuse_as_decided(context: RequestContext, decided_by_id: int | None, approved: bool) -> None:
    """Raises Refused where a person has decided."""
    if decided_by_id == context.who.user_id:
        raise Refused("approval_decided")
    if decided_by_id:
        first = db.session.get_one(User, decided_by_id)
        raise Refused("approval_approved" if approved else "approval_refused", who=first.full_name)
