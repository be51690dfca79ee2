"""Usernames and stored passwords of accounts that may sign in."""

import logging
import unicodedata

from portal.crypto import SealBroken
from portal.flows.base.context import RequestContext
from portal.models import User

log = logging.getLogger(__name__)


def normalize_username(typed: str) -> str:
    """Fold case and trim spaces. NUL, which PostgreSQL refuses, becomes a character that no username contains."""
    return unicodedata.normalize("NFKC", typed).strip().casefold().replace("\0", "\ufffd")


def load_password_hash(context: RequestContext, user: User | None) -> str | None:
    """The argon2 hash of a user who may sign in, else None."""
    if user is None or user.disabled_at is not None:
        return None
    try:
        return user.unseal(context.keys, "password")
    except SealBroken:
        log.critical("the password of user %s cannot be decrypted with the configured keys", user.id)
        return None
