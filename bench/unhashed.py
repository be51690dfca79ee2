"""The portal with a password hash that costs nothing, for the rows of the table that leave hashing out."""

from bench.people import FREE
from portal import create_app, passwords

passwords.HASHER = FREE

app = create_app()
