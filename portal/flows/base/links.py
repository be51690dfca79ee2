"""Single-use links sent by email: created in the caller's transaction, checked by GET, spent by POST (RC-7)."""

import base64
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, literal, select, update

from portal import clock
from portal.crypto import token_hash
from portal.db import change, db, read
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
# SQL: true, or else NULL, if one of the user's links was used in the browser with the hash "browser" within the hour before "now", or as
# long as a name is locked: "lately" is the begin of that time.
WAS_USED_HERE = (
    select(literal(True))
    .where(
        Link.user_id == User.id,
        Link.used_at > bindparam("lately", type_=Link.used_at.type),
        Link.used_at <= bindparam("now", type_=Link.used_at.type),
        Link.facts[BROWSER].as_string() == bindparam("browser"),
    )
    .limit(1)
    .correlate(User)
    .scalar_subquery()
)

IS_OF_USER = (Link.user_id == bindparam("owner"), Link.purpose == bindparam("about"))
NEWEST_LIVE = (
    select(Link).where(*IS_OF_USER, Link.used_at.is_(None), Link.expires_at > bindparam("now")).order_by(Link.id.desc()).limit(1)
)
BY_TOKEN = select(Link).where(Link.token_hash == bindparam("hash"), Link.purpose == bindparam("about"))
COUNT_RECENT = (
    select(func.count())
    .select_from(Link)
    .where(*IS_OF_USER, Link.created_at > bindparam("since"), Link.created_at <= bindparam("latest"))
)
SPEND = (
    update(Link)
    .where(Link.id == bindparam("own"), Link.used_at.is_(None), Link.expires_at > bindparam("now"))
    .values(used_at=bindparam("now"))
)
UNUSED = update(Link).where(Link.user_id == bindparam("owner"), Link.used_at.is_(None)).values(used_at=bindparam("now"))
VOID = UNUSED.where(Link.purpose != RECOVERY)
VOID_SOME = UNUSED.where(Link.purpose.in_(bindparam("purposes", expanding=True)))


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
    link = db.session.scalar(NEWEST_LIVE, {"owner": user_id, "about": purpose, "now": context.now})
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
    link = db.session.scalar(BY_TOKEN, {"hash": token_hash(token), "about": purpose})
    if link is None:
        raise Refused("link_unknown")
    if link.used_at is not None:
        raise Refused("link_used")
    if not is_live(context, link):
        raise Refused("link_expired")
    return link


def spend_link(context: RequestContext, link: Link) -> None:
    """Mark the link as used, in the open transaction; one UPDATE decides between concurrent requests. Raises Refused("link_used").

    The browser that used it is remembered by its token's hash: see `WAS_USED_HERE`.
    """
    browser = {BROWSER: token_hash(context.browser)} if context.browser else {}
    if change(SPEND, {"own": link.id, "now": context.now, "facts": {**link.facts, **browser}}) != 1:
        raise Refused("link_used")


def has_many_links(context: RequestContext, user_id: int, purpose: str) -> bool:
    """Whether the rate limit for emailing links of this purpose to this user is reached."""
    window = {"since": context.now - config.LINK_MAILS_IN, "latest": clock.latest_end(context.now, config.LINK_MAILS_IN)}
    return (read(COUNT_RECENT, {"owner": user_id, "about": purpose, **window}).scalar() or 0) >= config.LINK_EMAILS


def void_links(context: RequestContext, user_id: int, *purposes: str) -> None:
    """Void a user's open links of these purposes, in the open transaction. If none is named, all but a recovery's.

    That one opens what its case says: whoever forgot the password sets a new one, and comes back to it.
    """
    who = {"owner": user_id, "now": context.now}
    if purposes:
        change(VOID_SOME, {"purposes": purposes, **who})
    else:
        change(VOID, who)
