"""Signing in: the password first, then a code if two-factor authentication is on."""

import logging
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from portal import passwords
from portal.answers import Answer
from portal.crypto import SealBroken, token_hash
from portal.db import begin_write, change, db, load, read
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_CLAIMANT, LEVEL_ONE, LEVEL_TRUSTED, LEVEL_TWO, RequestContext
from portal.flows.base.limits import charge_at_once, refund, refuse_if_spent
from portal.flows.base.passwords import load_password_hash, normalize_username
from portal.flows.base.purses import SECOND_ADDRESSES
from portal.flows.emergency import grants
from portal.flows.factors import check_code
from portal.flows.factors.challenges import ChallengeOption, attempt_key, default_sender, live_authenticators, open_secret
from portal.flows.messages import notices
from portal.flows.messages import send_code as send_code_flow
from portal.flows.practice.administrators import has_administrator
from portal.flows.sessions import sessions, trusted_browsers
from portal.flows.sessions.known_browsers import IS_KNOWN, here
from portal.flows.sign_in import new_browser, password_limits
from portal.methods import method
from portal.models import Authenticator, Session, User
from portal.policy import policy_of
from portal.words.refusals import Refused

log = logging.getLogger(__name__)

FIND_ENTRANT = (
    select(*User.__table__.c, SECOND_ADDRESSES, IS_KNOWN, *Authenticator.__table__.c)
    .outerjoin(Authenticator, Authenticator.user_id == User.id)
    .where(User.id == bindparam("own"))
    .order_by(Authenticator.created_at, Authenticator.id)
    .with_for_update(of=User)
)


@dataclass(frozen=True)
class BegunSession:
    """The session after a right password: its token, and whether a code is still due."""

    token: str
    asks_code: bool
    role: str


def submit_password(context: RequestContext, username: str, password: str, next_path: str | None) -> BegunSession:
    """Check the password and begin a session. Raises Refused("sign_in_wrong"), the same for every cause (EN-1).

    One who tried too often gets Refused("throttled", wait=N), and nothing is compared (RL-6). A reset account's password alone opens
    nothing (rule 1): the right one raises Refused("reset_link_due"), or "reset_link_due_at_practice" if an administrator can help.
    """
    name = normalize_username(username)
    attempt = password_limits.find_attempt(context, name)
    user = attempt.user
    refuse_if_spent(context, attempt.limits, attempt.counters)
    stored = load_password_hash(context, user)
    db.session.expunge_all()
    with passwords.place_in_line():
        charges = charge_at_once(context, attempt.limits)
        is_right = passwords.verify(stored, password)
        rehashed = passwords.hash_password(password) if is_right and stored and passwords.needs_rehash(stored) else None
    session = begin_write()
    if user is None or not is_right:
        owner = user if stored else None
        record_event(context, "authn_login_fail", about=user, reason="sign_in_wrong", refused=True, factor="password")
        password_limits.notify_lock(context, name, owner, charges)
        session.commit()
        raise Refused("sign_in_wrong")
    refund(charges)
    if context.trusted:  # wait for a concurrent change of the factors, which may end that trust
        session.get_one(User, user.id, with_for_update=True)
    entrant = find_entrant(context, user.id)
    user = entrant.user
    if load_password_hash(context, user) != stored:  # changed or hashed anew meanwhile: compare with what it is now
        session.commit()
        return submit_password(context, username, password, next_path)
    if user.two_factor == "reset":
        record_event(context, "authn_login_fail", about=user, reason="reset_link_due", refused=True, factor="password")
        reason = "reset_link_due_at_practice" if has_administrator(user) else "reset_link_due"
        session.commit()
        raise Refused(reason)
    return begin_password_session(context, entrant, rehashed, next_path)


@dataclass(frozen=True)
class Entrant:
    """Whoever has shown the right password."""

    user: User
    is_known: bool  # in this browser
    authenticators: list[Authenticator]  # oldest first


def find_entrant(context: RequestContext, user_id: int) -> Entrant:
    """The account as it is now: it may have changed while its password was hashed. Whoever changes that now waits for this session."""
    rows = read(FIND_ENTRANT, {"own": user_id, **here(context)}).all()
    ends = len(User.__table__.c)
    user = load(User, rows[0][:ends])
    user.second_addresses, is_known, authenticator_id, *_ = rows[0][ends:]
    authenticators = [load(Authenticator, row[ends + 2 :]) for row in rows] if authenticator_id else []
    return Entrant(user, bool(is_known), authenticators)


def begin_password_session(
    context: RequestContext, entrant: Entrant, rehashed: str | None, next_path: str | None
) -> BegunSession:
    """Begin a complete session, or a claimant's if a code is due: factors are on, and the person does not trust this browser."""
    user = entrant.user
    if rehashed:
        user.seal(context.keys, "password", rehashed)
    is_on = user.two_factor == "on"
    is_trusted = is_on and trusted_browsers.use_trust(context, user)
    asks_code = is_on and not is_trusted
    level = LEVEL_TRUSTED if is_trusted else LEVEL_CLAIMANT if asks_code else LEVEL_ONE
    token, row = sessions.begin_session(context, user, level, next_path, entrant.is_known)
    factor, reason = trusted_browsers.FACTOR if is_trusted else "password", "code_due" if asks_code else None
    record_event(context, "authn_login_success", about=user, session_hash=token_hash(token), factor=factor, reason=reason)
    if not asks_code:
        user.last_sign_in_at = context.now
        keep_language(context, user)
        if not row.browser_known:
            password_limits.announce_browser(context, user)
    else:
        send_first_code(context, entrant, row)
    db.session.commit()
    return BegunSession(token, asks_code, user.role)


def keep_language(context: RequestContext, user: User) -> None:
    """Once every factor was shown, texts and emails follow the page's language, if none was chosen."""
    if user.language is None and len(context.languages) > 1:
        user.language = context.language


def send_first_code(context: RequestContext, entrant: Entrant, row: Session) -> None:
    """Send the first code if codes come by text only. If a rate limit is reached, the code page says so."""
    user = entrant.user
    sender = default_sender(context.policy_of(user.role), throttle.purse_for(row.browser_known), entrant.authenticators)
    if sender is None:
        return
    authenticator, its_method = sender
    try:
        secret = open_secret(context, user, authenticator, f"session:{row.id}")
        send_code_flow.send_code(context, user, secret, its_method, is_known=row.browser_known)
    except (Refused, SealBroken) as refused:
        reason = getattr(refused, "reason", "unreadable")
        record_event(context, "code_sent", about=user, reason=reason, refused=True, factor=its_method.name)


def limit_reached(options: list[ChallengeOption]) -> Refused | None:
    """The rate limit that kept the first text from being sent, if the first option is a text (rule 13, SM-5)."""
    if not options or options[0].is_asked or not options[0].wait:
        return None
    return options[0].wait.refusal


def send_sign_in_code(context: RequestContext, authenticator_id: str) -> None:
    """Send a code for this sign-in or confirmation to one of the visitor's numbers. Raises Refused."""
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    row = next((each for each in live_authenticators(context) if each.id == authenticator_id), None)
    its_method = method(row.method) if row else None
    if row is None or its_method is None or not its_method.sends:
        session.rollback()
        raise Refused("text_first")
    try:
        send_code_flow.send_code(context, user, open_secret(context, user, row, attempt_key(context)), its_method)
    except Refused as refused:
        record_event(context, "code_sent", reason=refused.reason, refused=True, factor=its_method.name)
        session.commit()
        raise
    except SealBroken:
        session.rollback()
        raise Refused("unreadable") from None
    session.commit()


@dataclass(frozen=True)
class FinishedSignIn:
    """A complete sign-in, or one that waits for a confirmation."""

    token: str
    next_path: str | None = None
    backup_left: int | None = None
    trusted: str | None = None  # the trust token for the browser's cookie, if the person chose to trust it
    waits: bool = False


def submit_sign_in_code(context: RequestContext, answer: Answer, trust: bool = False) -> FinishedSignIn:
    """Check the second factor of a claimant; the session gets a new token and its full level. Raises Refused.

    `trust`: the person ticked the box, which counts only if their policy and the operator allow it. In a new browser, a code may not be
    enough: then the session `waits` for its owner to confirm it.
    """
    is_new = new_browser.may_be_asked(context, answer)
    proof = check_code.check_code(context, answer, "authn_login_fail", **({} if is_new else {"last_sign_in_at": context.now}))
    user = proof.user
    if is_new and new_browser.is_asked(context, user, proof.factor):
        token = renewed(new_browser.ask(context, user, proof.factor, trust))
        db.session.commit()
        return FinishedSignIn(token, waits=True)
    token = renewed(sessions.renew_session(context, level=LEVEL_TWO, second_factor_at=context.now))
    if is_new:
        user.last_sign_in_at = context.now
    new_browser.close(context)
    return finish_sign_in(context, user, token, proof.factor, trust, proof.backup_left)


def renewed(token: str | None) -> str:
    """The session's new token. Raises Refused if it ended or was renewed concurrently; the code stays spent."""
    if token is None:
        db.session.commit()
        raise Refused("used_meanwhile")
    return token


def confirm_by_link(context: RequestContext, token: str) -> FinishedSignIn:
    """Complete the visitor's own sign-in by the emailed link, in the browser that waits. Raises Refused."""
    return finish_confirmed(context, new_browser.go_on_by_link(context, token))


def complete_confirmed(context: RequestContext) -> FinishedSignIn:
    """Complete the visitor's own sign-in once another session has confirmed it. Raises Refused."""
    return finish_confirmed(context, new_browser.go_on_here(context))


def finish_confirmed(context: RequestContext, found: new_browser.Confirmed) -> FinishedSignIn:
    return finish_sign_in(context, found.user, found.token, found.factor, found.wants_trust)


def finish_sign_in(
    context: RequestContext, user: User, token: str, factor: str, trust: bool, backup_left: int | None = None
) -> FinishedSignIn:
    """What a complete sign-in brings with it; commits."""
    record_event(context, "authn_login_success", factor=factor, session_hash=token_hash(token))
    keep_language(context, user)
    if not context.user.browser_known:
        notices.queue_notice(context, user, "new_browser")
    if policy_of(user.role).must_use:
        end_emergency_access(context, user)
    may_trust = trust and trusted_browsers.trust_days(context, user.role)
    trust_token = trusted_browsers.add_trust(context, user) if may_trust else None
    db.session.commit()
    return FinishedSignIn(token, context.user.next_path, backup_left, trust_token)


def end_emergency_access(context: RequestContext, user: User) -> None:
    """End pending and running emergency access: the person has a code, and a grant would open charts to the password alone (AD-6)."""
    grants.stop_emergency_access(context, user, "signed_in")
    change(sessions.END_READING, {"owner": user.id, **sessions.ending(context, "emergency_signed_in")})
