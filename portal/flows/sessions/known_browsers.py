"""Browsers that a person has completed a sign-in with before: limits on strangers do not apply there."""

from sqlalchemy import ColumnElement, exists, select, update

from portal.crypto import token_hash
from portal.db import change, db
from portal.flows.base.context import CODE_DUE, RequestContext
from portal.models import Session, User


def is_known_browser(context: RequestContext, user: User) -> bool:
    """Whether `user` completed a sign-in in this browser before; one query, none if the browser has no token.

    While two-factor authentication is on, only a session that showed a second factor since it was turned on counts. One that
    showed the password alone would let a thief of the password prepare a browser before it is turned on.
    """
    if not context.browser:
        return False
    return bool(db.session.scalar(select(exists().where(*completed_sessions(context, user, token_hash(context.browser))))))


def completed_sessions(context: RequestContext, user: User, browser_hash: str) -> list[ColumnElement[bool]]:
    """SQL: the sessions that make a browser known. Ended ones count, as a browser stays known after signing out."""
    own = [Session.user_id == user.id, Session.browser_hash == browser_hash, Session.level.not_in(CODE_DUE)]
    if user.two_factor != "on":
        return own
    if user.two_factor_since is None or user.two_factor_since > context.now:  # then the clock was ahead when it was turned on
        return [*own, Session.second_factor_at.is_not(None)]
    return [*own, Session.second_factor_at >= user.two_factor_since]


def forget_browsers(context: RequestContext, user_id: int, which: ColumnElement[bool]) -> None:
    """Make the browsers of some of the user's sessions new again, in the open transaction; never the one that asks for it.

    Whoever was there is a stranger from now on, and the next sign-in there is announced as one from a new browser.
    """
    here = token_hash(context.browser or "")
    theirs = select(Session.browser_hash).where(Session.user_id == user_id, Session.browser_hash != here, which)
    own = update(Session).where(Session.user_id == user_id, Session.browser_hash.in_(theirs))
    change(own.values(browser_hash=None, browser_known=False))
