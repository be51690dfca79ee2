"""Passwords: hashing with argon2id, and which ones are refused."""

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
# Each hash takes 19 MiB and a full core. Bounded, so that a burst of sign-ins cannot starve the other pages.
HASHING_SLOTS = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))
CONTEXT_WORDS = ("medximity", "digitalpatientchart")
ZXCVBN_MAX = 72  # zxcvbn rejects longer strings


def normalize(password: str) -> str:
    """NFC, so that é typed on two keyboards is one password (NIST SP 800-63B 3.1.1.2)."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """The argon2id string, with its parameters and a 128-bit salt."""
    with HASHING_SLOTS:
        return HASHER.hash(normalize(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether `password` matches. `stored` is None for an unknown user, which takes as long and never matches (EN-2)."""
    candidate = normalize(password)
    fits_limits = 0 < len(candidate) <= config.PASSWORD_MAX
    try:
        with HASHING_SLOTS:
            return HASHER.verify(stored or dummy_hash(), candidate if fits_limits else "-") and stored is not None and fits_limits
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the stored string was made with outdated parameters (PW-7)."""
    return HASHER.check_needs_rehash(stored)


def is_short(password: str) -> bool:
    """Whether a password is too short to be the only factor (PW-1)."""
    return len(normalize(password)) < config.PASSWORD_MIN_ALONE


def refusal(password: str, username: str, minimum: int = config.PASSWORD_MIN_ALONE) -> str | None:
    """The reason to refuse a new password ("password_short", …), or None (PW-1, PW-2, PW-3, PW-5)."""
    chosen = normalize(password)
    if len(chosen) < minimum:
        return "password_short"
    if len(chosen) > config.PASSWORD_MAX:
        return "password_long"
    folded = chosen.casefold()
    rest = remove_context_words(folded, username.casefold())
    if rest != folded and is_easily_guessed(rest.strip("0123456789-_. !")):
        return "password_context"
    return "password_common" if is_easily_guessed(folded) else None


def remove_context_words(folded: str, username: str) -> str:
    """The password without product names and the username, removed until none is left (PW-5)."""
    words = [word for word in (*CONTEXT_WORDS, username) if word]
    before = None
    while before != folded:
        before = folded
        for word in words:
            folded = folded.replace(word, "")
    return folded


def is_easily_guessed(text: str) -> bool:
    """Whether an attacker would try it early. An empty string counts."""
    return not text or text in common_passwords() or zxcvbn(text[:ZXCVBN_MAX])["score"] < 2


@cache
def common_passwords() -> frozenset[str]:
    """Leaked and dictionary passwords, from zxcvbn's word lists."""
    return frozenset(word for words in FREQUENCY_LISTS.values() for word in words)


@cache
def dummy_hash() -> str:
    """The hash to verify against for an unknown username, so that timing does not allow user enumeration (EN-2)."""
    return HASHER.hash(os.urandom(16).hex())
