"""Passwords known from breaches: a file of their hashes that the operator keeps, so that none leaves the portal (PW-5)."""

import hashlib
import logging
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger(__name__)
HASH_LENGTH = 40  # hexadecimal digits of SHA-1, as the lists that are published have them


def holds(file: Path, password: str) -> bool:
    """Whether a sorted file of lines `HASH:COUNT` has the hash of a password. Reads some forty lines, however long it is.

    A file that can't be read any more is the operator's to mend: until then, passwords are weighed as without it.
    """
    digest = hashlib.sha1(password.encode(), usedforsecurity=False)  # what the list is sorted by; it is kept nowhere
    try:
        with file.open("rb") as lines:
            return search(lines, digest.hexdigest().upper().encode())
    except OSError as error:
        log.error("PORTAL_BREACHED_PASSWORDS can't be read, so new passwords are not compared with it: %s", error.strerror)
        return False


def search(lines: BinaryIO, wanted: bytes) -> bool:
    """Whether one of the lines begins with a hash: the half of the file that can't have it is left, until a line remains."""
    low, high = 0, lines.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        found = line_after(lines, middle)
        if found and found < wanted:
            low = middle + 1
        else:
            high = middle
    return line_after(lines, low) == wanted


def line_after(lines: BinaryIO, place: int) -> bytes:
    """The hash of the first line that begins behind a place of the file, or at its very beginning; empty at its end."""
    lines.seek(place)
    if place:
        lines.readline()
    return lines.readline()[:HASH_LENGTH].upper()
