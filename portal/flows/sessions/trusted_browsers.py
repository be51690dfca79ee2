"""Browsers that a patient trusts: added at sign-in, accepted in place of a code, and ended (TB-1 to TB-6)."""

from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update

from portal import clock
from portal.crypto import token_hash
from portal.db import change, db, read
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.sessions import sessions
from portal.models import TrustedBrowser, User
from portal.policy import policy_of
from portal.settings import config

FACTOR = "trusted_browser"
BETWEEN = "."  # separates several users' tokens in one cookie; never part of a token


def trust_days(context: RequestContext, role: str) -> int:
    """For how many days a user of this role may trust a browser; 0 if not at all."""
    return context.trust_days if policy_of(role).may_trust_browsers else 0


# SQL: trust that has not run out, and does not run longer than any may.
UNEXPIRED = (TrustedBrowser.expires_at > bindparam("now")) & (TrustedBrowser.expires_at <= bindparam("latest_trust"))
# SQL: the live trust of a user. If the operator shortens its lifetime, that applies to existing trust as well.
LIVE_TRUST = (
    TrustedBrowser.user_id == bindparam("owner"),
    TrustedBrowser.generation == bindparam("of_generation"),
    TrustedBrowser.ended_at.is_(None),
    UNEXPIRED,
    TrustedBrowser.created_at > bindparam("trusted_after"),
)
IS_HERE = TrustedBrowser.token_hash.in_(bindparam("here", expanding=True))
USE_TRUST = update(TrustedBrowser).where(*LIVE_TRUST, IS_HERE).values(last_used_at=bindparam("now"))
LIVE_HERE = select(TrustedBrowser.token_hash).where(*LIVE_TRUST, IS_HERE)  # for `live_token_hash`
DROP_OLD = delete(TrustedBrowser).where(
    TrustedBrowser.user_id == bindparam("owner"),
    or_(TrustedBrowser.ended_at.is_not(None), ~UNEXPIRED, TrustedBrowser.generation != bindparam("of_generation"), IS_HERE),
)
LIVE_OF_ANYONE = select(TrustedBrowser.token_hash).where(IS_HERE, TrustedBrowser.ended_at.is_(None), UNEXPIRED)
NEXT_GENERATION = update(User).where(User.id == bindparam("owner")).values(generation=User.generation + 1)
END_TRUST = (
    update(TrustedBrowser)
    .where(TrustedBrowser.user_id == bindparam("owner"), TrustedBrowser.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
)


def until_when(context: RequestContext) -> dict[str, Any]:
    """The parameters of UNEXPIRED."""
    return {"now": context.now, "latest_trust": clock.latest_end(context.now, timedelta(days=config.TRUSTED_BROWSER_DAYS))}


def trust_of(context: RequestContext, user_id: int, generation: int) -> dict[str, Any]:
    """The parameters of LIVE_TRUST."""
    trusted_after = context.now - timedelta(days=context.trust_days)
    return {"owner": user_id, "of_generation": generation, "trusted_after": trusted_after, **until_when(context)}


def use_trust(context: RequestContext, user: User) -> bool:
    """Whether this user trusts this browser; updates its last use, in the open transaction."""
    if not context.trusted or not trust_days(context, user.role):
        return False
    return change(USE_TRUST, {"here": trust_hashes(context), **trust_of(context, user.id, user.generation)}) > 0


def live_token_hash(context: RequestContext, user: User) -> str | None:
    """The hash of the token by which the user trusts this browser; None if they don't."""
    if not context.trusted:
        return None
    found: str | None = read(LIVE_HERE, {"here": trust_hashes(context), **trust_of(context, user.id, user.generation)}).scalar()
    return found


def trust_hashes(context: RequestContext) -> list[str]:
    """The hashes of the tokens in this browser's cookie."""
    return [token_hash(token) for token in context.trusted]


def add_trust(context: RequestContext, user: User) -> str:
    """Trust this browser, in the open transaction; returns the new value of its cookie.

    Each user gets a newly generated token, so that one planted in the browser by someone else is never trusted (fixation).
    """
    delete_old_trust(context, user)
    token = sessions.new_token()
    db.session.add(
        TrustedBrowser(
            user_id=user.id,
            token_hash=token_hash(token),
            generation=user.generation,
            ip=context.ip,
            user_agent=context.user_agent,
            created_at=context.now,
            last_used_at=context.now,
            expires_at=context.now + timedelta(days=context.trust_days),
        )
    )
    record_event(context, "trusted_browser_added", about=user, factor=FACTOR)
    others = other_peoples_tokens(context)[-(config.TRUSTED_TOKENS - 1) :]
    return BETWEEN.join([*others, token])


def delete_old_trust(context: RequestContext, user: User) -> None:
    """Delete the user's ended rows, and the one that the new row replaces."""
    change(DROP_OLD, {"owner": user.id, "of_generation": user.generation, "here": trust_hashes(context), **until_when(context)})


def other_peoples_tokens(context: RequestContext) -> list[str]:
    """The tokens in this browser's cookie that are still live for other users."""
    if not context.trusted:
        return []
    live = set(read(LIVE_OF_ANYONE, {"here": trust_hashes(context), **until_when(context)}).scalars())
    return [token for token in context.trusted if token_hash(token) in live]


def end_trust_after_change(context: RequestContext, user_id: int, reason: str = "two_factor_changed") -> None:
    """End all trust of a user after a factor or the password has changed, in the open transaction (TB-4, TB-5).

    Call it before ending the other sessions: then a concurrent sign-in is either denied trust or ended with them.
    """
    change(NEXT_GENERATION, {"owner": user_id})
    end_trust(context, user_id, reason)


def end_trust(context: RequestContext, user_id: int, reason: str) -> None:
    """End all trust of a user whose row is locked, in the open transaction."""
    if change(END_TRUST, {"owner": user_id, "now": context.now}):
        record_event(context, "trusted_browser_removed", reason=reason, factor=FACTOR)
