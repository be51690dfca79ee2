"""Signing in: the password first, then a code where two-factor authentication is on."""

import logging
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from portal import config, passwords
from portal.crypto import SealBroken, token_hash
from portal.db import begin_write, change, db, end_read
from portal.flows import backup_codes, notices, sessions, verification
from portal.flows.events import record
from portal.flows.visit import LEVEL_CLAIMANT, LEVEL_ONE, LEVEL_TWO, Visit
from portal.messages import Refused
from portal.models import Binding, User

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Begun:
    """A session that the password began: its token, and whether a code is still to come."""

    token: str
    asks_code: bool
    role: str


def normalise_username(typed: str) -> str:
    """Usernames ignore case and spaces around them."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def stored_password(visit: Visit, user: User | None) -> str | None:
    """The argon2 string of a user who may sign in with it, else None. A reset account's password alone opens nothing (rule 1)."""
    if user is None or user.disabled_at is not None or user.two_factor == "reset":
        return None
    try:
        return user.unseal(visit.keys, "password")
    except SealBroken:
        log.critical("the password of user %s cannot be opened with the keys at hand", user.id)
        return None


def submit_password(visit: Visit, username: str, password: str, next_path: str | None) -> Begun:
    """Check the password and begin a session. Raises Refused("sign_in_wrong"), the same for every cause (EN-1)."""
    user = db.session.scalar(select(User).where(User.username == normalise_username(username)))
    stored = stored_password(visit, user)
    db.session.expunge_all()
    end_read()
    right = passwords.verify(stored, password)
    renewed = passwords.hash_password(password) if right and stored and passwords.needs_rehash(stored) else None
    session = begin_write()
    if user is None or not right:
        record(visit, "authn_login_fail", about=user, reason="sign_in_wrong", refused=True, factor="password")
        session.commit()
        raise Refused("sign_in_wrong")
    return begin_session(visit, session.get_one(User, user.id), renewed, next_path)


def begin_session(visit: Visit, user: User, renewed: str | None, next_path: str | None) -> Begun:
    """The session that a right password begins: a claimant's where a code is due."""
    if renewed:
        user.seal(visit.keys, "password", renewed)
    asks_code = user.two_factor == "on"
    token, known = sessions.begin(visit, user, LEVEL_CLAIMANT if asks_code else LEVEL_ONE, next_path)
    record(visit, "authn_login_success", about=user, session_hash=token_hash(token), factor="password")
    if not asks_code:
        user.last_sign_in_at = visit.now
        if not known:
            notices.queue(visit, user, "new_browser")
    forget_expired(visit.now)
    db.session.commit()
    return Begun(token, asks_code, user.role)


def forget_expired(now: datetime) -> None:
    """Drop what everyone's half hours have ended: readable codes, and secrets that were never proved."""
    backup_codes.forget_expired(now)
    change(delete(Binding).where(Binding.expires_at <= now - config.BINDING_KEPT))


@dataclass(frozen=True)
class Finished:
    """A sign-in that is complete."""

    token: str
    next_path: str | None
    backup_left: int | None


def submit_code(visit: Visit, code: str) -> Finished:
    """Check the second factor of a claimant; the session gets a new token and its full level. Raises Refused."""
    proof = verification.check(visit, code, "authn_login_fail", last_sign_in_at=visit.now)
    token = sessions.renew(visit, level=LEVEL_TWO, second_factor_at=visit.now)
    if token is None:  # this claimant's session ended or was renewed meanwhile: the spent code goes with it
        db.session.commit()
        raise Refused("used")
    record(visit, "authn_login_success", factor=proof.factor, session_hash=token_hash(token))
    if not visit.who.browser_known:
        notices.queue(visit, proof.user, "new_browser")
    db.session.commit()
    return Finished(token, visit.who.next_path, proof.backup_left)
