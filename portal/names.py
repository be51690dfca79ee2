"""Names: their collation, as people expect it ("Émile" beside "Emil", regardless of case), and their initials."""

import functools
import struct
from typing import TYPE_CHECKING

from portal.settings import config

if TYPE_CHECKING:
    from pyuca.collator import Collator_10_0_0


@functools.cache
def collator() -> "Collator_10_0_0":
    """The collation table, loaded on first use (0.1 s, 12 MB).

    A fixed version of the Unicode Collation Algorithm: pyuca's default depends on Python's version, and stored keys must not.
    Another version, or another key length, needs a migration that recomputes every key.
    """
    from pyuca.collator import Collator_10_0_0

    return Collator_10_0_0()


def sort_key(name: str) -> bytes:
    """The sort key of a name, compared bytewise in any database; truncated to fit an index."""
    weights = collator().sort_key(name)
    return struct.pack(f">{len(weights)}H", *weights)[: config.NAME_KEY_BYTES]


def search_key(text: str) -> bytes:
    """What the sort key of every name that contains the text contains, accents and case aside: its primary weights."""
    weights = collator().sort_key(text)
    primary = weights[: weights.index(0)]
    return struct.pack(f">{len(primary)}H", *primary)


def initials(full_name: str, username: str) -> str:
    """Initials such as "M. R.", for families that share a phone; letters of the GSM alphabet only, "" if there are none (SM-10)."""
    letters = [word[0].upper() for word in full_name.split() if word[0].isascii() and word[0].isalpha()]
    chosen = (
        letters[:: len(letters) - 1]
        if len(letters) > 1
        else letters or [each.upper() for each in username if each.isascii() and each.isalnum()][:1]
    )
    return " ".join(f"{letter}." for letter in chosen)
