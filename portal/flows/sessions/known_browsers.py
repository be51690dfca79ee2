"""Browsers that a person has completed a sign-in with before: limits on strangers do not apply there."""

from sqlalchemy import ColumnElement, Update, and_, bindparam, literal, or_, select, update

from portal.crypto import token_hash
from portal.db import change, db
from portal.flows.base.context import CODE_DUE, RequestContext
from portal.models import Session, User

MOMENT = User.two_factor_since.type
# SQL: true, or else NULL, if the user of the row completed a sign-in in the browser with the hash "browser" before "now". Ended sessions
# count, as a browser stays known after signing out. While two-factor authentication is on, only a session that showed a second factor
# since it was turned on counts: one that showed the password alone would let a thief of the password prepare a browser before that.
SINCE_ON = or_(
    User.two_factor_since.is_(None),
    User.two_factor_since > bindparam("now", type_=MOMENT),  # then the clock was ahead when it was turned on
    Session.second_factor_at >= User.two_factor_since,
)
IS_KNOWN = (
    select(literal(True))
    .where(
        Session.user_id == User.id,
        Session.browser_hash == bindparam("browser"),
        Session.level.not_in(CODE_DUE),
        or_(User.two_factor != "on", and_(Session.second_factor_at.is_not(None), SINCE_ON)),
    )
    .limit(1)  # rather than EXISTS, which PostgreSQL may answer by reading every session first
    .correlate(User)
    .scalar_subquery()
)
FIND_KNOWN = select(IS_KNOWN).where(User.id == bindparam("owner"))


def here(context: RequestContext) -> dict[str, object]:
    """The parameters of IS_KNOWN. A browser without a token is known to nobody."""
    return {"browser": token_hash(context.browser or ""), "now": context.now}


def is_known_browser(context: RequestContext, user: User) -> bool:
    """Whether `user` completed a sign-in in this browser before (IS_KNOWN); one query, none if the browser has no token."""
    if not context.browser:
        return False
    return bool(db.session.scalar(FIND_KNOWN, {"owner": user.id, **here(context)}))


def forgetting(which: ColumnElement[bool]) -> Update:
    """SQL: makes the browsers of those of the user's sessions new again. For `forget_browsers`."""
    own = Session.user_id == bindparam("owner")
    theirs = select(Session.browser_hash).where(own, Session.browser_hash != bindparam("browser"), which)
    return update(Session).where(own, Session.browser_hash.in_(theirs)).values(browser_hash=None, browser_known=False)


def forget_browsers(context: RequestContext, user_id: int, forget: Update, **values: object) -> None:
    """Make browsers of the user new again by a statement of `forgetting`, in the open transaction; never the one that asks for it.

    Whoever was there is a stranger from now on, and the next sign-in there is announced as one from a new browser.
    """
    change(forget, {"owner": user_id, "browser": token_hash(context.browser or ""), **values})
