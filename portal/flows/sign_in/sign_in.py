"""Signing in: the password first, then a code where two-factor authentication is on."""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from portal import passwords
from portal.answers import Answer
from portal.crypto import SealBroken, token_hash
from portal.db import begin_write, change, db, end_read
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_CLAIMANT, LEVEL_EMERGENCY, LEVEL_ONE, LEVEL_TRUSTED, LEVEL_TWO, RequestContext
from portal.flows.base.passwords import load_password_hash, normalize_username
from portal.flows.emergency import grants
from portal.flows.factors import backup_codes, check_code
from portal.flows.factors.challenges import ChallengeOption, attempt_key, first_sender, is_live, open_secret
from portal.flows.messages import notices
from portal.flows.messages import send_code as send_code_flow
from portal.flows.sessions import sessions, trusted_browsers
from portal.methods import method
from portal.models import Binding, Session, User
from portal.policy import policy_of
from portal.settings import config
from portal.words.refusals import Refused

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BegunSession:
    """A session that the password began: its token, and whether a code is still to come."""

    token: str
    asks_code: bool
    role: str


def submit_password(context: RequestContext, username: str, password: str, next_path: str | None) -> BegunSession:
    """Check the password and begin a session. Raises Refused("sign_in_wrong"), the same for every cause (EN-1).

    A reset account's password alone opens nothing (rule 1): who shows the right one is told of the link ("reset_link_due").
    """
    user = db.session.scalar(select(User).where(User.username == normalize_username(username)))
    stored = load_password_hash(context, user)
    db.session.expunge_all()
    end_read()
    right = passwords.verify(stored, password)
    renewed = passwords.hash_password(password) if right and stored and passwords.needs_rehash(stored) else None
    session = begin_write()
    if user is None or not right:
        record_event(context, "authn_login_fail", about=user, reason="sign_in_wrong", refused=True, factor="password")
        session.commit()
        raise Refused("sign_in_wrong")
    # A browser that shows a trust token waits for whoever changes the factors at this moment.
    user = session.get_one(User, user.id, with_for_update=bool(context.trusted) or None)
    if user.two_factor == "reset":
        record_event(context, "authn_login_fail", about=user, reason="reset_link_due", refused=True, factor="password")
        session.commit()
        raise Refused("reset_link_due")
    return begin_claim(context, user, renewed, next_path)


def begin_claim(context: RequestContext, user: User, renewed: str | None, next_path: str | None) -> BegunSession:
    """The session that a right password begins: a claimant's where a code is due, unless the person trusts this browser."""
    if renewed:
        user.seal(context.keys, "password", renewed)
    is_on = user.two_factor == "on"
    is_trusted = is_on and trusted_browsers.use_trust(context, user)
    asks_code = is_on and not is_trusted
    level = LEVEL_TRUSTED if is_trusted else LEVEL_CLAIMANT if asks_code else LEVEL_ONE
    token, row = sessions.begin_session(context, user, level, next_path)
    factor, reason = trusted_browsers.FACTOR if is_trusted else "password", "code_due" if asks_code else None
    record_event(context, "authn_login_success", about=user, session_hash=token_hash(token), factor=factor, reason=reason)
    if not asks_code:
        user.last_sign_in_at = context.now
        if not row.browser_known:
            notices.queue_notice(context, user, "new_browser")
    else:
        send_first_code(context, user, row)
    forget_expired_secrets(context.now)
    db.session.commit()
    return BegunSession(token, asks_code, user.role)


def send_first_code(context: RequestContext, user: User, row: Session) -> None:
    """Where codes come by text only, the password's POST sends the first; a limit reached is told on the page."""
    found = first_sender(user.id, user.role)
    if found is None:
        return
    authenticator, chosen = found
    try:
        secret = open_secret(context, user, authenticator, f"session:{row.id}")
        send_code_flow.send_code(context, user, secret, chosen)
    except (Refused, SealBroken) as refused:
        record_event(
            context, "code_sent", about=user, reason=getattr(refused, "reason", "unreadable"), refused=True, factor=chosen.name
        )


def limit_reached(ways: list[ChallengeOption]) -> Refused | None:
    """Why the password sent no text, where texts are what is asked for and a limit stands in the way (rule 13, SM-5)."""
    if not ways or ways[0].is_asked or not ways[0].wait:
        return None
    return ways[0].wait.refusal


def send_sign_in_code(context: RequestContext, authenticator_id: str) -> None:
    """Send a code for this sign-in or confirmation to one of the visitor's numbers. Raises Refused."""
    session = begin_write()
    user = session.get_one(User, context.who.user_id, with_for_update=True, populate_existing=True)
    row = next((each for each in is_live(user.id, user.role) if each.id == authenticator_id), None)
    chosen = method(row.method) if row else None
    if row is None or chosen is None or not chosen.sends:
        session.rollback()
        raise Refused("text_first")
    try:
        send_code_flow.send_code(context, user, open_secret(context, user, row, attempt_key(context)), chosen)
    except Refused as refused:
        record_event(context, "code_sent", reason=refused.reason, refused=True, factor=chosen.name)
        session.commit()
        raise
    except SealBroken:
        session.rollback()
        raise Refused("unreadable") from None
    session.commit()


def forget_expired_secrets(now: datetime) -> None:
    """Drop what everyone's half hours have ended: readable codes, and secrets that were never proved."""
    backup_codes.forget_readable_codes(now)
    change(delete(Binding).where(Binding.expires_at <= now - config.BINDING_KEPT))


@dataclass(frozen=True)
class FinishedSignIn:
    """A sign-in that is complete."""

    token: str
    next_path: str | None
    backup_left: int | None
    trusted: str | None  # what the browser keeps, where the person trusts it from now on


def submit_sign_in_code(context: RequestContext, answer: Answer, trust: bool = False) -> FinishedSignIn:
    """Check the second factor of a claimant; the session gets a new token and its full level. Raises Refused.

    `trust`: the person ticked the box, which counts only where their policy and the operator allow it.
    """
    proof = check_code.check_code(context, answer, "authn_login_fail", last_sign_in_at=context.now)
    token = sessions.renew_session(context, level=LEVEL_TWO, second_factor_at=context.now)
    if token is None:  # this claimant's session ended or was renewed meanwhile: the spent code goes with it
        db.session.commit()
        raise Refused("used_meanwhile")
    record_event(context, "authn_login_success", factor=proof.factor, session_hash=token_hash(token))
    if not context.who.browser_known:
        notices.queue_notice(context, proof.user, "new_browser")
    if policy_of(proof.user.role).must_use:
        end_emergency(context, proof.user)
    kept = (
        trusted_browsers.add_trust(context, proof.user)
        if trust and trusted_browsers.trust_days(context, proof.user.role)
        else None
    )
    db.session.commit()
    return FinishedSignIn(token, context.who.next_path, proof.backup_left, kept)


def end_emergency(context: RequestContext, user: User) -> None:
    """Who shows a code needs no emergency access; what waits or runs would open charts to the password alone (AD-6)."""
    grants.stop_emergency_access(context, user, "signed_in")
    reading = (Session.user_id == user.id, Session.level == LEVEL_EMERGENCY, Session.ended_at.is_(None))
    change(sessions.end_sessions_where(context, "emergency_signed_in").where(*reading))
