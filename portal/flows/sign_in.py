"""Signing in: the password first, then a code where two-factor authentication is on."""

import unicodedata
from dataclasses import dataclass

from sqlalchemy import select

from portal import passwords
from portal.crypto import SealBroken
from portal.db import begin_write, db, end_read
from portal.flows import backup_codes, notices, sessions, verification
from portal.flows.events import record
from portal.flows.visit import LEVEL_CLAIMANT, LEVEL_ONE, LEVEL_TWO, Visit
from portal.messages import Refused
from portal.models import User


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
    """The argon2 string of a user who may sign in, else None."""
    if user is None or user.disabled_at is not None:
        return None
    try:
        return user.unseal(visit.keys, "password")
    except SealBroken:
        return None


def submit_password(visit: Visit, username: str, password: str, next_path: str | None) -> Begun:
    """Check the password and begin a session. Raises Refused("sign_in_wrong"), the same for every cause (EN-1)."""
    user = db.session.scalar(select(User).where(User.username == normalise_username(username)))
    stored = stored_password(visit, user)
    end_read()
    right = passwords.verify(stored, password)
    renewed = passwords.hash_password(password) if right and stored and passwords.needs_rehash(stored) else None
    session = begin_write()
    if user is None or not right:
        record(
            visit, "authn_login_fail", subject=user.id if user else None, reason="sign_in_wrong", refused=True, factor="password"
        )
        session.commit()
        raise Refused("sign_in_wrong")
    return begin_session(visit, session.get_one(User, user.id, populate_existing=True), renewed, next_path)


def begin_session(visit: Visit, user: User, renewed: str | None, next_path: str | None) -> Begun:
    """The session that a right password begins: a claimant's where a code is due."""
    if renewed:
        user.seal(visit.keys, "password", renewed)
    asks_code = user.two_factor == "on"
    token = sessions.begin(visit, user, LEVEL_CLAIMANT if asks_code else LEVEL_ONE, next_path)
    record(visit, "authn_login_success", subject=user.id, factor="password")
    if not asks_code:
        user.last_sign_in_at = visit.now
        tell_new_browser(visit, user, token)
    backup_codes.forget_expired(visit.now)
    db.session.commit()
    return Begun(token, asks_code, user.role)


def tell_new_browser(visit: Visit, user: User, token: str) -> None:
    """A notice where the person signed in from a browser not seen before (product rule 11)."""
    found, _ = sessions.find(token, visit.now)
    if found and not found.browser_known:
        notices.queue(visit, user, "new_browser")


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
    record(visit, "authn_login_success", factor=proof.factor)
    if not visit.who.browser_known:
        notices.queue(visit, proof.user, "new_browser")
    db.session.commit()
    return Finished(token, visit.who.next_path, proof.backup_left)
