""" "I lost my phone": with the password alone, the codes of every authenticator stop at once (RC-9), and can come back.

Who finds the phone takes them back with a second factor that works, on the Security page, or by the emailed link together with the
password (`flows/sign_in/found_phone.py`): so a thief who knows the password costs the owner a minute, and one who has the phone with the
mailbox on it gains nothing: a password that rests on the mailbox takes nothing back.
"""

from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from portal.db import begin_write, change, is_one_of, read
from portal.flows.base import links, recent_changes
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_CLAIMANT, LEVEL_EMERGENCY, LEVEL_WAITING, RequestContext
from portal.flows.factors import code_sets, holdings
from portal.flows.factors.on_file import unseal_contact
from portal.flows.messages import notices, send_code
from portal.flows.sessions import sessions, trusted_browsers
from portal.models import Authenticator, SentCode, Session, User
from portal.settings import config
from portal.words.refusals import Refused

FOUND_LINK = "phone_found"  # a link's purpose
REASON = "phone_lost"  # why sessions and trust end
HELD = (Authenticator.user_id == bindparam("owner"), Authenticator.suspended_at.is_not(None))
SUSPENDED_SINCE = select(func.min(Authenticator.suspended_at)).where(*HELD)
SUSPEND = (
    update(Authenticator)
    .where(Authenticator.user_id == bindparam("owner"), Authenticator.suspended_at.is_(None))
    .values(suspended_at=bindparam("now"))
)
RESTORE = update(Authenticator).where(*HELD).values(suspended_at=None)
OF_ALL_AUTHENTICATORS = send_code.voiding(
    SentCode.authenticator_id.in_(select(Authenticator.id).where(Authenticator.user_id == bindparam("whose")))
)
# What was begun without the phone stays; emergency access was asked for without it, and has an end of its own.
WITHOUT_CODE = (LEVEL_CLAIMANT, LEVEL_WAITING, LEVEL_EMERGENCY)
END_COMPLETE = sessions.END_ALL.where(~is_one_of(Session.level, WITHOUT_CODE))


def suspended_since(context: RequestContext) -> datetime | None:
    """When the visitor reported the phone as lost, if codes are on hold since."""
    since: datetime | None = read(SUSPENDED_SINCE, {"owner": context.user.user_id}).scalar()
    return since


def report_lost(context: RequestContext) -> None:
    """Suspend all of the visitor's authenticators, and end what the phone may have open; tell all addresses. Idempotent."""
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    if not change(SUSPEND, {"owner": user.id, "now": context.now}):
        session.rollback()
        return
    send_code.void_codes(context, OF_ALL_AUTHENTICATORS, user.id)
    trusted_browsers.end_trust(context, user.id, REASON)
    change(END_COMPLETE, {"owner": user.id, **sessions.ending(context, REASON)})
    record_event(context, "authenticator_suspended")
    left, has_keys = code_sets.count_unused(user.id), holdings.has_keys(user.id)
    notices.queue_notice(context, user, "phone_lost", link=new_link(context, user), left=left, has_keys=has_keys)
    session.commit()


def new_link(context: RequestContext, user: User) -> str:
    """The token of a new link that takes the codes back; the older ones end."""
    links.void_links(context, user.id, FOUND_LINK)
    return links.make_link(context, user, FOUND_LINK, config.FOUND_LINK_LIFE)


def mail_link_again(context: RequestContext) -> None:
    """Email the account's own address another link. Raises Refused: "link_mailbox", "mails_many", "unblock_no_address"."""
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    address = unseal_contact(context, user, "email")
    if not address or links.has_many_links(context, user.id, FOUND_LINK) or suspended_since(context) is None:
        session.rollback()
        raise Refused("mails_many" if address else "unblock_no_address")
    if recent_changes.rests_on_mailbox(context, user.id):
        session.rollback()
        raise Refused("link_mailbox")
    record_event(context, "authenticator_restore_asked")
    has_keys = holdings.has_keys(user.id)
    notices.queue_notice(context, user, "phone_found", link=new_link(context, user), to=address, has_keys=has_keys)
    session.commit()


def take_back(context: RequestContext) -> None:
    """Let the visitor's codes work again; the blueprint has required step-up, by a backup code. Idempotent."""
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    if restore(context, user, "session"):
        session.commit()
    else:
        session.rollback()


def restore(context: RequestContext, user: User, reason: str) -> bool:
    """Let the user's codes work again, in the open transaction; False if none are on hold. The caller has locked the user's row."""
    if not change(RESTORE, {"owner": user.id}):
        return False
    links.void_links(context, user.id, FOUND_LINK)
    record_event(context, "authenticator_restored", about=user, reason=reason)
    notices.queue_notice(context, user, "phone_restored", has_keys=holdings.has_keys(user.id))
    return True
