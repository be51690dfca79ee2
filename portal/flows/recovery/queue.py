"""The queue of recovery requests: what support has promised to answer, overdue on top, then what runs without it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import aliased

from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.base.recovery_cases import ALARMING, CHECKING, DECIDING, LIVES, is_open
from portal.models import Practice, RecoveryCase, RecoveryTicket, User
from portal.settings import config

PROMISED = (CHECKING, DECIDING)  # support's turn, with a promise until when
Agent = aliased(User)
R = RecoveryCase


@dataclass(frozen=True)
class QueueRow:
    """One open case. It names no person: its page does, and whoever opens that is recorded."""

    id: str
    references: list[str]  # of the requests that led to it, without dashes
    role: str
    practice: str
    state: str
    since: datetime  # when support was asked; without that, when the request began
    due_at: datetime | None
    is_overdue: bool
    agent: str  # who has taken it, or ""
    is_mine: bool


@dataclass(frozen=True)
class Queue:
    """One page of the queue, and how many cases are overdue on it."""

    number: int
    rows: list[QueueRow]
    has_more: bool


def list_queue(context: RequestContext, number: int) -> Queue:
    """One page of the open cases, from page 1 on: overdue, then by promise, then the others, oldest first. Never the visitor's own."""
    turn = case((R.state.in_(PROMISED), 0), else_=1)
    lives = or_(*(and_(R.state == state, R.state_since > context.now - LIVES[state]) for state in ALARMING))
    rows = (
        select(R, User.role, Practice.name, Agent.full_name)
        .join(User, User.id == R.user_id)
        .outerjoin(Practice, Practice.id == User.practice_id)
        .outerjoin(Agent, Agent.id == R.agent_id)
        .where(R.ended_at.is_(None), lives, R.user_id != context.user.user_id)
        .order_by(turn, case((turn == 0, R.due_at)), R.opened_at, R.id)
    )
    page = config.RECOVERY_QUEUE_PAGE
    found = db.session.execute(rows.offset((number - 1) * page).limit(page + 1)).all()
    shown = [row for row in found[:page] if is_open(context, row[0])]
    references = find_references(row[0].id for row in shown)
    return Queue(number, [as_row(context, references[row[0].id], *row) for row in shown], len(found) > page)


def find_references(case_ids: Iterable[str]) -> dict[str, list[str]]:
    """The confirmed requests of cases, by case, newest first."""
    found: dict[str, list[str]] = defaultdict(list)
    rows = select(RecoveryTicket.case_id, RecoveryTicket.id).where(RecoveryTicket.case_id.in_(list(case_ids)))
    for case_id, ticket_id in db.session.execute(rows.order_by(RecoveryTicket.created_at.desc(), RecoveryTicket.id)):
        found[str(case_id)].append(ticket_id)
    return found


def is_overdue(context: RequestContext, row: RecoveryCase) -> bool:
    """Whether it is support's turn and the promise is broken."""
    return row.state in PROMISED and row.due_at is not None and context.now > row.due_at


def as_row(
    context: RequestContext, references: list[str], row: RecoveryCase, role: str, practice: str | None, agent: str | None
) -> QueueRow:
    return QueueRow(
        id=row.id,
        references=references,
        role=role,
        practice=practice or "",
        state=row.state,
        since=row.asked_support_at or row.opened_at,
        due_at=row.due_at if row.state in PROMISED else None,
        is_overdue=is_overdue(context, row),
        agent=agent or "",
        is_mine=row.agent_id == context.user.user_id,
    )
