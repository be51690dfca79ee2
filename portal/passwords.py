"""Passwords: hashing that is slow on purpose and sealed at rest, and which ones are refused."""

import os
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from portal.settings import config

HASHER = PasswordHasher(config.ARGON2_PASSES, config.ARGON2_MEMORY_KIB, config.ARGON2_LANES)
# Hashing is 19 MiB and a full core each: bounded, so that a burst of sign-ins cannot starve every other page.
HASHING = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))
CONTEXT_WORDS = ("medximity", "digitalpatientchart")
ZXCVBN_MAX = 72  # the library refuses longer texts


def normalise(password: str) -> str:
    """NFC, so that é typed on two keyboards is one password (NIST SP 800-63B 3.1.1.2)."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """The argon2id string (parameters and a 128-bit salt inside)."""
    with HASHING:
        return HASHER.hash(normalise(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether `password` is the stored one. None costs the same work and is never right (EN-2)."""
    tried = normalise(password)
    fits = 0 < len(tried) <= config.PASSWORD_MAX
    try:
        with HASHING:
            return HASHER.verify(stored or dummy_hash(), tried if fits else "-") and stored is not None and fits
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the stored string was made with other parameters than today's (PW-7)."""
    return HASHER.check_needs_rehash(stored)


def is_short(password: str) -> bool:
    """Whether a password may only stand beside a second factor, not alone (PW-1)."""
    return len(normalise(password)) < config.PASSWORD_MIN_ALONE


def refusal(password: str, username: str, minimum: int = config.PASSWORD_MIN_ALONE) -> str | None:
    """Why this password cannot be set ("password_short", …), or None (PW-1, PW-2, PW-3, PW-5)."""
    chosen = normalise(password)
    if len(chosen) < minimum:
        return "password_short"
    if len(chosen) > config.PASSWORD_MAX:
        return "password_long"
    folded = chosen.casefold()
    rest = without_context(folded, username.casefold())
    if rest != folded and is_guessed(rest.strip("0123456789-_. !")):
        return "password_context"
    return "password_common" if is_guessed(folded) else None


def without_context(folded: str, username: str) -> str:
    """What is left of a password without our names and the username, however often and closely they stand (PW-5)."""
    words = [word for word in (*CONTEXT_WORDS, username) if word]
    before = None
    while before != folded:
        before = folded
        for word in words:
            folded = folded.replace(word, "")
    return folded


def is_guessed(text: str) -> bool:
    """Whether thieves try it early; nothing at all is tried first."""
    return not text or text in common_passwords() or zxcvbn(text[:ZXCVBN_MAX])["score"] < 2


@cache
def common_passwords() -> frozenset[str]:
    """Leaked and dictionary passwords, from the word lists that zxcvbn carries."""
    return frozenset(word for words in FREQUENCY_LISTS.values() for word in words)


@cache
def dummy_hash() -> str:
    """What an unknown name is checked against, so that the answer takes as long as for a known one."""
    return HASHER.hash(os.urandom(16).hex())
