"""Signing in with an emailed link and the password together: after a reset, and at the end of an account recovery (rule 1)."""

from portal import passwords
from portal.crypto import token_hash
from portal.db import begin_write, db
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_ONE, RequestContext
from portal.flows.base.passwords import load_password_hash
from portal.flows.factors import wrong_answers
from portal.flows.sessions import sessions
from portal.flows.sign_in.password_limits import announce_browser
from portal.flows.sign_in.sign_in import BegunSession
from portal.models import Link, User
from portal.words.refusals import Refused


def check_password(
    context: RequestContext, user: User, password: str, turn: str, event: str, wrong: str, case_id: str | None = None
) -> None:
    """Charge an attempt, then compare: who controls the mailbox must not guess the password. Raises Refused, recorded as `event`.

    `turn`: whose place in line this is, a link or a request. `wrong`: the reason that a wrong password is recorded with.
    """
    stored = load_password_hash(context, user)
    with passwords.place_in_line(turn):
        charge_attempt(context, user.id, event, case_id)
        is_right = passwords.verify(stored, password)
    if is_right:
        return
    begin_write()
    user = db.session.get_one(User, user.id, populate_existing=True)
    wrong_answers.notify_pause(context, user)
    refuse(context, user, event, wrong, case_id)
    raise wrong_answers.with_tries(Refused("password_wrong"), throttle.purse_of(context, user.id).count(user))


def charge_attempt(context: RequestContext, user_id: int, event: str, case_id: str | None) -> None:
    """Charge the attempt and commit. Raises Refused during a pause."""
    begin_write()
    try:
        throttle.charge_attempt(context, user_id, password=True)
    except Refused as refused:
        refuse(context, db.session.get_one(User, user_id), event, refused.reason, case_id)
        raise
    db.session.commit()


def refuse(context: RequestContext, user: User, event: str, reason: str, case_id: str | None) -> None:
    """Record a refused password and commit."""
    record_event(context, event, about=user, reason=reason, refused=True, factor="password", case_id=case_id)
    db.session.commit()


def begin_link_session(context: RequestContext, user: User, link: Link, reason: str, is_told: bool = False) -> BegunSession:
    """Begin a session after the right password, in the open transaction; the caller has locked the user's row.

    `is_told`: another notice of this transaction names the browser already.

    The link is spent when set-up is complete, so that a closed tab costs no new one. The session does not outlive it (AD-4).
    """
    throttle.clear_failures(context, user, user.password_failures, password_failures=0)
    session_token, row = sessions.begin_session(context, user, LEVEL_ONE, None)
    session_hash = token_hash(session_token)
    record_event(context, "authn_login_success", about=user, session_hash=session_hash, reason=reason, factor="password")
    user.last_sign_in_at = context.now
    row.ends_at = min(row.ends_at, link.expires_at)
    if not row.browser_known and not is_told:
        announce_browser(context, user)
    return BegunSession(session_token, asks_code=False, role=user.role)
