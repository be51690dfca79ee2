"""How often a password may be tried at the sign-in form, by whom, and what the owner hears of it (RL-6, RL-7, RL-9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, literal, select

from portal.crypto import token_hash
from portal.db import load, read
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.limits import COUNTER, HAS_KEY, Charge, Limit, charge, make_limit
from portal.flows.base.links import WAS_USED_HERE
from portal.flows.messages import notices
from portal.flows.sessions.known_browsers import IS_KNOWN, here
from portal.flows.sessions.trusted_browsers import live_token_hash, trust_hashes
from portal.limit_address import limit_address
from portal.models import LimitCounter, User
from portal.settings import config
from portal.words.refusals import Refused

# The account of a name, if there is one, and the counters that a password for it may be charged to: whether it comes with the account,
# or with none, the same is looked for (EN-2).
FIND_ACCOUNT = (
    select(*User.__table__.c, IS_KNOWN, WAS_USED_HERE, *COUNTER)
    .select_from(select(literal(1).label("always")).subquery())
    .outerjoin(User, User.username == bindparam("name"))
    .outerjoin(LimitCounter, HAS_KEY)
)


@dataclass(frozen=True)
class Attempt:
    """One password for a name: whose it is, if anybody's, what it is charged to, and what these counters have counted."""

    user: User | None
    limits: list[Limit]
    counters: Sequence[Any]  # rows


def find_attempt(context: RequestContext, name: str) -> Attempt:
    """What is known of whoever tries a password for a name, alike whether there is such an account (EN-1).

    Strangers share one limit for the name and one for their address. A browser that the owner used before has its own, which they
    cannot spend. It is known by its token, after a completed sign-in or a password just set by an emailed link, or by a live trust token.
    """
    own = token_hash(context.browser or "")
    by_browser = {browser: browser_limits(context, name, browser) for browser in (own, *trust_hashes(context))}
    strangers = strangers_limits(context, name)
    keys = [limit.key for limits in (strangers, *by_browser.values()) for limit in limits]
    times = {"lately": context.now - config.PASSWORD_NAME_IN, **here(context)}
    rows = read(FIND_ACCOUNT, {"name": name, "keys": keys, **times}).all()
    *columns, is_known, was_used, _key, _spent, _ends_at = rows[0]
    user = load(User, columns) if columns[0] else None
    browser = own if is_known or was_used else live_token_hash(context, user or User(id=0, generation=0))
    return Attempt(user, strangers if browser is None else by_browser[browser], rows)


def browser_limits(context: RequestContext, name: str, browser: str) -> list[Limit]:
    """What one browser that knows the owner of a name may try."""
    return [
        make_limit(context.keys, config.PASSWORD_TRIES, config.PASSWORD_TRIES_IN, "known browser", name, browser),
        make_limit(context.keys, config.PASSWORD_TRIES_OF_NAME, config.PASSWORD_NAME_IN, "known browser, hourly", name, browser),
    ]


def strangers_limits(context: RequestContext, name: str) -> list[Limit]:
    """What a stranger may try for a name."""
    address = limit_address(context.ip)
    return [
        make_limit(context.keys, config.PASSWORD_TRIES_OF_ADDRESS, config.PASSWORD_TRIES_IN, "address", address),
        make_limit(context.keys, config.PASSWORD_TRIES, config.PASSWORD_TRIES_IN, "name and address", name, address),
        strangers_limit(context, name),
    ]


def strangers_limit(context: RequestContext, name: str) -> Limit:
    """What all strangers together may try for one name."""
    return make_limit(context.keys, config.PASSWORD_TRIES_OF_NAME, config.PASSWORD_NAME_IN, "name", name)


def notify_lock(context: RequestContext, name: str, user: User | None, charges: list[Charge]) -> None:
    """After a wrong password that used up the strangers' limit of a name: record it, and tell the owner once per lock (RL-9)."""
    strangers = strangers_limit(context, name)
    if not any(each.limit.key == strangers.key and each.was_last for each in charges):
        return
    record_event(context, "authn_login_lock", about=user, reason="passwords", refused=True, factor="password")
    if user is None:
        notices.spend_equal_work(context)
    else:
        notices.queue_notice(context, user, "too_many_passwords")


def announce_browser(context: RequestContext, user: User) -> None:
    """Queue the notice of a sign-in from a new browser, in the open transaction (NO-1); twenty an hour at most."""
    limit = make_limit(context.keys, config.NEW_BROWSER_EMAILS, config.NEW_BROWSER_EMAILS_IN, "new browsers", str(user.id))
    try:
        charge(context, [limit])
    except Refused:
        return
    notices.queue_notice(context, user, "new_browser")
