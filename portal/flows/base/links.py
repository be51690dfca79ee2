"""Single-use links sent by email: created in the caller's transaction, checked by GET, spent by POST (RC-7)."""

import base64
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from portal import clock
from portal.crypto import token_hash
from portal.db import change, db
from portal.flows.base.context import RequestContext
from portal.models import Link, User
from portal.settings import config
from portal.words.refusals import Refused

TOKEN_BYTES = 32
SEED, MAILED_AT = "seed", "mailed_at"  # facts of a link that can be emailed again
BROWSER = "browser"  # a fact of a used link: the hash of the browser's token
RESET = "reset_set_up"  # purpose of the link sent after a reset: together with the password it leads to set-up (rule 1)
RECOVERY = "recovery_set_up"  # the same after an account recovery
RECOVERY_STOP = "recovery_stop"  # of the token that stops a recovery; it has no row: see `flows/recovery/stop.py`


def make_link(context: RequestContext, user: User, purpose: str, life: timedelta, **facts: Any) -> str:
    """Add a link to the open transaction; returns its token, of which only the hash is stored."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    add_link(context, user, purpose, life, token, facts)
    return token


def add_link(context: RequestContext, user: User, purpose: str, life: timedelta, token: str, facts: dict[str, Any]) -> None:
    ends_at = context.now + life
    row = {"user_id": user.id, "purpose": purpose, "facts": facts, "created_at": context.now, "expires_at": ends_at}
    db.session.add(Link(token_hash=token_hash(token), **row))


def make_mailable_link(context: RequestContext, user: User, purpose: str, life: timedelta, **facts: Any) -> str:
    """Add a link whose token can be made again from its row, with the encryption keys alone: it can be emailed again (RC-7)."""
    seed = secrets.token_urlsafe(TOKEN_BYTES)
    token = derive_token(context.keys.look_up_hash(seed_place(seed)))
    add_link(context, user, purpose, life, token, {SEED: seed, MAILED_AT: context.now.isoformat(), **facts})
    return token


def seed_place(seed: str) -> str:
    return f"links:{seed}:token"


def derive_token(keyed_hash: bytes) -> str:
    """A token of 256 bits, as `make_link` makes them at random."""
    return base64.urlsafe_b64encode(keyed_hash).rstrip(b"=").decode()


def find_mailable_link(context: RequestContext, user_id: int, purpose: str) -> tuple[Link, str] | None:
    """The user's newest live link and its token; None if there is none, or if none of the configured keys makes its token again."""
    live = (Link.user_id == user_id, Link.purpose == purpose, Link.used_at.is_(None), Link.expires_at > context.now)
    link = db.session.scalar(select(Link).where(*live).order_by(Link.id.desc()).limit(1))
    if link is None or not is_live(context, link):
        return None
    tokens = map(derive_token, context.keys.look_up_hashes(seed_place(link.facts.get(SEED, ""))))
    return next(((link, token) for token in tokens if hmac.compare_digest(token_hash(token), link.token_hash)), None)


def is_live(context: RequestContext, link: Link) -> bool:
    """Whether the link has neither expired nor been made by a clock that was ahead."""
    return clock.is_ahead(link.expires_at, context.now, link.expires_at - link.created_at)


def was_mailed_lately(context: RequestContext, link: Link) -> bool:
    """Whether the link's last email is less than five minutes old."""
    mailed_at = datetime.fromisoformat(link.facts[MAILED_AT])
    return clock.is_ahead(mailed_at + config.LINK_EMAIL_GAP, context.now, config.LINK_EMAIL_GAP)


def mail_again(context: RequestContext, link: Link, life: timedelta) -> bool:
    """Note another email with the link, from which it lives anew. False if that were more than 24 hours in all (RC-2)."""
    ends_at = context.now + life
    if ends_at > link.created_at + config.LINK_LIFE_MAX:
        return False
    link.facts, link.expires_at = {**link.facts, MAILED_AT: context.now.isoformat()}, ends_at
    return True


def read_link(context: RequestContext, token: str, purpose: str) -> Link:
    """The unused, unexpired link of a token; changes nothing. Raises Refused: "link_unknown", "link_used", "link_expired"."""
    link = db.session.scalar(select(Link).where(Link.token_hash == token_hash(token), Link.purpose == purpose))
    if link is None:
        raise Refused("link_unknown")
    if link.used_at is not None:
        raise Refused("link_used")
    if not is_live(context, link):
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
    recent = (Link.user_id == user_id, Link.purpose == purpose, clock.since(Link.created_at, context.now, config.LINK_MAILS_IN))
    return (db.session.scalar(select(func.count()).select_from(Link).where(*recent)) or 0) >= config.LINK_EMAILS


def void_links(context: RequestContext, user_id: int, *purposes: str) -> None:
    """Void a user's open links of these purposes, in the open transaction. If none is named, all but a recovery's.

    That one opens what its case says: whoever forgot the password sets a new one, and comes back to it.
    """
    which = Link.purpose.in_(purposes) if purposes else Link.purpose != RECOVERY
    change(update(Link).where(Link.user_id == user_id, Link.used_at.is_(None), which).values(used_at=context.now))
