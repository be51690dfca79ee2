"""Unblocking an authenticator after a hundred wrong codes: with password, a second factor that works, and the mailbox together (RC-1).

A session has shown the first two within five minutes (RA-1): the second by a backup code, or in a browser known to the person, where
strangers' codes do not count. The emailed link shows the third, and opens nothing alone.
"""

from sqlalchemy import bindparam, select, update

from portal.db import begin_write, change, db
from portal.flows.base import links, throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.factors.on_file import unseal_contact
from portal.flows.messages import notices
from portal.models import Authenticator, Link, User
from portal.settings import config
from portal.words.refusals import Refused

UNBLOCK_LINK = "unblock"  # a link's purpose
BLOCKED = select(Authenticator).where(
    Authenticator.id == bindparam("own"), Authenticator.user_id == bindparam("owner"), throttle.STRANGERS.blocked
)
CLEAR = (
    update(Authenticator)
    .where(Authenticator.id == bindparam("own"))
    .values(failures=0, own_failures=0, strangers_disabled_at=None, disabled_at=None)
)


def find_blocked(context: RequestContext, authenticator_id: str) -> Authenticator | None:
    """The visitor's authenticator with that id if it is blocked, in new browsers or everywhere; else None."""
    return db.session.scalar(BLOCKED, {"owner": context.user.user_id, "own": authenticator_id})


def ask_unblock(context: RequestContext, authenticator_id: str) -> bool:
    """Email the visitor a link that unblocks the authenticator; False if it is not blocked. The blueprint has required step-up.

    Raises Refused("mails_many"), Refused("unblock_no_address").
    """
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True)  # serializes the counts of concurrent requests
    row, address = find_blocked(context, authenticator_id), unseal_contact(context, user, "email")
    if row is None or not address or links.has_many_links(context, user.id, UNBLOCK_LINK):
        session.rollback()
        if row is None:
            return False
        raise Refused("mails_many" if address else "unblock_no_address")
    links.void_links(context, user.id, UNBLOCK_LINK)
    token = links.make_link(context, user, UNBLOCK_LINK, config.UNBLOCK_LINK_LIFE, authenticator=row.id)
    notices.queue_notice(context, user, "unblock_asked", link=token, to=address)
    record_event(context, "authenticator_unblock_asked", factor=row.method)
    session.commit()
    return True


def read_unblock_link(context: RequestContext, token: str) -> tuple[Link, Authenticator]:
    """The visitor's link and the authenticator that it unblocks. Read-only. Raises Refused."""
    link = links.read_link(context, token, UNBLOCK_LINK)
    if link.user_id != context.user.user_id:
        raise Refused("link_other")
    row = find_blocked(context, str(link.facts["authenticator"]))
    if row is None:
        raise Refused("link_used")
    return link, row


def unblock(context: RequestContext, token: str) -> None:
    """Let the authenticator work everywhere again; its failures start over. Raises Refused."""
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True)
    try:
        link, row = read_unblock_link(context, token)
        links.spend_link(context, link)
    except Refused:
        session.rollback()
        raise
    change(CLEAR, {"own": row.id})
    record_event(context, "authenticator_unblocked", factor=row.method)
    notices.queue_notice(context, user, "authenticator_unblocked")
    session.commit()
