"""Names: their collation, as people expect it ("Émile" beside "Emil", regardless of case), and their initials."""

import functools
import struct
import unicodedata
from typing import TYPE_CHECKING

from portal.settings import config

if TYPE_CHECKING:
    from pyuca.collator import Collator_10_0_0

HANGUL = "\u1100\ud7fb"  # the jamo with the lowest and the highest weight, of which all syllables are made
BEHIND_HANGUL = 0x10000  # above every weight


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


def list_key(text: str, language: str) -> list[int]:
    """The sort key of a text in a list that is sorted in memory, by the rules of the reader's language (CLDR's collations).

    Spanish has ñ as a letter of its own, after n: it takes the place of ŋ, which Spanish lacks. Korean has Hangul before all other
    letters. English has neither rule, and neither has `sort_key`, which is stored once for readers of every language.
    """
    if language == "es":
        text = unicodedata.normalize("NFC", text).replace("ñ", "ŋ").replace("Ñ", "Ŋ")
    weights: list[int] = list(collator().sort_key(text))
    if language != "ko":
        return weights
    letters, (hangul, hangul_end) = collator().sort_key("a")[0], (collator().sort_key(jamo)[0] for jamo in HANGUL)
    return [weight + BEHIND_HANGUL if weight >= letters and not hangul <= weight <= hangul_end else weight for weight in weights]


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
