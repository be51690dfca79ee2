"""Codes that were put on hold work again: the emailed link and the password together (RC-9). It opens nothing by itself."""

from sqlalchemy import bindparam, func, select

from portal.db import begin_write, db
from portal.flows.base import links, recent_changes, throttle
from portal.flows.base.context import RequestContext
from portal.flows.factors import lost_phone
from portal.flows.sign_in import link_password
from portal.models import Authenticator, Link, User
from portal.words.refusals import Refused

EVENT = "authenticator_restored"
COUNT_HELD = select(func.count()).where(Authenticator.user_id == bindparam("owner"), Authenticator.suspended_at.is_not(None))


def owner_of_found_link(context: RequestContext, token: str) -> tuple[Link, User]:
    """The link, and whose codes it takes back. Read-only. Raises Refused.

    "link_mailbox": the password was set by email, so with the link it shows the mailbox twice, and the lost phone may have that open.
    """
    link = links.read_link(context, token, lost_phone.FOUND_LINK)
    if not db.session.scalar(COUNT_HELD, {"owner": link.user_id}):
        raise Refused("link_used")
    if recent_changes.rests_on_mailbox(context, link.user_id):
        raise Refused("link_mailbox")
    return link, db.session.get_one(User, link.user_id, populate_existing=True)


def take_back_by_link(context: RequestContext, token: str, password: str) -> None:
    """Let the codes work again. Raises Refused."""
    link, user = owner_of_found_link(context, token)
    link_password.check_password(context, user, password, link.token_hash, EVENT, "password_wrong")
    begin_write()
    user = db.session.get_one(User, link.user_id, with_for_update=True, populate_existing=True)
    try:
        link, _ = owner_of_found_link(context, token)
        links.spend_link(context, link)
    except Refused:
        db.session.rollback()
        raise
    throttle.clear_failures(context, user, user.password_failures, password_failures=0)
    lost_phone.restore(context, user, "link")
    db.session.commit()
