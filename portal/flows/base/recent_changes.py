"""Changes of an account that are so young that what changed proves nothing yet about who is there (AD-3, RC-1)."""

from sqlalchemy import ColumnElement, exists, select

from portal import clock
from portal.db import db
from portal.flows.base.context import RequestContext
from portal.models import Event
from portal.settings import config

NUMBER = "phone_changed"  # the event of a new number on file
ADDRESSES = ("email_changed", "notice_address_added", "notice_address_removed")
CONTACTS = (NUMBER, *ADDRESSES)


def has_changed(context: RequestContext, user_id: int, *events: str) -> bool:
    """Whether one of these changes was made to the account within 72 hours."""
    return bool(db.session.scalar(select(exists().where(*of_account(context, user_id), Event.event.in_(events)))))


def has_mailed_password(context: RequestContext, user_id: int) -> bool:
    """Whether the password was set by email within 72 hours: until then it shows the mailbox once more, and nothing else."""
    by_mail = (Event.event == "password_changed", Event.factor == "link")
    return bool(db.session.scalar(select(exists().where(*of_account(context, user_id), *by_mail))))


def of_account(context: RequestContext, user_id: int) -> tuple[ColumnElement[bool], ...]:
    """SQL: the account's events within 72 hours."""
    return Event.subject_id == user_id, clock.since(Event.at, context.now, config.CONTACT_RESTS), Event.result == "ok"
