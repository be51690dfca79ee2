"""The typefaces of the report: which characters each has, and how wide they are."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

FOLDER = Path(__file__).parent / "fonts"
FILES = {"text": "atkinson-next-regular.ttf", "head": "atkinson-next-semibold.ttf", "other": "pretendard-regular.otf"}
TEXT, HEAD, OTHER = FILES
BOX = "\u25a1"  # stands for what no typeface has; the CSV files have everything as it was written
SPACES = re.compile(r"\s+")
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")  # categories of characters that print nothing
MARKS = ("Mn", "Me")  # and of those on another one, which stands without them if no typeface has them


@dataclass(frozen=True)
class Typeface:
    """One font file: the advance of each character that it has, in ems."""

    name: str
    widths: dict[str, float]


@cache
def typeface(name: str) -> Typeface:
    """A typeface by its name. Its file is read once in a process."""
    with TTFont(FOLDER / FILES[name], lazy=True) as font:
        em, advances = font["head"].unitsPerEm, font["hmtx"].metrics
        return Typeface(name, {chr(code): advances[glyph][0] / em for code, glyph in font.getBestCmap().items()})


@dataclass(frozen=True)
class Run:
    """A piece of a line in one typeface, and its width in ems."""

    face: str
    text: str
    width: float


def printable(text: str) -> str:
    """The text on one line, composed: with a box for what no typeface has."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    composed = SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if composed.isascii():
        return "".join(each for each in composed if each.isprintable())
    pieces: list[str] = []
    for each in composed:
        kind = unicodedata.category(each)
        if kind in UNSEEN:
            continue
        if each in typeface(TEXT).widths or each in typeface(OTHER).widths:
            pieces.append(each)
        elif kind not in MARKS and pieces[-1:] != [BOX]:
            pieces.append(BOX)
    return "".join(pieces)


def runs(text: str, face: str) -> Iterator[Run]:
    """The runs of a line that `printable` made."""
    own = typeface(face).widths
    try:
        yield Run(face, text, sum(map(own.__getitem__, text)))
        return
    except KeyError:  # another script
        start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or (text[at] in own) != (text[start] in own):
            name = face if text[start] in own else OTHER
            widths = typeface(name).widths
            yield Run(name, text[start:at], sum(widths.get(each, 0.0) for each in text[start:at]))
            start = at


def width(text: str, face: str) -> float:
    """The width of a line in ems."""
    return sum(run.width for run in runs(text, face))


def wrapped(text: str, face: str, room: float) -> list[str]:
    """The lines of a text in a column that is `room` ems wide. A word that is wider is cut."""
    if width(text, face) <= room:
        return [text]
    lines, line, taken, space = [], "", 0.0, width(" ", face)
    for word in text.split(" "):
        wide = width(word, face)
        if line and taken + space + wide <= room:
            line, taken = f"{line} {word}", taken + space + wide
            continue
        if line:
            lines.append(line)
        *whole, line = cut(word, face, room) if wide > room else (word,)
        taken = width(line, face) if whole else wide
        lines.extend(whole)
    return [*lines, line]


def cut(word: str, face: str, room: float) -> list[str]:
    """A word in pieces that fit."""
    pieces, piece, taken = [], "", 0.0
    for each in word:
        wide = width(each, face)
        if piece and taken + wide > room:
            pieces.append(piece)
            piece, taken = "", 0.0
        piece, taken = piece + each, taken + wide
    return [*pieces, piece]
