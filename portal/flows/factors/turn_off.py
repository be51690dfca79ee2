"""Turning two-factor authentication off, with a password long enough to be the only factor (C-7, PW-1).

The code of the sign-in is enough for five minutes, as the help article promises, and is spent by this. After that, or if an authenticator
resists phishing, the page asks for an answer that counts for this alone.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Update, bindparam, delete, select, union, update

from portal import clock, passwords
from portal.answers import Answer
from portal.db import begin_write, change, db, read
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_ONE, Act, RequestContext
from portal.flows.factors import backup_codes, check_code, reauthenticate
from portal.flows.factors.challenges import live_authenticators
from portal.flows.factors.setup import StepNotDue
from portal.flows.messages import notices, send_code
from portal.flows.sessions import sessions, trusted_browsers
from portal.methods import method, offered
from portal.models import Authenticator, Binding, Session, SpentStep, User
from portal.settings import config
from portal.words.refusals import Refused

EVENT = "two_factor_off"
ACT = Act("disable", "own")  # what an answer on the page is for
A, B, OWNER = Authenticator, Binding, bindparam("owner", type_=Integer)
THIS = update(Session).where(Session.id == bindparam("own"))
AWAIT_PASSWORD = THIS.values(turning_off_at=bindparam("now"))
KEEP_ON = THIS.values(turning_off_at=None, kept_on_at=bindparam("now"))
LOWERED = THIS.values(level=LEVEL_ONE, second_factor_at=None, turning_off_at=None, password_at=bindparam("now"))
# Unless "Keep it on" came meanwhile.
LOWER = LOWERED.where(Session.kept_on_at.is_not_distinct_from(bindparam("kept_at")))
LOWER_AFTER_PASSWORD = LOWERED.where(Session.turning_off_at.is_not(None))
TURNING_OFF = select(Session.turning_off_at).where(Session.id == bindparam("own"))
KEPT_ON = select(Session.kept_on_at).where(Session.id == bindparam("own"))
IS_SAME = select(User.id).where(User.id == bindparam("own"), User.generation == bindparam("seen"))
NEWEST_METHOD = select(A.method).where(A.user_id == OWNER).order_by(A.created_at.desc()).limit(1)
OF_OWNER = union(select(A.id).where(A.user_id == OWNER), select(B.id).where(B.user_id == OWNER))
DELETE_FACTORS = (
    delete(SpentStep).where(SpentStep.authenticator_id.in_(OF_OWNER)),
    delete(A).where(A.user_id == OWNER),
    delete(B).where(B.user_id == OWNER),
)


def asks_code(context: RequestContext) -> bool:
    """Whether the page asks for a second factor besides the password."""
    return not is_recent(context, context.user.second_factor_at) or resists_phishing(context)


def resists_phishing(context: RequestContext) -> bool:
    """Whether one of the visitor's authenticators does: then a relayed code is not enough. No query where no such method is offered."""
    if not any(kind.resists_phishing for kind in offered(context.policy)):
        return False
    kinds = [method(row.method) for row in live_authenticators(context)]
    return any(kind is not None and kind.resists_phishing for kind in kinds)


def submit_turn_off(context: RequestContext, password: str, asked_at: float, answer: Answer | None = None) -> bool:
    """Turn it off if the password is right; False if the password is too short to be the only factor and must be replaced first.

    `asked_at`: when the page was opened, in seconds since 1970. `answer`: given for this act, `context.act`, if the page asks for one.
    Raises Refused (a wrong password or code is charged, and no code is compared after a wrong password), StepNotDue.
    """
    kept_at = kept_on_at(context)
    if was_kept_on(context, kept_at, asked_at):
        raise Refused("kept_on")
    if answer is None and asks_code(context):
        raise reauthenticate.refuse_missing_answer(context)
    reauthenticate.check_password(context, password, EVENT)
    if answer is None:
        begin_write()
    else:  # its transaction stays open: the answer is spent by turning it off, or by nothing
        take_answer(context, answer)
    if passwords.is_short(password):
        change(AWAIT_PASSWORD, {"own": context.user.session_id, "now": context.now})
        db.session.commit()
        return False
    turn_off(context, LOWER, {"kept_at": kept_at})
    return True


def take_answer(context: RequestContext, answer: Answer) -> None:
    """Check the answer. Raises Refused; StepNotDue if another request turned it off first, so that nothing was compared."""
    try:
        check_code.check_code(context, answer, EVENT)
    except Refused:
        is_same = read(IS_SAME, {"own": context.user.user_id, "seen": context.user.generation}).first()
        if is_same is None:
            raise StepNotDue from None
        raise


def awaits_password(context: RequestContext) -> bool:
    """Whether a short password was shown in this session within five minutes to turn it off."""
    return is_recent(context, read(TURNING_OFF, {"own": context.user.session_id}).scalar())


def is_recent(context: RequestContext, since: datetime | None) -> bool:
    return clock.is_recent(since, context.now, config.REAUTHENTICATION_LIFE)


def keep_on(context: RequestContext) -> None:
    """Cancel turning it off in this session, so that neither the password shown nor a form opened before counts. Idempotent."""
    begin_write()
    change(KEEP_ON, {"own": context.user.session_id, "now": context.now})
    db.session.commit()


def kept_on_at(context: RequestContext) -> datetime | None:
    """When "Keep it on" was last chosen in this session."""
    kept_at: datetime | None = read(KEPT_ON, {"own": context.user.session_id}).scalar()
    return kept_at


def was_kept_on(context: RequestContext, kept_at: datetime | None, asked_at: float) -> bool:
    """Whether that was since the page was opened; not by a clock that ran ahead and has been set back."""
    return kept_at is not None and kept_at <= context.now and asked_at < kept_at.timestamp()


def submit_longer(context: RequestContext, password: str) -> None:
    """Set the longer password and turn it off, atomically. Raises Refused (why it cannot be set), StepNotDue."""
    if not awaits_password(context):
        raise StepNotDue
    with passwords.place_in_line(context.user.token_hash):
        reason = passwords.refusal(password, context.user.username)
        if reason:
            raise Refused(reason)
        db.session.rollback()
        stored = passwords.hash_password(password)
    begin_write()
    turn_off(context, LOWER_AFTER_PASSWORD, {}, stored)


def turn_off(context: RequestContext, lowering: Update, values: dict[str, Any], password_hash: str | None = None) -> None:
    """Turn two-factor authentication off, in the open transaction, and commit. Raises StepNotDue if another request was first.

    `lowering`: LOWER with its `values`, or LOWER_AFTER_PASSWORD.
    """
    session = db.session
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    is_current = user.two_factor == "on" and user.generation == context.user.generation
    if not is_current or not lower_level(context, lowering, values):
        session.rollback()
        raise StepNotDue
    factor = void_factors(context, user)
    user.two_factor, user.two_factor_since = "off", None
    trusted_browsers.end_trust_after_change(context, user.id)
    sessions.end_other_sessions(context, "two_factor_changed")
    record_event(context, EVENT, factor=factor)
    if password_hash:
        user.seal(context.keys, "password", password_hash)
        throttle.end_pauses(user)
        record_event(context, "password_changed", factor="password")
    notices.queue_notice(context, user, "two_factor_off", has_new_password=int(password_hash is not None))
    session.commit()


def void_factors(context: RequestContext, user: User) -> str | None:
    """Delete the user's authenticators and bindings and void all codes; returns the method of the newest authenticator."""
    factor: str | None = read(NEWEST_METHOD, {"owner": user.id}).scalar()
    for statement in DELETE_FACTORS:
        change(statement, {"owner": user.id})
    send_code.void_codes(context, send_code.OF_PERSON, user.id)
    # Ended sets stay as hashes: numbering continues, and an old code is refused as old instead of wrong.
    change(backup_codes.REPLACE, {"owner": user.id, "now": context.now})
    return factor


def lower_level(context: RequestContext, lowering: Update, values: dict[str, Any]) -> bool:
    """Lower this session to one factor. Its token stays: a double submission must not sign the user out.

    False if "Keep it on" came first; the same statement checks that.
    """
    return change(lowering, {"own": context.user.session_id, "now": context.now, **values}) == 1
