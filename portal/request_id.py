"""The number of the request that is being answered, on its pages, in its events, and in whatever is written to the log for it."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ENVIRON = "portal.request_id"  # in the environment of a request
WRITTEN = re.compile(r"[0-9a-f]{16,32}", re.ASCII)  # events have room for 32 digits, as nginx writes it
current: ContextVar[str] = ContextVar("request_id", default="")


def new_id() -> str:
    """A number for a request that comes without one."""
    return secrets.token_hex(8)


def read_id(text: str) -> str | None:
    """The number in a trusted proxy's header, a UUID without its dashes; None if it is anything else."""
    plain = text.strip().lower().replace("-", "") if len(text) <= 40 else ""
    return plain if WRITTEN.fullmatch(plain) else None


@contextmanager
def answering(number: str) -> Iterator[None]:
    """Work for a request, or for what it left to do."""
    token = current.set(number)
    try:
        yield
    finally:
        current.reset(token)
