"""Turning two-factor authentication off, with a password long enough to be the only factor (C-7, PW-1)."""

from datetime import datetime

from sqlalchemy import ColumnElement, Update, delete, select, union, update

from portal import clock, passwords
from portal.db import begin_write, change, db
from portal.flows.base import throttle
from portal.flows.base.audit import record_event
from portal.flows.base.context import LEVEL_ONE, RequestContext
from portal.flows.factors import reauthenticate
from portal.flows.factors.setup import StepNotDue
from portal.flows.messages import notices, send_code
from portal.flows.sessions import sessions, trusted_browsers
from portal.models import Authenticator, BackupCodeSet, Binding, SentCode, Session, SpentStep, User
from portal.settings import config
from portal.words.refusals import Refused

EVENT = "two_factor_off"


def submit_turn_off(context: RequestContext, password: str, asked_at: float) -> bool:
    """Turn it off if the password is right; False if the password is too short to be the only factor and must be replaced first.

    `asked_at`: when the page was opened, in seconds since 1970. Raises Refused (a wrong password is charged), StepNotDue.
    """
    kept_at = kept_on_at(context)
    if was_kept_on(context, kept_at, asked_at):
        raise Refused("kept_on")
    reauthenticate.check_password(context, password, EVENT)
    if passwords.is_short(password):
        note_short_password(context)
        return False
    turn_off(context, Session.kept_on_at.is_not_distinct_from(kept_at))
    return True


def note_short_password(context: RequestContext) -> None:
    """Note in this session that the password was shown and a longer one is due."""
    begin_write()
    change(update_session(context).values(turning_off_at=context.now))
    db.session.commit()


def update_session(context: RequestContext) -> Update:
    return update(Session).where(Session.id == context.user.session_id)


def awaits_password(context: RequestContext) -> bool:
    """Whether a short password was shown in this session within five minutes to turn it off."""
    return is_recent(context, db.session.scalar(select(Session.turning_off_at).where(Session.id == context.user.session_id)))


def is_recent(context: RequestContext, since: datetime | None) -> bool:
    return clock.is_recent(since, context.now, config.REAUTHENTICATION_LIFE)


def keep_on(context: RequestContext) -> None:
    """Cancel turning it off in this session, so that neither the password shown nor a form opened before counts. Idempotent."""
    begin_write()
    change(update_session(context).values(turning_off_at=None, kept_on_at=context.now))
    db.session.commit()


def kept_on_at(context: RequestContext) -> datetime | None:
    """When "Keep it on" was last chosen in this session."""
    return db.session.scalar(select(Session.kept_on_at).where(Session.id == context.user.session_id))


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
    turn_off(context, Session.turning_off_at.is_not(None), stored)


def turn_off(context: RequestContext, unless_kept_on: ColumnElement[bool], password_hash: str | None = None) -> None:
    """Turn two-factor authentication off, in one transaction. Raises StepNotDue if another request was first.

    `unless_kept_on`: SQL, that "Keep it on" did not come meanwhile.
    """
    session = begin_write()
    user = session.get_one(User, context.user.user_id, with_for_update=True, populate_existing=True)
    is_current = user.two_factor == "on" and user.generation == context.user.generation
    if not is_current or not lower_level(context, unless_kept_on):
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
    own = union(*(select(model.id).where(model.user_id == user.id) for model in (Authenticator, Binding)))
    newest = select(Authenticator.method).where(Authenticator.user_id == user.id).order_by(Authenticator.created_at.desc())
    factor = db.session.scalar(newest.limit(1))
    change(delete(SpentStep).where(SpentStep.authenticator_id.in_(own)))
    change(delete(Authenticator).where(Authenticator.user_id == user.id))
    change(delete(Binding).where(Binding.user_id == user.id))
    send_code.void_codes(context, SentCode.user_id == user.id)
    # Ended sets stay as hashes: numbering continues, and an old code is refused as old instead of wrong.
    live_set = update(BackupCodeSet).where(BackupCodeSet.user_id == user.id, BackupCodeSet.replaced_at.is_(None))
    change(live_set.values(replaced_at=context.now, codes_sealed=None, readable_until=None))
    return factor


def lower_level(context: RequestContext, unless_kept_on: ColumnElement[bool]) -> bool:
    """Lower this session to one factor. Its token stays: a double submission must not sign the user out.

    False if "Keep it on" came first; the same statement checks that.
    """
    this = update_session(context).where(unless_kept_on)
    values = {"level": LEVEL_ONE, "second_factor_at": None, "turning_off_at": None, "password_at": context.now}
    return change(this.values(**values)) == 1
