"""Accounts that the operator creates."""

from datetime import datetime

from sqlalchemy import select

from portal import passwords
from portal.crypto import Keyring
from portal.db import begin_write, db
from portal.flows.base.passwords import normalize_username
from portal.flows.operator.operator_events import command_context, record_by_operator
from portal.models import ROLES, Practice, User
from portal.policy import PROVIDER
from portal.words.refusals import Refused

PRACTICE_REASONS = NO_PRACTICE, UNKNOWN_PRACTICE = "practice_missing", "practice_unknown"


def create_account(
    keys: Keyring,
    now: datetime,
    username: str,
    full_name: str,
    role: str,
    password: str,
    practice: str | None = None,
    email: str | None = None,
) -> bool:
    """Create an account; False if the username is taken.

    Raises Refused (the password, no practice or one that isn't known), ValueError (the role).
    """
    name = normalize_username(username)
    if role not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}")
    if practice is None and role in PROVIDER.roles:
        raise Refused(NO_PRACTICE)
    reason = passwords.refusal(password, name)
    if reason:
        raise Refused(reason)
    stored = passwords.hash_password(password)
    session = begin_write()
    if session.scalar(select(User.id).where(User.username == name)):
        session.rollback()
        return False
    user = add_user(keys, now, name, full_name, role, stored, find_practice(practice), email=email)
    record_by_operator(command_context(keys, now, "accounts create"), "account_created", user)
    session.commit()
    return True


def find_practice(name: str | None) -> Practice | None:
    """The practice of that name; None for None. A mistyped name makes none: Refused, and the open transaction ends."""
    if name is None:
        return None
    practice = db.session.scalar(select(Practice).where(Practice.name == name))
    if practice is None:
        db.session.rollback()
        raise Refused(UNKNOWN_PRACTICE)
    return practice


def add_user(
    keys: Keyring,
    now: datetime,
    username: str,
    full_name: str,
    role: str,
    stored: str,
    practice: Practice | None,
    **sealed: str | None,
) -> User:
    """Add the row, and seal the columns once its id is known; part of the open transaction."""
    user = User(username=username, full_name=full_name, role=role, practice=practice, password_sealed=b"", created_at=now)
    db.session.add(user)
    db.session.flush()
    for column, text in {"password": stored, **sealed}.items():
        if text is not None:
            user.seal(keys, column, text)
    return user
