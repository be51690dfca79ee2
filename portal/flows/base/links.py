"""Single-use links sent by email: created in the caller's transaction, checked by GET, spent by POST (RC-7)."""

import hmac
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
BROWSER = "browser"  # a fact of a used link: the hash of the browser's token
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
    """Mark the link as used, in the open transaction; one UPDATE decides between concurrent requests. Raises Refused("link_used").

    The browser that used it is remembered by its token's hash: see `was_used_in`.
    """
    unused = update(Link).where(Link.id == link.id, Link.used_at.is_(None), Link.expires_at > context.now)
    browser = {BROWSER: token_hash(context.browser)} if context.browser else {}
    if change(unused.values(used_at=context.now, facts={**link.facts, **browser})) != 1:
        raise Refused("link_used")


def was_used_in(context: RequestContext, user_id: int, browser_hash: str) -> bool:
    """Whether one of the user's links was used in the browser with that token's hash within the hour, or as long as a name is locked."""
    used = (Link.user_id == user_id, Link.used_at > context.now - config.PASSWORD_NAME_IN, Link.used_at <= context.now)
    used_in = [str(facts.get(BROWSER, "")) for facts in db.session.scalars(select(Link.facts).where(*used))]
    return any(hmac.compare_digest(each, browser_hash) for each in used_in)


def has_many_links(context: RequestContext, user_id: int, purpose: str) -> bool:
    """Whether the rate limit for emailing links of this purpose to this user is reached."""
    recent = (Link.user_id == user_id, Link.purpose == purpose, Link.created_at > context.now - config.LINK_MAILS_IN)
    return (db.session.scalar(select(func.count()).select_from(Link).where(*recent)) or 0) >= config.LINK_EMAILS


def void_links(context: RequestContext, user_id: int, *purposes: str) -> None:
    """Void a user's open links of these purposes, or of all if none is named, in the open transaction."""
    unused = update(Link).where(Link.user_id == user_id, Link.used_at.is_(None))
    change((unused.where(Link.purpose.in_(purposes)) if purposes else unused).values(used_at=context.now))
