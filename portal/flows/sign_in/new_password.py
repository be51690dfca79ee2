"""A new password: by an emailed link if the old one is forgotten, or on the Security page if it is known (PW-9, RC-7, rule 12)."""

import hmac

from sqlalchemy import bindparam, delete, or_, select

from portal import passwords
from portal.answers import Answer
from portal.crypto import SealBroken
from portal.db import begin_write, change, db, end_read
from portal.flows.base import limits, links, recovery_cases, throttle
from portal.flows.base.audit import count_event, record_event
from portal.flows.base.context import RequestContext
from portal.flows.base.passwords import normalize_username
from portal.flows.factors import reauthenticate
from portal.flows.messages import notices
from portal.flows.sessions import sessions
from portal.flows.sessions.trusted_browsers import END_TRUST
from portal.models import Binding, Link, User, fold_email
from portal.settings import config
from portal.words.refusals import Refused

PASSWORD_LINK = "new_password"  # noqa: S105 (a link's purpose)
HAS_ADDRESS = User.email_hash.in_(bindparam("hashes", expanding=True))
FIND_ACCOUNTS = (
    select(User)
    .where(or_(User.username == bindparam("name"), HAS_ADDRESS))
    .order_by(User.id)
    .with_for_update()
    .limit(config.ACCOUNTS_PER_ADDRESS)
)
DELETE_BINDINGS = delete(Binding).where(Binding.user_id == bindparam("owner"))


# --- forgotten


def ask_password_link(context: RequestContext, typed: str) -> None:
    """Email a link to the accounts with that username or address.

    Nothing tells the caller, not even the timing, whether there is one (user enumeration, EN-2): an unknown name costs the same work,
    which is an event, a look for a live link, and two seals. Nobody is ever refused (RL-7): a live link is emailed again.
    """
    begin_write()
    users = find_accounts(context, typed)
    queued = [queue_password_link(context, user) for user in users]
    if not any(queued):
        spend_equal_work(context)
    if not users:
        record_event(context, "password_forgotten", reason="nobody", refused=True)
    db.session.commit()


def find_accounts(context: RequestContext, typed: str) -> list[User]:
    """The account with that username, and those that share that email address; their rows are locked."""
    own = {"name": normalize_username(typed), "hashes": context.keys.look_up_hashes(fold_email(typed))}
    return list(db.session.scalars(FIND_ACCOUNTS, own))


def queue_password_link(context: RequestContext, user: User) -> bool:
    """Queue one email; False within five minutes of one with the same live link, or if the account cannot be recovered by email."""
    address = own_address(context, user)
    if address is None or not may_reset(user):
        count_event(context, "password_forgotten", "not_possible", about=user)
        return False
    token = token_to_mail(context, user)
    if token is None:
        count_event(context, "password_forgotten", "mailed_lately", about=user)
        return False
    record_event(context, "password_forgotten", about=user)
    notices.queue_notice(context, user, "password_forgotten", link=token, to=address, username=user.username)
    return True


def token_to_mail(context: RequestContext, user: User) -> str | None:
    """The token of the account's live link, or of a new one if none lives; None if the live one was emailed in the last five minutes."""
    link, token = links.find_mailable_link(context, user.id, PASSWORD_LINK) or (None, "")
    if link and links.was_mailed_lately(context, link):
        return None
    if link and links.mail_again(context, link, config.PASSWORD_LINK_LIFE):
        return token
    return links.make_mailable_link(context, user, PASSWORD_LINK, config.PASSWORD_LINK_LIFE)


def may_reset(user: User) -> bool:
    """Not for a closed account, nor for one that was reset: there the email link and the password are the two proofs (rule 1)."""
    return user.disabled_at is None and user.two_factor != "reset"


def own_address(context: RequestContext, user: User) -> str | None:
    try:
        return user.unseal(context.keys, "email")
    except SealBroken:
        return None


def spend_equal_work(context: RequestContext) -> None:
    """Do the work of an email and a link that nobody gets: the same queries and two seals (EN-2)."""
    links.find_mailable_link(context, 0, PASSWORD_LINK)
    notices.spend_equal_work(context)


def owner_of_password_link(context: RequestContext, token: str) -> tuple[Link, User]:
    """The link, and the account whose password it sets. Read-only. Raises Refused."""
    link = links.read_link(context, token, PASSWORD_LINK)
    user = db.session.get_one(User, link.user_id)
    if not may_reset(user):
        raise Refused("link_used")
    return link, user


def set_password_by_link(context: RequestContext, token: str, password: str) -> None:
    """Set a password by a single-use link. This signs nobody in, and the second factor stays. Raises Refused.

    Each one is charged before it is weighed, because the link is spent by an acceptable one only.
    """
    link, user = owner_of_password_link(context, token)
    own, username = link.token_hash, user.username
    reason = passwords.shape_refusal(password)
    if reason:
        raise Refused(reason)
    tries = limits.make_limit(context.keys, config.LINK_PASSWORDS, config.LINK_PASSWORDS_IN, PASSWORD_LINK, own)
    with passwords.place_in_line(own):
        limits.charge_at_once(context, [tries])
        stored = hash_new_password(password, username)
    begin_write()
    try:
        link, user = owner_of_password_link(context, token)
        links.spend_link(context, link)
    except Refused:
        db.session.rollback()
        raise
    store_password(context, user, stored, factor="link")
    db.session.commit()


# --- known


def change_own_password(context: RequestContext, current: str, answer: Answer | None, password: str) -> str:
    """Change the visitor's password; returns this session's new token. Every other session ends.

    The new password's length is checked before the current one is charged, and the rest after that was right: only its owner makes us
    weigh and hash. The code comes last, so that a refusal spends none. Raises Refused.
    """
    reason = passwords.shape_refusal(password)
    if reason:
        raise Refused(reason)
    with passwords.place_in_line(context.user.token_hash):
        reauthenticate.check_password(context, current, reauthenticate.EVENT)
        if hmac.compare_digest(current.encode(), password.encode()):
            raise Refused("password_same")
        stored = hash_new_password(password, context.user.username)
    token = reauthenticate.renew_with_proof(context, answer)
    session = begin_write()
    user = session.get_one(User, context.user.user_id)
    store_password(context, user, stored, factor="password", keep_session_id=context.user.session_id)
    session.commit()
    return token


def hash_new_password(password: str, username: str) -> str:
    """The argon2 string of an acceptable password, made outside of any transaction. Raises Refused (PW-1 to PW-5), HashingBusy."""
    db.session.expunge_all()
    end_read()
    reason = passwords.refusal(password, username)
    if reason:
        raise Refused(reason)
    return passwords.hash_password(password)


def store_password(context: RequestContext, user: User, stored: str, factor: str, keep_session_id: int | None = None) -> None:
    """Store the hash, and end what the old password opened: sessions, trusted browsers, open links, a pending set-up.

    Pauses end, too: whoever began them knew the old password. The failures stay, and with them each authenticator's hundred (RL-1).
    """
    user.seal(context.keys, "password", stored)
    user.generation += 1
    throttle.end_pauses(user)
    db.session.flush()
    change(END_TRUST, {"owner": user.id, "now": context.now})
    sessions.end_all_sessions(context, user.id, "password_changed", keep_session_id)
    links.void_links(context, user.id)
    recovery_cases.follow_new_password(context, user.id)
    # The pending secret may have been shown to someone who knew the old password.
    change(DELETE_BINDINGS, {"owner": user.id})
    record_event(context, "password_changed", about=user, factor=factor)
    notices.queue_notice(context, user, "password_changed")
