"""Reads where the operator keeps a list of passwords known from breaches."""

import re
from collections.abc import Mapping
from pathlib import Path

from portal.settings.addresses import SettingError

NAME = "PORTAL_BREACHED_PASSWORDS"
LINE = re.compile(rb"[0-9A-Fa-f]{40}(:\d+)?\r?\n?")
LONGEST = 100  # bytes of a line, and a margin


def read_breached(environ: Mapping[str, str]) -> Path | None:
    """The file of hashes; None if there is none. Its first two lines are looked at: what is wrong in it is wrong from the beginning."""
    if not environ.get(NAME):
        return None
    path = Path(environ[NAME]).absolute()
    try:
        with path.open("rb") as file:
            first, second = file.readline(LONGEST), file.readline(LONGEST)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no path"
        raise SettingError(f"{NAME} must name a file that the portal's account may read ({reason}).") from error
    if not LINE.fullmatch(first) or (second and (not LINE.fullmatch(second) or second.upper() <= first.upper())):
        raise SettingError(f"{NAME} must name a file of SHA-1 hashes in hexadecimal digits, a line each, sorted.")
    return path
