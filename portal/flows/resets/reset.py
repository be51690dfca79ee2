"""The reset itself: it voids every factor and session, and an emailed link and the password together lead to set-up (rule 1)."""

from sqlalchemy import select, update

from portal.crypto import SealBroken, token_hash
from portal.db import begin_write, change, db
from portal.flows.base import links, recovery_cases
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.flows.messages import notices
from portal.flows.practice.administrators import has_administrator
from portal.flows.resets.end_access import end_access
from portal.flows.sign_in import link_password
from portal.flows.sign_in.sign_in import BegunSession
from portal.models import Link, ResetRequest, User
from portal.settings import config
from portal.words.refusals import Refused

EVENT = "two_factor_reset"
STOPPING_NOTICES = (EVENT, "reset_asked")  # notices whose "This wasn't me" stops a reset


def link_address(context: RequestContext, user: User) -> str | None:
    """The address that the link goes to: the account's own, which is confirmed (AD-1)."""
    try:
        return user.unseal(context.keys, "email")
    except SealBroken:
        return None


def reset_two_factor(context: RequestContext, request: ResetRequest) -> bool:
    """Do everything that a reset consists of, in the open transaction. The caller checks the right to ask.

    False if the account has changed since the request, by another reset or by its owner; one UPDATE settles the race.
    """
    is_there = User.practice_id.is_not_distinct_from(request.practice_id)
    ended = end_access(context, request.subject_id, request.generation, EVENT, is_there)
    if ended is None:
        return False
    user, factor = ended
    address = link_address(context, user)
    if address is None:
        return False
    recovery_cases.end_case(context, user.id, recovery_cases.LAPSED)  # the link of the reset is the way back now
    token = links.make_link(context, user, links.RESET, config.RESET_LINK_LIFE)
    notices.queue_notice(context, user, "reset_link", link=token, to=address)
    record_event(context, EVENT, about=user, factor=factor, case_id=request.id)
    # The email names the person who did it. The reason is free text, so it is under Recent activity only: others may read email.
    approver = context.user.full_name if context.user.user_id != request.asked_by_id else ""
    notices.queue_notice(context, user, EVENT, by=db.session.get_one(User, request.asked_by_id).full_name, approved_by=approver)
    return True


# --- signing in again


def owner_of_reset_link(context: RequestContext, token: str) -> tuple[Link, User]:
    """The link, and the account that it sets up again. Read-only. Raises Refused."""
    link = links.read_link(context, token, links.RESET)
    user = db.session.get_one(User, link.user_id, populate_existing=True)
    if user.two_factor != "reset" or user.disabled_at is not None:
        raise Refused("link_used")
    return link, user


def owner_has_administrator(token: str) -> bool:
    """Whether whoever was sent the link, live or not, can turn to an administrator of their practice; False if there is no such link."""
    owner = db.session.scalar(select(User).join(Link).where(Link.token_hash == token_hash(token), Link.purpose == links.RESET))
    return owner is not None and has_administrator(owner)


def sign_in_by_reset_link(context: RequestContext, token: str, password: str) -> BegunSession:
    """Begin a session with link and password together. While the account is reset, the guards let it reach set-up alone.

    The link is spent when set-up is complete, so that a closed tab costs no new reset. Raises Refused.
    """
    link, user = owner_of_reset_link(context, token)
    user_id = user.id
    link_password.check_password(context, user, password, link.token_hash, "authn_login_fail", "reset_link")
    begin_write()
    user = db.session.get_one(User, user_id, with_for_update=True, populate_existing=True)
    try:
        owner_of_reset_link(context, token)
    except Refused:
        db.session.rollback()
        raise
    begun = link_password.begin_link_session(context, user, link, "reset_link")
    db.session.commit()
    return begun


# --- "This wasn't me"


def stop_reset(context: RequestContext, user: User) -> None:
    """Void the reset's link and refuse pending requests, on the person's own word; part of the open transaction."""
    links.void_links(context, user.id, links.RESET)
    pending = update(ResetRequest).where(ResetRequest.subject_id == user.id, ResetRequest.status == "waiting")
    change(pending.values(status="refused", decided_at=context.now))
    record_event(context, "two_factor_reset_refused", about=user, reason=notices.NOT_ME)
