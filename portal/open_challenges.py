"""Challenges for browsers to sign: random, kept in a row by their hash, and spent by one answer."""

import secrets
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from portal import clock
from portal.crypto import token_hash
from portal.db import change, db, read
from portal.models import OpenChallenge
from portal.settings import config

DELETE = delete(OpenChallenge).where(OpenChallenge.attempt == bindparam("own"))
IS_OVER = (OpenChallenge.expires_at <= bindparam("now")) | (OpenChallenge.expires_at > bindparam("latest"))
FIND = select(OpenChallenge.used_at).where(
    OpenChallenge.attempt == bindparam("own"), OpenChallenge.value_hash == bindparam("hashed")
)
SPEND = (
    update(OpenChallenge)
    .where(
        OpenChallenge.attempt == bindparam("own"),
        OpenChallenge.value_hash == bindparam("hashed"),
        OpenChallenge.used_at.is_(None),
        OpenChallenge.expires_at > bindparam("now"),
        OpenChallenge.expires_at <= bindparam("latest"),
    )
    .values(used_at=bindparam("now"))
)
BYTES = 32  # WebAuthn 13.4.3 asks for 16 or more
USED, LATE, OTHER = "used", "late", "other"  # why a challenge can't be spent


def make_challenge(user_id: int, attempt: str, now: datetime) -> bytes:
    """A new challenge in place of the attempt's last one. The caller has locked the person's row, and commits."""
    challenge = secrets.token_bytes(BYTES)
    change(DELETE, {"own": attempt})
    ends_at = now + config.CHALLENGE_LIFE
    db.session.add(OpenChallenge(attempt=attempt, user_id=user_id, value_hash=token_hash(challenge.hex()), expires_at=ends_at))
    return challenge


def spend_challenge(attempt: str, challenge: bytes, now: datetime) -> str | None:
    """Spend the attempt's challenge, if it is this one. None, or why it can't be: USED, LATE, or OTHER. Does not commit."""
    own = {"own": attempt, "hashed": token_hash(challenge.hex())}
    if change(SPEND, {**own, "now": now, "latest": clock.latest_end(now, config.CHALLENGE_LIFE)}) == 1:
        return None
    found = read(FIND, own).first()
    return OTHER if found is None else USED if found.used_at else LATE
