"""What waits for the visitor's decision right now, for the notice on each of their pages (AD-6)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.db import db
from portal.flows.base.context import RequestContext
from portal.flows.base.second_person import ever_decides
from portal.flows.emergency.decide import decidable_by, is_member
from portal.flows.emergency.grants import G, is_open
from portal.models import User
from portal.settings import config


@dataclass(frozen=True)
class Waiting:
    """Requests for emergency access that the visitor may decide: the oldest, and how many there are."""

    id: str
    who: str
    until: datetime  # when the last of them expires
    count: int


def what_waits(context: RequestContext) -> Waiting | None:
    """The requests that the visitor may decide, or None. One SELECT of the last half hour; none for people who never decide."""
    if not ever_decides(context.visitor):
        return None
    rows = (
        select(G.id, User.full_name, func.max(G.asked_at).over(), func.count().over())
        .join(User, User.id == G.provider_id)
        .where(decidable_by(context), *is_open(context), is_member())
        .order_by(G.asked_at, G.id)
        .limit(1)
    )
    found = db.session.execute(rows).first()
    return Waiting(found[0], found[1], found[2] + config.EMERGENCY_WAIT, found[3]) if found else None
