"""What waits for the visitor's decision right now, for the notice on each of their pages (AD-6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select

from portal.db import read
from portal.flows.base.context import RequestContext
from portal.flows.base.second_person import ever_decides, may_decide_as
from portal.flows.emergency.decide import is_member
from portal.flows.emergency.grants import UNDECIDED, G
from portal.models import ROLES, User
from portal.settings import config


@dataclass(frozen=True)
class Waiting:
    """Requests for emergency access that the visitor may decide: the oldest, and how many there are."""

    id: str
    who: str
    until: datetime  # when the last of them expires
    count: int


def oldest(role: str) -> Select[*tuple[Any, ...]]:
    """SQL: the oldest request that somebody in this role may decide, when the last one was made, and how many there are."""
    mine: BindParameter[int] = bindparam("mine")
    return (
        select(G.id, User.full_name, func.max(G.asked_at).over(), func.count().over())
        .join(User, User.id == G.provider_id)
        .where(
            may_decide_as(role, bindparam("me"), mine, G.practice_id, G.provider_id),
            *UNDECIDED,
            G.asked_at > bindparam("since"),
            G.asked_at <= bindparam("latest"),
            is_member(),
        )
        .order_by(G.asked_at, G.id)
        .limit(1)
    )


OLDEST = {role: oldest(role) for role in ROLES}


def what_waits(context: RequestContext) -> Waiting | None:
    """The requests that the visitor may decide, or None. One SELECT of the last half hour; none for people who never decide."""
    if not ever_decides(context.visitor):
        return None
    user, now = context.user, context.now
    lately = {"since": now - config.EMERGENCY_WAIT, "latest": now + config.CLOCK_TOLERANCE}
    found = read(OLDEST[user.role], {"me": user.user_id, "mine": user.practice_id, **lately}).first()
    return Waiting(found[0], found[1], found[2] + config.EMERGENCY_WAIT, found[3]) if found else None
