"""Ending everything that lets a person in, at a reset and at the end of an account recovery alike (rule 1, RC-8)."""

from sqlalchemy import ColumnElement, update

from portal.db import change, db
from portal.flows.base import links
from portal.flows.base.context import RequestContext
from portal.flows.emergency import grants
from portal.flows.factors.turn_off import void_factors
from portal.flows.sessions import sessions
from portal.models import TrustedBrowser, User

CLEARED_THROTTLE: dict[str, int | None] = {  # counters and pauses go with the factors that they counted
    "code_failures": 0, "own_failures": 0, "backup_failures": 0, "set_up_failures": 0, "password_failures": 0,
    "codes_paused_until": None, "own_paused_until": None,
}  # fmt: skip


def end_access(
    context: RequestContext, user_id: int, generation: int, reason: str, *unchanged: ColumnElement[bool]
) -> tuple[User, str | None] | None:
    """End factors, trusted browsers, emergency access, sessions, and links, in the open transaction. The account is then "reset".

    Returns the account, and the method of its newest authenticator. None if it has changed since `generation`, or if it is not
    `unchanged` (SQL): one UPDATE settles a race. `reason`: why the sessions end.
    """
    is_same = (
        User.id == user_id,
        User.generation == generation,
        User.two_factor != "off",
        User.disabled_at.is_(None),
        *unchanged,
    )
    values = {"two_factor": "reset", "two_factor_since": None, "reset_at": context.now, "generation": User.generation + 1}
    if change(update(User).where(*is_same).values({**values, **CLEARED_THROTTLE})) != 1:
        return None
    user = db.session.get_one(User, user_id, populate_existing=True)
    factor = void_factors(context, user)
    trusted = update(TrustedBrowser).where(TrustedBrowser.user_id == user_id, TrustedBrowser.ended_at.is_(None))
    change(trusted.values(ended_at=context.now))
    grants.stop_emergency_access(context, user, reason)
    sessions.end_all_sessions(context, user_id, reason)
    links.void_links(context, user_id)
    return user, factor
