""" "This wasn't me": the answer to a notice about something that someone else did."""

from sqlalchemy import ColumnElement, delete, or_, true, update

from portal import clock
from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.emergency import grants
from portal.flows.messages.notices import NOT_ME, find_row_by_token
from portal.flows.practice.administrators import has_administrator
from portal.flows.resets import reset
from portal.flows.sessions import sessions
from portal.flows.sessions.known_browsers import forget_browsers, forgetting
from portal.models import Binding, Outbox, Session, TrustedBrowser, User
from portal.policy import policy_of
from portal.settings import config
from portal.words.refusals import Refused

# Notices of what the password alone can cause. Their owner may have no code, so no sign-in is required.
AT_ONCE = ("new_browser", "new_browser_asked", "emergency_asked", "emergency_approved")


def read_notice(context: RequestContext, token: str) -> Outbox:
    """The notice behind the link. Read-only. Raises Refused: "link_unknown", "not_me_used", "not_me_expired"."""
    row_id = find_row_by_token(context.keys, token, NOT_ME)
    notice = db.session.get(Outbox, row_id, populate_existing=True) if row_id else None
    if notice is None:
        raise Refused("link_unknown")
    if notice.answered_at is not None:
        raise Refused("not_me_used")
    if not clock.is_ahead(notice.created_at + config.NOT_ME_LIFE, context.now, config.NOT_ME_LIFE):
        raise Refused("not_me_expired")
    return notice


def ends_at_once(notice: Outbox) -> bool:
    """Whether the answer needs no sign-in, since misuse of the link would do little harm.

    Ending sessions costs the owner a sign-in at most. Stopping a reset costs a link, which can be requested again; nor could its
    owner sign in to stop it.
    """
    return notice.template in AT_ONCE or is_about_reset(notice)


def is_about_reset(notice: Outbox) -> bool:
    """Whether it announced a reset or a request for one."""
    return notice.template in reset.STOPPING_NOTICES


def owner_may_trust(notice: Outbox) -> bool:
    """Whether the notice's owner can have trusted browsers; if not, the page does not mention them."""
    return policy_of(owner_role(notice)).may_trust_browsers


def owner_role(notice: Outbox) -> str:
    return db.session.get_one(User, notice.user_id).role


def owner_has_administrator(notice: Outbox) -> bool:
    """Whether the notice's owner can turn to an administrator of their practice."""
    return has_administrator(db.session.get_one(User, notice.user_id))


def asks_sign_in(context: RequestContext, notice: Outbox) -> bool:
    """Whether the notice's owner has to sign in first."""
    visitor = context.visitor
    return not ends_at_once(notice) and (visitor is None or visitor.owes_code or visitor.user_id != notice.user_id)


def somebody_elses(notice: Outbox) -> ColumnElement[bool]:
    """SQL: the sessions that may be somebody else's: all, or without a sign-in those in browsers that are new since the notice."""
    if not ends_at_once(notice):
        return true()
    since = notice.created_at
    # One that waited for a confirmation showed its code before the notice, and got its full life with the yes (decision 43).
    was_renewed = Session.ends_at >= since + config.SESSION_LIFE
    is_since = or_(Session.created_at >= since, Session.second_factor_at >= since, was_renewed)
    return Session.browser_known.is_(False) & is_since


def answer_not_me(context: RequestContext, token: str) -> None:
    """End the person's trusted browsers and sessions, except the one that signed in to answer, and forget their browsers.

    Raises Refused.
    """
    begin_write()
    notice = read_notice(context, token)
    if asks_sign_in(context, notice):
        raise Refused("sign_in_first")
    unanswered = update(Outbox).where(Outbox.id == notice.id, Outbox.answered_at.is_(None))
    if change(unanswered.values(answered_at=context.now)) != 1:
        raise Refused("not_me_used")
    but = None if ends_at_once(notice) else context.user.session_id
    sessions.end_all_sessions(context, notice.user_id, NOT_ME, but)
    forget_browsers(context, notice.user_id, forgetting(somebody_elses(notice)))
    trusted = update(TrustedBrowser).where(TrustedBrowser.user_id == notice.user_id, TrustedBrowser.ended_at.is_(None))
    change(trusted.values(ended_at=context.now))
    change(delete(Binding).where(Binding.user_id == notice.user_id))  # someone else may have seen the pending secret
    user = db.session.get_one(User, notice.user_id)
    record_event(context, "session_end", about=user, reason=NOT_ME)
    grants.stop_emergency_access(context, user, NOT_ME)
    if is_about_reset(notice):
        reset.stop_reset(context, user)
    db.session.commit()
