"""The password of an account that may sign in."""

import logging
import unicodedata

from portal.crypto import SealBroken
from portal.flows.base.context import RequestContext
from portal.models import User

log = logging.getLogger(__name__)


def normalize_username(typed: str) -> str:
    """Usernames ignore case and spaces around them. NUL, which PostgreSQL refuses, becomes a letter that no username has."""
    return unicodedata.normalize("NFKC", typed).strip().casefold().replace("\0", "\ufffd")


def load_password_hash(context: RequestContext, user: User | None) -> str | None:
    """The argon2 string of a user who may sign in, else None."""
    if user is None or user.disabled_at is not None:
        return None
    try:
        return user.unseal(context.keys, "password")
    except SealBroken:
        log.critical("the password of user %s cannot be decrypted with the configured keys", user.id)
        return None
