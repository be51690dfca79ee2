"""What an operator ends from the terminal: the sessions of one person or of everybody, or the use of an account (SE-10)."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Select, func, select, update

from portal.db import begin_write, change, db
from portal.flows.base.context import RequestContext
from portal.flows.base.passwords import normalize_username
from portal.flows.operator.operator_events import record_by_operator
from portal.models import Session, TrustedBrowser, User
from portal.settings import config

BY_OPERATOR = "by_operator"  # why these sessions end: what the sign-in page and Recent activity say
LIVE = Session.ended_at.is_(None)
TRUSTED = TrustedBrowser.ended_at.is_(None)


class Ended(NamedTuple):
    """How many sessions and trusted browsers were ended."""

    sessions: int
    browsers: int


def find_user(username: str) -> User | None:
    """The account, locked until the open transaction ends; None if there is none of that name."""
    named = select(User).where(User.username == normalize_username(username)).with_for_update()
    return begin_write().scalar(named)


def end_sessions(context: RequestContext, username: str) -> Ended | None:
    """End one person's sessions and trusted browsers; None if nobody has that username."""
    user = find_user(username)
    if user is None:
        db.session.rollback()
        return None
    ended = end_both(context, user)
    if ended.sessions:
        record_by_operator(context, "session_end", user, BY_OPERATOR)
    db.session.commit()
    return ended


def end_both(context: RequestContext, user: User, reason: str = BY_OPERATOR) -> Ended:
    """End a person's sessions, claims included, and trusted browsers, in the open transaction."""
    sessions = update(Session).where(Session.user_id == user.id, LIVE).values(ended_at=context.now, ended_reason=reason)
    browsers = update(TrustedBrowser).where(TrustedBrowser.user_id == user.id, TRUSTED).values(ended_at=context.now)
    return Ended(change(sessions), change(browsers))


def count_live(context: RequestContext) -> Ended:
    """How many sessions and trusted browsers there are to end."""
    sessions = select(func.count()).select_from(Session).where(LIVE, Session.created_at <= context.now)
    browsers = select(func.count()).select_from(TrustedBrowser).where(TRUSTED, TrustedBrowser.created_at <= context.now)
    return Ended(db.session.scalar(sessions) or 0, db.session.scalar(browsers) or 0)


def people_with_any(context: RequestContext) -> Select[User]:
    """SQL: some of those who have something to end that began before this run, locked."""
    in_session = select(Session.user_id).where(LIVE, Session.created_at <= context.now)
    trusting = select(TrustedBrowser.user_id).where(TRUSTED, TrustedBrowser.created_at <= context.now)
    return select(User).where(User.id.in_(in_session.union(trusting))).limit(config.SWEEP_ROWS).with_for_update()


def end_all_sessions(context: RequestContext, advance: Callable[[int], None]) -> Ended:
    """End everybody's sessions and trusted browsers, some hundreds of people in a transaction. May be stopped and run again.

    `advance` is told how many sessions each transaction has ended.
    """
    total = Ended(0, 0)
    while people := begin_write().scalars(people_with_any(context)).all():
        before = total.sessions
        for user in people:
            ended = end_both(context, user)
            total = Ended(total.sessions + ended.sessions, total.browsers + ended.browsers)
            if ended.sessions:
                record_by_operator(context, "session_end", user, BY_OPERATOR)
        db.session.commit()
        advance(total.sessions - before)
    db.session.rollback()
    return total


def set_disabled(context: RequestContext, username: str, is_off: bool) -> bool | None:
    """Disable an account, which ends its sessions at once, or enable it again. False if it was so already, None if there is none."""
    user = find_user(username)
    if user is None or (user.disabled_at is not None) == is_off:
        db.session.rollback()
        return None if user is None else False
    user.disabled_at = context.now if is_off else None
    if is_off:
        end_both(context, user, "signed_out")
        record_by_operator(context, "account_disabled", user)
    else:
        record_by_operator(context, "account_enabled", user)
    db.session.commit()
    return True
