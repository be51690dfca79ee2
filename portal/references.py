"""Reference numbers that people read, type, and say on the phone, of recovery requests and of support tickets. Pure."""

import secrets

from portal.settings import config
from portal.typed import LOOKALIKES, strip_separators


def new_reference(length: int = config.RECOVERY_REFERENCE_LENGTH) -> str:
    """A random reference number as it is stored, without dashes; 60 bits at the length of a recovery's."""
    return "".join(secrets.choice(config.BACKUP_CODE_ALPHABET) for _ in range(length))


def format_reference(stored: str) -> str:
    """A reference number as people read it: XXXX-XXXX-XXXX."""
    return "-".join(stored[at : at + 4] for at in range(0, len(stored), 4))


def read_reference(typed: str, length: int = config.RECOVERY_REFERENCE_LENGTH) -> str | None:
    """What people type or open as a reference number, as it is stored; None if it cannot be one."""
    read = strip_separators(typed).upper().translate(LOOKALIKES)
    is_one = len(read) == length and set(config.BACKUP_CODE_ALPHABET).issuperset(read)
    return read if is_one else None
