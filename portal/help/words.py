"""How words are compared: without marks and accents, Korean in pairs of syllables, Spanish by its sounds and without endings."""

import re
import unicodedata
from collections.abc import Iterable

from portal.help import spanish

WORD = re.compile(r"\w+")
KOREAN = re.compile("[가-힣]+")
PARTICLE = re.compile("(?<=^[가-힣])[을를은는이가에만도로]$")


def words_of(text: str) -> list[str]:
    """The words of a text: lower case, without apostrophes and accents; Korean in pairs of syllables."""
    return [fold(word) for word in written_in(text)]


def written_in(text: str) -> list[str]:
    """The same words with their accents."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return WORD.findall(KOREAN.sub(lambda found: f" {' '.join(pairs(found[0]))} ", plain))


def fold(word: str) -> str:
    """The word without accents, which few people type on a phone: "contraseña" -> "contrasena"."""
    if word.isascii():
        return word
    letters = [sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign)]
    return unicodedata.normalize("NFC", "".join(letters))


def pairs(word: str) -> list[str]:
    """Each two syllables that stand together in a Korean word, so that it is found in compounds, and whatever ending it carries."""
    found = [word[place : place + 2] for place in range(max(1, len(word) - 1))]
    return [*found, word[0]] if PARTICLE.search(word) else found


def keys_of(words: Iterable[str], language: str) -> list[str]:
    """What the index of a language holds of these words. Of English ones, lunr makes the stems."""
    return [spanish.stem(word) for word in words if word not in spanish.IDLE] if language == "es" else list(words)
