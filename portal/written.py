"""Texts that people write, read for what may be a code or a key in them: in any spacing, case, or script. Pure.

A text is folded into letters A-Z and digits 0-9; whatever else stands between them is passed over. So a code is found that is split by
blanks or lines, in full-width letters, in digits of another script, or struck through.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from portal.settings import config

PIECE = config.BACKUP_CODE_LENGTH  # letters and digits of a backup code, and of the shortest part of a key that gives it away
ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
DIGITS = frozenset("0123456789")
# Markup, entities, percent-encoding, and escapes, which may stand between the letters of a code that was pasted from a program.
MARKUP = re.compile(r"<[^<>]{0,200}>|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});|%[0-9a-fA-F]{2}|\\[nrt]")
# Capital letters of Cyrillic and Greek that look like Latin ones, in their order.
LATIN = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u051a\u051c"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "ABEKMHOPCTYXSIJQWABEZHIKMNOPTYX",
)
Span = tuple[int, int]  # from and to, in the text


@dataclass(frozen=True)
class Sign:
    """One folded letter or digit, or "" for what stands between them, with its place in the text."""

    value: str
    place: Span


@dataclass
class Written:
    """What stands in a text, each with its places: pieces of sixteen letters and digits in a row, and six digits that stand alone."""

    pieces: dict[str, list[Span]] = field(default_factory=dict)
    likely: set[str] = field(default_factory=set)  # the pieces that may be a backup code: not those cut out of plain prose
    sixes: dict[str, list[Span]] = field(default_factory=dict)

    def add(self, signs: list[Sign]) -> None:
        """Add what one reading of the text holds."""
        for piece, place, is_likely in find_pieces(signs):
            self.pieces.setdefault(piece, []).append(place)
            if is_likely:
                self.likely.add(piece)
        for six, place in find_sixes(signs):
            self.sixes.setdefault(six, []).append(place)


def read_written(text: str) -> Written:
    """What a text holds: as it stands, and without its markup if it has any. Raises ValueError for one longer than any form takes."""
    if len(text) > config.WRITTEN_MAX:
        raise ValueError("the form that took this text has no limit")
    written = Written()
    written.add([sign for at, each in enumerate(text) for sign in fold(each, (at, at + 1))])
    if MARKUP.search(text):
        written.add([sign for each, place in decode(text) for sign in fold(each, place)])
    return written


def fold(character: str, place: Span) -> Iterator[Sign]:
    """The letters and digits of one character, in upper case, without its accents; "" for any other."""
    if character.isascii():
        yield Sign(character.upper() if character.isalnum() else "", place)
        return
    letters = "".join(each for each in unicodedata.normalize("NFKD", character) if unicodedata.category(each)[0] != "M")
    for each in letters.upper().translate(LATIN):  # a mark by itself may become a letter: U+0345 is an iota
        value = str(unicodedata.decimal(each, each))
        yield Sign(value if value in ALPHABET else "", place)


def decode(text: str) -> Iterator[tuple[str, Span]]:
    """The characters of a text whose markup is taken away, and whose escapes stand for what they mean."""
    end = 0
    for found in MARKUP.finditer(text):
        yield from ((text[at], (at, at + 1)) for at in range(end, found.start()))
        end, escape = found.end(), found[0]
        meant = html.unescape(escape) if escape[0] == "&" else unquote(escape, "latin-1") if escape[0] == "%" else ""
        yield from ((each, found.span()) for each in meant)
    yield from ((text[at], (at, at + 1)) for at in range(end, len(text)))


def find_pieces(signs: list[Sign]) -> Iterator[tuple[str, Span, bool]]:
    """Every piece of sixteen letters and digits in a row, its place, and whether it may be a backup code.

    One without a digit may be one only if it begins and ends with a word: else each letter of a long text would begin one. Of the
    codes, 1 in 400 has no digit.
    """
    kept = [at for at, sign in enumerate(signs) if sign.value]
    values = "".join(signs[at].value for at in kept)
    begins = [at == 0 or not signs[at - 1].value for at in kept]
    ends = [at + 1 == len(signs) or not signs[at + 1].value for at in kept]
    for first in range(len(values) - PIECE + 1):
        piece, last = values[first : first + PIECE], first + PIECE - 1
        is_likely = not DIGITS.isdisjoint(piece) or (begins[first] and ends[last])
        yield piece, (signs[kept[first]].place[0], signs[kept[last]].place[1]), is_likely


def find_sixes(signs: list[Sign]) -> Iterator[tuple[str, Span]]:
    """Six digits that stand alone, however they are grouped: "123456", "123 456", "1-2-3-4-5-6", but no part of a longer number."""
    groups: list[Sign] = []
    for sign in [*signs, Sign("A", (0, 0))]:
        if sign.value in DIGITS:
            groups.append(sign)
        elif sign.value:
            yield from join_groups(groups)
            groups = []
        elif groups and groups[-1].value:
            groups.append(sign)


def join_groups(signs: list[Sign]) -> Iterator[tuple[str, Span]]:
    """The groups of digits, and several in a row, that have six digits together."""
    values = "".join(sign.value or " " for sign in signs)
    groups = list(re.finditer(r"\d+", values))
    for first, group in enumerate(groups):
        digits = ""
        for last in groups[first : first + config.CODE_DIGITS]:
            digits += last[0]
            if len(digits) == config.CODE_DIGITS:
                yield digits, (signs[group.start()].place[0], signs[last.end() - 1].place[1])
            if len(digits) >= config.CODE_DIGITS:
                break


def without(text: str, places: Iterable[Span]) -> str:
    """The text with an ellipsis in place of each of these places."""
    kept, end = [], 0
    for begin, until in sorted(places):
        if begin >= end:
            kept += [text[end:begin], "…"]
        end = max(end, until)
    return "".join([*kept, text[end:]])
