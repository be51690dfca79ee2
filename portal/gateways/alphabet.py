"""The alphabet of text messages, GSM 03.38 (3GPP TS 23.038, 6.2.1): which characters it has, and how many parts a text costs.

One character outside it makes the whole text UCS-2, of which a part holds less than half as many.
"""

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€\f")  # two septets each
GSM_PARTS, UNICODE_PARTS = (160, 153), (70, 67)  # units of the only part, and of each of several (TS 23.040, 9.2.3.24.1)


@dataclass(frozen=True)
class Cost:
    """What a text costs: its parts, and the characters that make it UCS-2."""

    parts: int
    strange: tuple[str, ...]


def find_strange(text: str) -> tuple[str, ...]:
    """The characters of a text that the alphabet lacks, each once, in order; () if a text of one byte a character carries it whole."""
    return tuple(dict.fromkeys(each for each in text if each not in BASIC and each not in EXTENSION))


def count_parts(text: str) -> Cost:
    """How many parts a carrier counts. No pair of units (escape and character, surrogates) is torn between two parts."""
    strange = find_strange(text)
    sizes = [len(each.encode("utf-16-be")) // 2 for each in text] if strange else [1 + (each in EXTENSION) for each in text]
    only, several = UNICODE_PARTS if strange else GSM_PARTS
    if sum(sizes) <= only:
        return Cost(1, strange)
    parts, filled = 1, 0
    for size in sizes:
        if filled + size > several:
            parts, filled = parts + 1, 0
        filled += size
    return Cost(parts, strange)
