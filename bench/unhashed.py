"""The portal with a nearly free password hash, for the rows without hashing."""

from bench.people import CHEAP_HASHER
from portal import create_app, passwords

passwords.HASHER = CHEAP_HASHER

app = create_app()
