"""A new password: by a mailed link for who forgot the old one, or from inside for who knows it (PW-9, RC-7, product rule 12)."""

import hmac

from sqlalchemy import delete, or_, select, update

from portal import passwords
from portal.answers import Answer
from portal.crypto import SealBroken
from portal.db import begin_write, change, db, end_read
from portal.flows.base import links
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.passwords import normalize_username
from portal.flows.factors import reauthenticate
from portal.flows.messages import notices
from portal.flows.messages.notices import outbox_place
from portal.flows.sessions import sessions
from portal.models import Binding, Link, TrustedBrowser, User, fold_email
from portal.settings import config
from portal.words.refusals import Refused

FORGOT = "new_password"  # the purpose of its links


# --- forgotten


def ask_password_link(context: RequestContext, typed: str) -> None:
    """Mail a link to whoever that username or address belongs to. The caller learns nothing, and a stranger nothing from the time."""
    begin_write()
    found = find_accounts(context, typed)
    mailed = [queue_password_link(context, user) for user in found]
    if not any(mailed):
        spend_equal_work(context)
    if not found:
        record_event(context, "password_forgotten", reason="nobody", refused=True)
    db.session.commit()


def find_accounts(context: RequestContext, typed: str) -> list[User]:
    """The accounts meant: one by its username, or those that share an address."""
    by_address = User.email_hash.in_(context.keys.look_up_hashes(fold_email(typed)))
    meant = select(User).where(or_(User.username == normalize_username(typed), by_address)).order_by(User.id).with_for_update()
    return list(db.session.scalars(meant.limit(config.ACCOUNTS_PER_ADDRESS)))


def queue_password_link(context: RequestContext, user: User) -> bool:
    """Queue one mail, unless the account had several lately or may not be opened this way; nothing is locked by it (RL-7)."""
    address = own_address(context, user)
    reason = "mails_many" if links.has_many_links(context, user.id, FORGOT) else None
    if address is None or not may_reset(user):
        reason = "not_possible"
    record_event(context, "password_forgotten", about=user, reason=reason, refused=reason is not None)
    if address is None or reason:
        return False
    token = links.make_link(context, user, FORGOT, config.PASSWORD_LINK_LIFE)
    notices.queue_notice(context, user, "password_forgotten", link=token, to=address, username=user.username)
    return True


def may_reset(user: User) -> bool:
    """A closed account has no password to forget; in one that was reset, the address and the password are two proofs (rule 1)."""
    return user.disabled_at is None and user.two_factor != "reset"


def own_address(context: RequestContext, user: User) -> str | None:
    try:
        return user.unseal(context.keys, "email")
    except SealBroken:
        return None


def spend_equal_work(context: RequestContext) -> None:
    """The work of a mail and a link, for nobody (EN-2): the hash that finds nothing, two seals, as many questions."""
    links.has_many_links(context, 0, FORGOT)
    for column in ("to", "body"):
        context.keys.seal("nobody@example.test", outbox_place("nobody", column))


def owner_of_password_link(context: RequestContext, token: str) -> tuple[Link, User]:
    """The link and whose password it changes; changes nothing. Raises Refused."""
    link = links.read_link(context, token, FORGOT)
    user = db.session.get_one(User, link.user_id)
    if not may_reset(user):
        raise Refused("link_used")
    return link, user


def set_password_by_link(context: RequestContext, token: str, password: str) -> None:
    """Change the password by a link, once. Nobody is signed in by it, and the second factor stays. Raises Refused."""
    link, user = owner_of_password_link(context, token)
    stored = hash_new_password(password, user.username)
    session = begin_write()
    try:
        links.spend_link(context, link)
    except Refused:
        session.rollback()
        raise
    store_password(context, session.get_one(User, user.id), stored, factor="link")
    session.commit()


# --- known


def change_own_password(context: RequestContext, current: str, answer: Answer | None, password: str) -> str:
    """Change the visitor's password; returns this session's new token. Every other session ends.

    The new one is looked at first, so that no code is spent on one that is refused. Raises Refused.
    """
    stored = hash_new_password(password, context.who.username)
    reauthenticate.check_password(context, current, reauthenticate.EVENT)
    if hmac.compare_digest(current.encode(), password.encode()):
        raise Refused("password_same")
    token = reauthenticate.renew_with_proof(context, answer)
    session = begin_write()
    store_password(context, session.get_one(User, context.who.user_id), stored, factor="password", but=context.who.session_id)
    session.commit()
    return token


def hash_new_password(password: str, username: str) -> str:
    """The argon2 string of a password that may be set, made outside of any transaction. Raises Refused (PW-1 to PW-5)."""
    reason = passwords.refusal(password, username)
    if reason:
        raise Refused(reason)
    db.session.expunge_all()
    end_read()
    return passwords.hash_password(password)


def store_password(context: RequestContext, user: User, stored: str, factor: str, but: int | None = None) -> None:
    """Store it, and end what the old one opened: sessions, trusted browsers, open links, a set-up under way."""
    user.seal(context.keys, "password", stored)
    user.generation += 1
    db.session.flush()
    trusted = update(TrustedBrowser).where(TrustedBrowser.user_id == user.id, TrustedBrowser.ended_at.is_(None))
    change(trusted.values(ended_at=context.now))
    sessions.end_all_sessions(context, user.id, "password_changed", but)
    links.void_links(context, user.id)
    change(delete(Binding).where(Binding.user_id == user.id))
    record_event(context, "password_changed", about=user, factor=factor)
    notices.queue_notice(context, user, "password_changed")
