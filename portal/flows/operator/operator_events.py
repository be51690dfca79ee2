"""Audit events of what an operator does with a command: nobody who is signed in, and no browser."""

import getpass
import secrets
from datetime import datetime

from portal.crypto import Keyring
from portal.db import add_at_commit
from portal.flows.base.audit import Subject, event_columns, one_line
from portal.flows.base.context import RequestContext
from portal.models import Event


def command_context(keys: Keyring, now: datetime, command: str) -> RequestContext:
    """The context of one run of a command. All its events have its request ID."""
    return RequestContext(now=now, keys=keys, ip="", user_agent=command, request_id=secrets.token_hex(8))


def record_by_operator(context: RequestContext, event: str, about: Subject, reason: str | None = None) -> None:
    """Add an event about an account to the open transaction. Its actor is no account, so it has none."""
    add_at_commit(Event, **event_columns(context, event, about, None, reason, False, None) | {"actor_id": None})


def record_run(context: RequestContext, event: str, times: int, reason: str | None = None) -> None:
    """Add the event of a run to the open transaction: how many rows it changed, and the account of the machine that ran it."""
    columns = event_columns(context, event, None, None, reason, False, None)
    who = one_line(f"{context.user_agent}, run by {operator_name()}")
    add_at_commit(Event, **columns | {"user_agent": who}, times=times)


def operator_name() -> str:
    """The name of the machine's account; a container may have none for its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "an account without a name"
