""" "I lost my phone": with the password alone, the codes of every authenticator stop at once (RC-9), and can come back.

Who finds the phone takes them back with a second factor that works, on the Security page, or by the emailed link together with the
password (`flows/sign_in/found_phone.py`): so a thief who knows the password costs the owner a minute, and one who has the phone with the
mailbox on it gains nothing: a password that rests on the mailbox takes nothing back.
"""

from datetime import datetime

from sqlalchemy import func, select, update

from portal.db import begin_write, change, db
from portal.flows.base import links, recent_changes
from portal.flows.base.audit import record_event
from portal.flows.base.context import CLAIMS, LEVEL_EMERGENCY, RequestContext
from portal.flows.factors import code_sets
from portal.flows.factors.on_file import unseal_contact
from portal.flows.messages import notices, send_code
from portal.flows.sessions import sessions, trusted_browsers
from portal.models import Authenticator, SentCode, Session, User
from portal.settings import config
from portal.words.refusals import Refused

FOUND_LINK = "phone_found"  # a link's purpose
REASON = "phone_lost"  # why sessions and trust end


def suspended_since(context: RequestContext) -> datetime | None:
    """When the visitor reported the phone as lost, if codes are on hold since."""
    own = (Authenticator.user_id == context.user.user_id, Authenticator.suspended_at.is_not(None))
    return db.session.scalar(select(func.min(Authenticator.suspended_at)).where(*own))


def report_lost(context: RequestContext) -> None:
    """Suspend all of the visitor's authenticators, and end what the phone may have open; tell all addresses. Idempotent."""
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    working = update(Authenticator).where(Authenticator.user_id == user.id, Authenticator.suspended_at.is_(None))
    if not change(working.values(suspended_at=context.now)):
        session.rollback()
        return
    own = select(Authenticator.id).where(Authenticator.user_id == user.id)
    send_code.void_codes(context, SentCode.authenticator_id.in_(own))
    trusted_browsers.end_trust(context, user.id, REASON)
    # Emergency access was asked for without the phone, and has an end of its own.
    complete = (Session.user_id == user.id, Session.level.not_in((*CLAIMS, LEVEL_EMERGENCY)), Session.ended_at.is_(None))
    change(sessions.end_sessions_where(context, REASON).where(*complete))
    record_event(context, "authenticator_suspended")
    notices.queue_notice(context, user, "phone_lost", link=new_link(context, user), left=code_sets.count_unused(user.id))
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
    notices.queue_notice(context, user, "phone_found", link=new_link(context, user), to=address)
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
    held = update(Authenticator).where(Authenticator.user_id == user.id, Authenticator.suspended_at.is_not(None))
    if not change(held.values(suspended_at=None)):
        return False
    links.void_links(context, user.id, FOUND_LINK)
    record_event(context, "authenticator_restored", about=user, reason=reason)
    notices.queue_notice(context, user, "phone_restored")
    return True
