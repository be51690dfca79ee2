"""How often a password may be tried at the sign-in form, by whom, and what the owner hears of it (RL-6, RL-7, RL-9)."""

from sqlalchemy import select

from portal.crypto import token_hash
from portal.db import db
from portal.flows.base import links
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.limits import Charge, Limit, charge, make_limit
from portal.flows.messages import notices
from portal.flows.sessions.known_browsers import is_known_browser
from portal.flows.sessions.trusted_browsers import live_trust_conditions, trust_hashes
from portal.limit_address import limit_address
from portal.models import TrustedBrowser, User
from portal.settings import config
from portal.words.refusals import Refused


def limits_of_attempt(context: RequestContext, name: str, user: User | None) -> list[Limit]:
    """The limits that one password for `name` is charged to, alike whether there is such an account (EN-1).

    Strangers share one for the name and one for their address. A browser that the owner used before has its own, which they cannot spend.
    """
    browser = find_known_browser(context, user)
    if browser is not None:
        return [
            make_limit(context.keys, config.PASSWORD_TRIES, config.PASSWORD_TRIES_IN, "known browser", name, browser),
            make_limit(
                context.keys, config.PASSWORD_TRIES_OF_NAME, config.PASSWORD_NAME_IN, "known browser, hourly", name, browser
            ),
        ]
    address = limit_address(context.ip)
    return [
        make_limit(context.keys, config.PASSWORD_TRIES_OF_ADDRESS, config.PASSWORD_TRIES_IN, "address", address),
        make_limit(context.keys, config.PASSWORD_TRIES, config.PASSWORD_TRIES_IN, "name and address", name, address),
        strangers_limit(context, name),
    ]


def find_known_browser(context: RequestContext, user: User | None) -> str | None:
    """The stored hash by which this user is known in this browser, or None for a stranger.

    It is the browser's token, after a completed sign-in or a password just set by an emailed link, or a live trust token. Without a
    user, the same queries find nothing (EN-2).
    """
    user = user or User(id=0, two_factor="off", generation=0)
    browser_hash = token_hash(context.browser or "")
    if is_known_browser(context, user) or links.was_used_in(context, user.id, browser_hash):
        return browser_hash
    if not context.trusted:
        return None
    live = live_trust_conditions(context, user.id, user.generation)
    return db.session.scalar(select(TrustedBrowser.token_hash).where(*live, TrustedBrowser.token_hash.in_(trust_hashes(context))))


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
