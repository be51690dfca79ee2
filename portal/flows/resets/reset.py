"""The reset itself: it voids every factor and session, and an emailed link and the password together lead to set-up (rule 1)."""

from sqlalchemy import select, update

from portal import passwords
from portal.crypto import SealBroken, token_hash
from portal.db import begin_write, change, db
from portal.flows.base import links, throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_ONE, RequestContext
from portal.flows.base.passwords import load_password_hash
from portal.flows.emergency import grants
from portal.flows.factors import wrong_answers
from portal.flows.factors.turn_off import void_factors
from portal.flows.messages import notices
from portal.flows.practice.administrators import has_administrator
from portal.flows.sessions import sessions
from portal.flows.sign_in.password_limits import announce_browser
from portal.flows.sign_in.sign_in import BegunSession
from portal.models import Link, ResetRequest, TrustedBrowser, User
from portal.settings import config
from portal.words.refusals import Refused

EVENT = "two_factor_reset"
STOPPING_NOTICES = (EVENT, "reset_asked")  # notices whose "This wasn't me" stops a reset
CLEARED_THROTTLE: dict[str, int | None] = {  # counters and pauses go with the factors that they counted
    "code_failures": 0, "own_failures": 0, "backup_failures": 0, "set_up_failures": 0, "password_failures": 0,
    "codes_paused_until": None, "own_paused_until": None,
}  # fmt: skip


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
    if not mark_as_reset(context, request):
        return False
    user = db.session.get_one(User, request.subject_id, populate_existing=True)
    address = link_address(context, user)
    if address is None:
        return False
    factor = void_factors(context, user)
    trusted = update(TrustedBrowser).where(TrustedBrowser.user_id == user.id, TrustedBrowser.ended_at.is_(None))
    change(trusted.values(ended_at=context.now))
    grants.stop_emergency_access(context, user, EVENT)
    sessions.end_all_sessions(context, user.id, EVENT)
    links.void_links(context, user.id)
    token = links.make_link(context, user, links.RESET, config.RESET_LINK_LIFE)
    notices.queue_notice(context, user, "reset_link", link=token, to=address)
    record_event(context, EVENT, about=user, factor=factor, case_id=request.id)
    # The email names the person who did it. The reason is free text, so it is under Recent activity only: others may read email.
    approver = context.user.full_name if context.user.user_id != request.asked_by_id else ""
    notices.queue_notice(context, user, EVENT, by=db.session.get_one(User, request.asked_by_id).full_name, approved_by=approver)
    return True


def mark_as_reset(context: RequestContext, request: ResetRequest) -> bool:
    """Write the account's new state; False if it is no longer as it was at the request."""
    is_unchanged = (
        User.generation == request.generation,
        User.two_factor != "off",
        User.disabled_at.is_(None),
        User.practice_id.is_not_distinct_from(request.practice_id),
    )
    values = {
        "two_factor": "reset",
        "two_factor_since": None,
        "reset_at": context.now,
        "generation": User.generation + 1,
        **CLEARED_THROTTLE,
    }
    return change(update(User).where(User.id == request.subject_id, *is_unchanged).values(values)) == 1


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
    user_id, stored = link.user_id, load_password_hash(context, user)
    with passwords.place_in_line(link.token_hash):
        charge_reset_password(context, user_id)
        is_right = passwords.verify(stored, password)
    begin_write()
    if not is_right:
        raise refuse_wrong_password(context, user_id)
    user = db.session.get_one(User, user_id, with_for_update=True, populate_existing=True)
    try:
        owner_of_reset_link(context, token)
    except Refused:
        db.session.rollback()
        raise
    throttle.clear_failures(context, user, user.password_failures, password_failures=0)
    session_token, row = sessions.begin_session(context, user, LEVEL_ONE, None)
    session_hash = token_hash(session_token)
    record_event(context, "authn_login_success", about=user, session_hash=session_hash, reason="reset_link", factor="password")
    user.last_sign_in_at = context.now
    row.ends_at = min(row.ends_at, link.expires_at)  # the session does not outlive the link (AD-4)
    if not row.browser_known:
        announce_browser(context, user)
    db.session.commit()
    return BegunSession(session_token, asks_code=False, role=user.role)


def charge_reset_password(context: RequestContext, user_id: int) -> None:
    """Charge the attempt before comparing: someone who controls the mailbox must not guess the password here. Raises Refused."""
    begin_write()
    try:
        throttle.charge_attempt(context, user_id, password=True)
    except Refused as refused:
        refuse_link(context, db.session.get_one(User, user_id), refused.reason)
        raise
    db.session.commit()


def refuse_wrong_password(context: RequestContext, user_id: int) -> Refused:
    """Record and commit a wrong password; returns the refusal."""
    user = db.session.get_one(User, user_id, populate_existing=True)
    wrong_answers.notify_pause(context, user)
    refuse_link(context, user, "reset_link")
    return wrong_answers.with_tries(Refused("password_wrong"), throttle.purse_of(context, user_id).count(user))


def refuse_link(context: RequestContext, user: User, reason: str) -> None:
    record_event(context, "authn_login_fail", about=user, reason=reason, refused=True, factor="password")
    db.session.commit()


# --- "This wasn't me"


def stop_reset(context: RequestContext, user: User) -> None:
    """Void the reset's link and refuse pending requests, on the person's own word; part of the open transaction."""
    links.void_links(context, user.id, links.RESET)
    pending = update(ResetRequest).where(ResetRequest.subject_id == user.id, ResetRequest.status == "waiting")
    change(pending.values(status="refused", decided_at=context.now))
    record_event(context, "two_factor_reset_refused", about=user, reason=notices.NOT_ME)
