"""A password hash that costs next to nothing, for what is not about its cost: the real one takes most of a sign-in's processor time."""

import contextlib

from argon2 import PasswordHasher

from portal import passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def hash_cheaply():
    """Makes this process, and its forks, hash passwords at next to no cost."""
    passwords.HASHER = CHEAP


@contextlib.contextmanager
def cheap_hashes():
    """The same for the duration of the block."""
    before, passwords.HASHER = passwords.HASHER, CHEAP
    try:
        yield
    finally:
        passwords.HASHER = before
