"""The languages of the portal and their catalogues. English is written in the code itself; the others are read from portal/translations.

A catalogue is compiled in memory when it is first used, so a .po file is all there is: nothing to build, nothing to forget.
"""

import itertools
import logging
import re
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, unescape
from babel.support import NullTranslations, Translations

from portal.pseudo import translate_all

log = logging.getLogger(__name__)
SOURCE = "en"
PSEUDO = "en-XA"  # CLDR's tag of the pseudo-locale; see portal/pseudo.py
PSEUDO_FORMATS = "ja"  # its dates: without a Latin letter, so that a date in a fixed English order is told apart
FOLDER = Path(__file__).parent / "translations"
TEMPLATE = FOLDER / "messages.pot"
# How a language is written where its readers live, if it alone means another country's habits: "es" has 24 hours and 1.234,5.
REGIONS = {"es": "es_US"}
# The same by the clock of a place whose habits differ from those: CLDR has "p. m." and 12/03/2026 for Puerto Rico.
PLACES = {("es", "America/Puerto_Rico"): "es_PR"}
REVIEWED = "# Reviewed:"  # begins a line at the top of a catalogue: by whom and when, as docs/languages.md says it
CLOSED = re.compile("[\N{RIGHT SINGLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}](?=[가-힣])")
WORD_JOINER = "\N{WORD JOINER}"
# What a sentence has beside words: what is filled in, and signs that HTML would read. Ours have none of the latter.
SIGNS = re.compile(r"%(?:\(\w+\)[a-z])?|[<>&]")
NOT_REVIEWED = "not yet reviewed by a qualified person"


def catalogue_path(language: str) -> Path:
    """Where the catalogue of a language lies, by its BCP 47 tag such as "es"."""
    return FOLDER / language.replace("-", "_") / "LC_MESSAGES" / "messages.po"


@cache
def list_languages() -> tuple[str, ...]:
    """The tags of the languages that have a catalogue, English first."""
    found = sorted(path.parts[-3].replace("_", "-") for path in FOLDER.glob("*/LC_MESSAGES/messages.po"))
    return (SOURCE, *found)


@cache
def is_reviewed(language: str) -> bool:
    """Whether a qualified person has reviewed the language's catalogue, as the comment at its beginning says."""
    if language in (SOURCE, PSEUDO):
        return True
    with catalogue_path(language).open(encoding="utf-8", errors="replace") as file:
        comments = itertools.takewhile(lambda line: line.startswith("#"), file)
        said = [line.removeprefix(REVIEWED).strip() for line in comments if line.startswith(REVIEWED)]
    return bool(said) and all(said) and NOT_REVIEWED not in said


@cache
def locale_of(language: str, zone: str = "") -> Locale:
    """How dates and numbers are written in a language, for a reader by the clock of a zone (IANA name)."""
    if language == PSEUDO:
        return Locale.parse(PSEUDO_FORMATS)
    return Locale.parse(PLACES.get((language, zone)) or REGIONS.get(language) or language.replace("-", "_"))


@cache
def load_catalogue(language: str) -> NullTranslations:
    """The translations into a language; a string that it lacks, or that is marked fuzzy, stays English.

    So does everything if the catalogue is damaged: no page may break on it, least of all the one that says that something broke.
    """
    if language == SOURCE:
        return NullTranslations()
    if language == PSEUDO:
        with TEMPLATE.open("rb") as file:
            return compile_catalogue(translate_all(read_po(file)))
    try:
        with catalogue_path(language).open("rb") as file:
            return compile_catalogue(read_po(file, locale=language.replace("-", "_")))
    except Exception:  # Babel and gettext raise whatever a damaged file leads them to
        log.critical("the catalogue of %s can't be read: English stands in for all of it", language, exc_info=True)
        return NullTranslations()


@cache
def source_sentences() -> frozenset[str]:
    """Every sentence that is ours, in English, from the template; needed only once a catalogue lacks one. None without a template."""
    try:
        lines = TEMPLATE.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        log.critical("the template of the catalogues can't be read: English is marked nowhere", exc_info=True)
        return frozenset()
    return frozenset(unescape(line.removeprefix("msgid ")) for line in lines if line.startswith("msgid "))


def compile_catalogue(catalogue: Catalog) -> Translations:
    """The catalogue as gettext looks strings up in it, without what would break a page."""
    for message in list(catalogue):
        if message.id and not is_whole(message):
            catalogue.delete(message.id, message.context)
    file = BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return Translations(file)


def is_whole(message: Message) -> bool:
    """Whether a translation has every form of a count (Babel would put English there), and each of them the signs of its English."""
    ours, theirs = as_tuple(message.id), as_tuple(message.string)
    signs = [sorted(SIGNS.findall(each)) for each in ours]
    return all(theirs) and all(sorted(SIGNS.findall(each)) in signs for each in theirs)


def as_tuple(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """The forms of a message: one, or those of a count."""
    return tuple(text) if isinstance(text, tuple | list) else (text or "",)


def tie_particles(text: str) -> str:
    """A sentence with each Korean particle tied to the quotation mark before it: browsers would break the line between the two."""
    return CLOSED.sub(rf"\g<0>{WORD_JOINER}", text)


@cache
def name_of(language: str) -> str:
    """The language's own name, such as "Español"."""
    if language == PSEUDO:
        return "[Þšéúđó]"
    locale = Locale.parse(language, sep="-")
    name = locale.get_display_name(locale) or language
    return name[:1].upper() + name[1:]
