"""Passwords: hashing with argon2id, and which ones are refused."""

import math
import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal import breached
from portal.hashing import HashingThreads
from portal.settings import config

HASHER = PasswordHasher(config.ARGON2_PASSES, config.ARGON2_MEMORY_KIB, config.ARGON2_LANES)
HASHING = HashingThreads(config.HASHES_AT_ONCE)
PLACES = threading.BoundedSemaphore(config.HASHES_AT_ONCE + config.HASHES_WAITING)
HELD = threading.local()  # of each thread: `place`, whether it has a place in line, and `kept_out`, whether it gets none
TURNS: set[str] = set()  # those whose password is being hashed or weighed
TURNS_LOCK = threading.Lock()
CONTEXT_WORDS = ("medximity", "digitalpatientchart")
BREACHED: dict[str, Path] = {}  # `list`: the operator's, if there is one
ZXCVBN_MAX = 72  # zxcvbn rejects longer strings


class HashingBusy(Exception):
    """As many requests as may are hashing or waiting to hash: answer 503 at once."""


class TurnTaken(HashingBusy):
    """Another request of the same session or link is hashing, such as the first of two clicks: it may yet change something."""


@contextmanager
def place_in_line(whose: str = "") -> Iterator[None]:
    """Hold one of the process's few places for hashing; a nested call shares it. Raises HashingBusy if none is free.

    `whose`: a session or an emailed link, which gets one place at a time. Take the place before charging an attempt, so that an attempt
    that cannot be compared costs nothing.
    """
    if is_kept_out():
        raise HashingBusy
    if getattr(HELD, "place", False):
        yield
        return
    with take_turn(whose):
        if not PLACES.acquire(blocking=False):
            raise HashingBusy
        HELD.place = True
        try:
            yield
        finally:
            HELD.place = False
            PLACES.release()


@contextmanager
def without_place() -> Iterator[None]:
    """Answer as if every place were taken: a request for which the line before the threads was too long already."""
    HELD.kept_out = True
    try:
        yield
    finally:
        HELD.kept_out = False


def is_kept_out() -> bool:
    """Whether this thread is inside of without_place()."""
    return getattr(HELD, "kept_out", False)


@contextmanager
def take_turn(whose: str) -> Iterator[None]:
    """Let one request of each session hash at a time. Raises TurnTaken for another one."""
    with TURNS_LOCK:
        if whose in TURNS:
            raise TurnTaken
        TURNS.update([whose] if whose else ())
    try:
        yield
    finally:
        TURNS.discard(whose)


def look_into(file: Path | None) -> None:
    """Compare new passwords with a file of breached ones, or with none."""
    BREACHED.clear()
    if file:
        BREACHED["list"] = file


def normalize(password: str) -> str:
    """NFC, so that é typed on two keyboards is one password (NIST SP 800-63B 3.1.1.2)."""
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """The argon2id string, with its parameters and a 128-bit salt. Raises HashingBusy."""
    with place_in_line():
        return HASHING.run(HASHER.hash, normalize(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether `password` matches. `stored` is None for an unknown user, which takes as long and never matches (EN-2).

    Raises HashingBusy.
    """
    candidate = normalize(password)
    fits_limits = 0 < len(candidate) <= config.PASSWORD_MAX
    try:
        with place_in_line():
            is_right = HASHING.run(HASHER.verify, stored or dummy_hash(), candidate if fits_limits else "-")
    except (VerificationError, InvalidHashError):
        return False
    return is_right and stored is not None and fits_limits


def needs_rehash(stored: str) -> bool:
    """Whether the stored string was made with outdated parameters (PW-7)."""
    return HASHER.check_needs_rehash(stored)


def is_short(password: str) -> bool:
    """Whether a password is too short to be the only factor (PW-1)."""
    return len(normalize(password)) < config.PASSWORD_MIN_ALONE


def shape_refusal(password: str, minimum: int = config.PASSWORD_MIN_ALONE) -> str | None:
    """ "password_short", "password_long", or None: what is refused before anything is charged or weighed (PW-1, PW-3)."""
    length = len(normalize(password))
    return "password_short" if length < minimum else "password_long" if length > config.PASSWORD_MAX else None


def refusal(password: str, username: str, minimum: int = config.PASSWORD_MIN_ALONE) -> str | None:
    """The reason to refuse a new password ("password_short", …), or None (PW-1, PW-2, PW-3, PW-5). Raises HashingBusy."""
    reason = shape_refusal(password, minimum)
    if reason:
        return reason
    if "list" in BREACHED and breached.holds(BREACHED["list"], normalize(password)):
        return "password_common"
    folded = normalize(password).casefold()
    rest = remove_context_words(folded, username.casefold())
    with place_in_line():
        return HASHING.run(weigh, folded, rest)


def weigh(folded: str, rest: str) -> str | None:
    """The reason to refuse a password as easy to guess, or None. `rest` is what is left of it without context words."""
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
    """Whether an attacker would try it early. An empty string counts.

    zxcvbn's word lists take 12 MB and some 30 ms, so they are loaded where the first password is chosen.
    """
    from zxcvbn import zxcvbn

    return not text or text in common_passwords() or zxcvbn(limit_substitutions(text[:ZXCVBN_MAX]))["score"] < 2


def limit_substitutions(text: str) -> str:
    """The text with fewer kinds of substituted letters, if zxcvbn would need seconds to try every combination of them.

    All signs that stand for one letter become the same sign, which makes no password look harder to guess than it is.
    """
    from zxcvbn.matching import L33T_TABLE

    kinds = [used for signs in L33T_TABLE.values() if (used := [sign for sign in signs if sign in text])]
    if math.prod(map(len, kinds)) <= config.SUBSTITUTIONS_WEIGHED:
        return text
    same: dict[str, str] = {}
    for used in kinds:
        for sign in used:
            same.setdefault(sign, same.get(used[0], used[0]))
    return "".join(same.get(sign, sign) for sign in text)


@cache
def common_passwords() -> frozenset[str]:
    """Leaked and dictionary passwords, from zxcvbn's word lists."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for words in FREQUENCY_LISTS.values() for word in words)


@cache
def dummy_hash() -> str:
    """The hash to verify against for an unknown username, so that timing does not allow user enumeration (EN-2)."""
    return HASHER.hash(os.urandom(16).hex())
