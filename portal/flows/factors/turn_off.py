"""Turning two-factor authentication off: the password in a session that showed a code, and one long enough to stand alone (C-7, PW-1)."""

from datetime import datetime

from sqlalchemy import Update, delete, select, union, update

from portal import passwords
from portal.db import begin_write, change, db
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_ONE, RequestContext
from portal.flows.factors import reauthenticate
from portal.flows.factors.setup import OutOfTurn
from portal.flows.messages import notices, send_code
from portal.flows.sessions import sessions, trusted_browsers
from portal.models import Authenticator, BackupCodeSet, Binding, SentCode, Session, SpentStep, User
from portal.settings import config
from portal.words.refusals import Refused

EVENT = "two_factor_off"


def submit_turn_off(context: RequestContext, password: str) -> bool:
    """Turn it off where the password is right. False: it is too short to stand alone, so a longer one comes first.

    Raises Refused (the try is charged), OutOfTurn.
    """
    reauthenticate.check_password(context, password, EVENT)
    if passwords.is_short(password):
        await_password(context)
        return False
    turn_off(context)
    return True


def await_password(context: RequestContext) -> None:
    """Note in this session that the password was shown, and that a longer one is due."""
    begin_write()
    change(own_session(context).values(turning_off_at=context.now))
    db.session.commit()


def own_session(context: RequestContext) -> Update:
    return update(Session).where(Session.id == context.who.session_id)


def awaits_password(context: RequestContext) -> bool:
    """Whether this session showed its short password within five minutes, on the way to turning it off."""
    return is_awaited(context, db.session.scalar(select(Session.turning_off_at).where(Session.id == context.who.session_id)))


def is_awaited(context: RequestContext, since: datetime | None) -> bool:
    return since is not None and context.now - since <= config.REAUTHENTICATION_LIFE


def keep_on(context: RequestContext) -> None:
    """End what Disable began in this session: the password that it took is good for nothing more. Twice is once."""
    begin_write()
    change(own_session(context).values(turning_off_at=None))
    db.session.commit()


def submit_longer(context: RequestContext, password: str) -> None:
    """Set the longer password and turn it off, both or neither. Raises Refused (why it cannot be set), OutOfTurn."""
    if not awaits_password(context):
        raise OutOfTurn
    reason = passwords.refusal(password, context.who.username)
    if reason:
        raise Refused(reason)
    db.session.rollback()
    turn_off(context, passwords.hash_password(password))


def turn_off(context: RequestContext, stored: str | None = None) -> None:
    """Everything that "off" consists of, in one transaction. Raises OutOfTurn where another request was first."""
    session = begin_write()
    user = session.get_one(User, context.who.user_id, with_for_update=True, populate_existing=True)
    is_current = user.two_factor == "on" and user.generation == context.who.generation
    if not is_current or not lower_level(context, was_awaited=stored is not None):
        session.rollback()
        raise OutOfTurn
    factor = void_factors(context, user)
    user.two_factor, user.two_factor_since, user.backup_failures = "off", None, 0
    trusted_browsers.end_trust_after_change(context, user.id)
    sessions.end_other_sessions(context, "two_factor_changed")
    record_event(context, EVENT, factor=factor)
    if stored:
        user.seal(context.keys, "password", stored)
        record_event(context, "password_changed", factor="password")
    notices.queue_notice(context, user, "two_factor_off", has_new_password=int(stored is not None))
    session.commit()


def void_factors(context: RequestContext, user: User) -> str | None:
    """Nothing that was a second factor is one any more; returns the method of the newest. Sets of backup codes keep their numbers."""
    own = union(*(select(model.id).where(model.user_id == user.id) for model in (Authenticator, Binding)))
    newest = select(Authenticator.method).where(Authenticator.user_id == user.id).order_by(Authenticator.created_at.desc())
    factor = db.session.scalar(newest.limit(1))
    change(delete(SpentStep).where(SpentStep.authenticator_id.in_(own)))
    change(delete(Authenticator).where(Authenticator.user_id == user.id))
    change(delete(Binding).where(Binding.user_id == user.id))
    send_code.void_codes(context, SentCode.user_id == user.id)
    live_set = update(BackupCodeSet).where(BackupCodeSet.user_id == user.id, BackupCodeSet.replaced_at.is_(None))
    change(live_set.values(replaced_at=context.now, codes_sealed=None, readable_until=None))
    return factor


def lower_level(context: RequestContext, was_awaited: bool) -> bool:
    """This session has a password and nothing else. Its token stays: a double press must not sign the person out.

    False where a longer password was awaited and "Keep it on" came first: the same statement looks.
    """
    own = own_session(context).where(Session.turning_off_at.is_not(None)) if was_awaited else own_session(context)
    values = {"level": LEVEL_ONE, "second_factor_at": None, "turning_off_at": None, "password_at": context.now}
    return change(own.values(**values)) == 1
