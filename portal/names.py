"""Names in the order in which people look for them: "Émile" beside "Emil", capitals and small letters together."""

import functools
import struct

from pyuca.collator import Collator_10_0_0

from portal.settings import config


@functools.cache
def collator() -> Collator_10_0_0:
    """The table of weights, read when the first name is written (0.1 s, 12 MB), and not at the start.

    One edition of the Unicode Collation Algorithm by name: pyuca's default goes by Python's version, and keys that are stored must
    not depend on it. Another edition, or another length, needs a migration that makes every key anew.
    """
    return Collator_10_0_0()


def sort_key(name: str) -> bytes:
    """What a name is sorted by, byte by byte, in any database; cut where a key would be too long for an index."""
    weights = collator().sort_key(name)
    return struct.pack(f">{len(weights)}H", *weights)[: config.NAME_KEY_BYTES]
