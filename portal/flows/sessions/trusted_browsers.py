"""Browsers that a patient trusts: added by a tick beside a right code, taken in place of the next codes, ended (TB-1 to TB-6)."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update

from portal.crypto import token_hash
from portal.db import change, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.sessions import sessions
from portal.models import TrustedBrowser, User
from portal.policy import policy_of
from portal.settings import config

FACTOR = "trusted_browser"
BETWEEN = "."  # stands between the tokens of several people in one cookie, and in no token


def trust_days(context: RequestContext, role: str) -> int:
    """For how many days a person of this role may trust a browser; 0: not at all."""
    return context.trust_days if policy_of(role).may_trust_browsers else 0


def is_trust_alive(context: RequestContext, user_id: int, generation: int | ColumnElement[int]) -> tuple[Any, ...]:
    """SQL: what a person trusts today. An operator who shortens the time shortens it for trust that was given before."""
    return (
        TrustedBrowser.user_id == user_id,
        TrustedBrowser.generation == generation,
        TrustedBrowser.ended_at.is_(None),
        TrustedBrowser.expires_at > context.now,
        TrustedBrowser.created_at > context.now - timedelta(days=context.trust_days),
    )


def use_trust(context: RequestContext, user: User) -> bool:
    """Whether this person trusts this browser, noting the use; part of the open transaction."""
    if not context.trusted or not trust_days(context, user.role):
        return False
    own = update(TrustedBrowser).where(
        *is_trust_alive(context, user.id, user.generation), TrustedBrowser.token_hash.in_(trust_hashes(context))
    )
    return change(own.values(last_used_at=context.now)) > 0


def trust_hashes(context: RequestContext) -> list[str]:
    """The hashes of the tokens that this browser shows."""
    return [token_hash(token) for token in context.trusted]


def add_trust(context: RequestContext, user: User) -> str:
    """Trust this browser, in the open transaction; returns what its cookie holds from now on.

    Every person has a token of their own, newly made: one that somebody else planted in the browser opens nothing of theirs.
    """
    forget_trust(context, user)
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


def forget_trust(context: RequestContext, user: User) -> None:
    """Drop the person's rows that are over, and the one that the new one replaces."""
    mine = delete(TrustedBrowser).where(TrustedBrowser.user_id == user.id)
    over = or_(
        TrustedBrowser.ended_at.is_not(None),
        TrustedBrowser.expires_at <= context.now,
        TrustedBrowser.generation != user.generation,
        TrustedBrowser.token_hash.in_(trust_hashes(context)),
    )
    change(mine.where(over))


def other_peoples_tokens(context: RequestContext) -> list[str]:
    """The tokens of this browser that other people still use."""
    if not context.trusted:
        return []
    rows = select(TrustedBrowser.token_hash).where(
        TrustedBrowser.token_hash.in_(trust_hashes(context)),
        TrustedBrowser.ended_at.is_(None),
        TrustedBrowser.expires_at > context.now,
    )
    known = set(db.session.scalars(rows))
    return [token for token in context.trusted if token_hash(token) in known]


def end_trust_after_change(context: RequestContext, user_id: int, reason: str = "two_factor_changed") -> None:
    """A factor or the password changed: whatever was trusted before is trusted no more (TB-4, TB-5); part of the open transaction.

    Comes before the other sessions are ended, so that a sign-in under way is either refused its trust or ended with them.
    """
    change(update(User).where(User.id == user_id).values(generation=User.generation + 1))
    living = update(TrustedBrowser).where(TrustedBrowser.user_id == user_id, TrustedBrowser.ended_at.is_(None))
    if change(living.values(ended_at=context.now)):
        record_event(context, "trusted_browser_removed", reason=reason, factor=FACTOR)
