"""What every kind of request for a second approver has in common: how its page shows it, and who may decide it (AD-3, AD-6)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, true

from portal.flows.visit import Visit


@dataclass(frozen=True)
class Waiting:
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


def may_decide(visit: Visit, practice_id, *involved) -> ColumnElement[bool]:
    """SQL: support decides for every practice, administrators for their own; nobody decides where they are `involved` (columns)."""
    who = visit.who
    reach = {"support": true(), "administrator": practice_id == who.practice_id}
    return and_(reach.get(who.role, false()), *(column != who.user_id for column in involved))
