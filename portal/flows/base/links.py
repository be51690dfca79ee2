"""Single-use links sent by email: created in the caller's transaction, checked by GET, spent by POST (RC-7)."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from portal.crypto import token_hash
from portal.db import change, db
from portal.flows.base.context import RequestContext
from portal.models import Link, User
from portal.settings import config
from portal.words.refusals import Refused

TOKEN_BYTES = 32
RESET = "reset_set_up"  # purpose of the link sent after a reset: together with the password it leads to set-up (rule 1)


def make_link(context: RequestContext, user: User, purpose: str, life: timedelta, **facts: Any) -> str:
    """Add a link to the open transaction; returns its token, of which only the hash is stored."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    db.session.add(
        Link(
            user_id=user.id,
            purpose=purpose,
            token_hash=token_hash(token),
            facts=facts,
            created_at=context.now,
            expires_at=context.now + life,
        )
    )
    return token


def read_link(context: RequestContext, token: str, purpose: str) -> Link:
    """The unused, unexpired link of a token; changes nothing. Raises Refused: "link_unknown", "link_used", "link_expired"."""
    link = db.session.scalar(select(Link).where(Link.token_hash == token_hash(token), Link.purpose == purpose))
    if link is None:
        raise Refused("link_unknown")
    if link.used_at is not None:
        raise Refused("link_used")
    if context.now >= link.expires_at:
        raise Refused("link_expired")
    return link


def spend_link(context: RequestContext, link: Link) -> None:
    """Mark the link as used, in the open transaction; one UPDATE decides between concurrent requests. Raises Refused("link_used")."""
    unused = update(Link).where(Link.id == link.id, Link.used_at.is_(None), Link.expires_at > context.now)
    if change(unused.values(used_at=context.now)) != 1:
        raise Refused("link_used")


def has_many_links(context: RequestContext, user_id: int, purpose: str) -> bool:
    """Whether the rate limit for emailing links of this purpose to this user is reached."""
    recent = (Link.user_id == user_id, Link.purpose == purpose, Link.created_at > context.now - config.LINK_MAILS_IN)
    return (db.session.scalar(select(func.count()).select_from(Link).where(*recent)) or 0) >= config.LINK_EMAILS


def void_links(context: RequestContext, user_id: int, *purposes: str) -> None:
    """Void a user's open links of these purposes, or of all if none is named, in the open transaction."""
    unused = update(Link).where(Link.user_id == user_id, Link.used_at.is_(None))
    change((unused.where(Link.purpose.in_(purposes)) if purposes else unused).values(used_at=context.now))
