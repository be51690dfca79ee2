"""Browsers that a patient trusts: added at sign-in, accepted in place of a code, and ended (TB-1 to TB-6)."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update

from portal import clock
from portal.crypto import token_hash
from portal.db import change, db
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


def live_trust_conditions(context: RequestContext, user_id: int, generation: int | ColumnElement[int]) -> tuple[Any, ...]:
    """SQL: the live trust of a user. If the operator shortens its lifetime, that applies to existing trust as well."""
    return (
        TrustedBrowser.user_id == user_id,
        TrustedBrowser.generation == generation,
        TrustedBrowser.ended_at.is_(None),
        is_unexpired(context),
        TrustedBrowser.created_at > context.now - timedelta(days=context.trust_days),
    )


def is_unexpired(context: RequestContext) -> ColumnElement[bool]:
    """SQL: trust that has not run out, and does not run longer than any may."""
    return clock.ahead(TrustedBrowser.expires_at, context.now, timedelta(days=config.TRUSTED_BROWSER_DAYS))


def use_trust(context: RequestContext, user: User) -> bool:
    """Whether this user trusts this browser; updates its last use, in the open transaction."""
    if not context.trusted or not trust_days(context, user.role):
        return False
    live = update(TrustedBrowser).where(
        *live_trust_conditions(context, user.id, user.generation), TrustedBrowser.token_hash.in_(trust_hashes(context))
    )
    return change(live.values(last_used_at=context.now)) > 0


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
    own = delete(TrustedBrowser).where(TrustedBrowser.user_id == user.id)
    is_old = or_(
        TrustedBrowser.ended_at.is_not(None),
        ~is_unexpired(context),
        TrustedBrowser.generation != user.generation,
        TrustedBrowser.token_hash.in_(trust_hashes(context)),
    )
    change(own.where(is_old))


def other_peoples_tokens(context: RequestContext) -> list[str]:
    """The tokens in this browser's cookie that are still live for other users."""
    if not context.trusted:
        return []
    rows = select(TrustedBrowser.token_hash).where(
        TrustedBrowser.token_hash.in_(trust_hashes(context)),
        TrustedBrowser.ended_at.is_(None),
        is_unexpired(context),
    )
    live = set(db.session.scalars(rows))
    return [token for token in context.trusted if token_hash(token) in live]


def end_trust_after_change(context: RequestContext, user_id: int, reason: str = "two_factor_changed") -> None:
    """End all trust of a user after a factor or the password has changed, in the open transaction (TB-4, TB-5).

    Call it before ending the other sessions: then a concurrent sign-in is either denied trust or ended with them.
    """
    change(update(User).where(User.id == user_id).values(generation=User.generation + 1))
    end_trust(context, user_id, reason)


def end_trust(context: RequestContext, user_id: int, reason: str) -> None:
    """End all trust of a user whose row is locked, in the open transaction."""
    live = update(TrustedBrowser).where(TrustedBrowser.user_id == user_id, TrustedBrowser.ended_at.is_(None))
    if change(live.values(ended_at=context.now)):
        record_event(context, "trusted_browser_removed", reason=reason, factor=FACTOR)
