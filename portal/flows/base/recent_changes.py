"""Changes of an account that are so young that what changed proves nothing yet about who is there (AD-3, RC-1)."""

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from portal import clock
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.models import Event
from portal.settings import config

NUMBER = "phone_changed"  # the event of a new number on file
ADDRESSES = ("email_changed", "notice_address_added", "notice_address_removed")
CONTACTS = (NUMBER, *ADDRESSES)
BY_MAIL = (Event.event == "password_changed", Event.factor == "link")
# What shows that the password is its owner's: a sign-in with a second factor, or a new password from within a session.
BOUND = or_(
    and_(Event.event == "authn_login_success", Event.factor != "password"),
    and_(Event.event == "password_changed", Event.factor != "link"),
)


def has_changed(context: RequestContext, user_id: int, *events: str) -> bool:
    """Whether one of these changes was made to the account within 72 hours."""
    return bool(db.session.scalar(select(exists().where(*of_account(context, user_id), Event.event.in_(events)))))


def has_mailed_password(context: RequestContext, user_id: int) -> bool:
    """Whether the password was set by email within 72 hours: until then it shows the mailbox once more, and nothing else."""
    return bool(db.session.scalar(select(exists().where(*of_account(context, user_id), *BY_MAIL))))


def rests_on_mailbox(context: RequestContext, user_id: int) -> bool:
    """Whether the password shows the mailbox once more: set by email within 72 hours, or not used with a second factor since.

    Time alone makes it no proof: whoever reads the mailbox could set it, and wait.
    """
    own = (Event.subject_id == user_id, Event.result == "ok")
    newest = db.session.scalar(select(func.max(Event.id)).where(*own, *BY_MAIL))
    if newest is None:
        return False
    return has_mailed_password(context, user_id) or not db.session.scalar(select(exists().where(*own, Event.id > newest, BOUND)))


def of_account(context: RequestContext, user_id: int) -> tuple[ColumnElement[bool], ...]:
    """SQL: the account's events within 72 hours."""
    return Event.subject_id == user_id, clock.since(Event.at, context.now, config.CONTACT_RESTS), Event.result == "ok"
