"""Finds English words in what is written in another language: in catalogues, and on pages with what is only spoken or shown later.

What may stay English is in stays_english.txt, and on a page in parts that say so: by a language of their own, or that they are nobody's to
translate.
"""

import re
from collections import Counter
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.pofile import read_po

from portal.languages import SOURCE, TEMPLATE, locale_of
from tests.house.source import PORTAL
from tests.support.markup import parse
from tests.support.messages import as_tuple, read_catalogue

STAYS = Path(__file__).with_name("stays_english.txt")
WORD = re.compile(r"[^\W\d_]+")
LATIN = re.compile(r"[A-Za-z]+")
PLACE = re.compile(r"%\(\w+\)[sd]")
ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
UNSAID = {"script", "style", "svg"}
ATTRIBUTES = ("aria-label", "aria-description", "alt", "title", "placeholder", "label", "summary")
SAID_LATER = re.compile("data-(busy|late|said|name|words|ready|early|text)")  # by a script
LETTERS_AND_DIGITS = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4})+\b|\b[A-Z2-7]{32}\b")  # codes and keys


@cache
def kept(language):
    """Returns a pattern of what stays English in a language, the longest first."""
    everywhere, *own = STAYS.read_text().split("\n[")
    lines = [*everywhere.splitlines(), *next((part.splitlines()[1:] for part in own if part.startswith(f"{language}]")), ())]
    phrases = sorted((line for line in lines if line and not line.startswith("#")), key=len, reverse=True)
    return re.compile("|".join(rf"(?<![^\W\d_]){re.escape(each)}(?![A-Za-z])" for each in phrases), re.IGNORECASE)


def without_kept(language, text):
    """Returns a text without what may stay English."""
    return kept(language).sub(" ", LETTERS_AND_DIGITS.sub(" ", ADDRESS.sub(" ", text)))


def words_of(text):
    """Returns the words of a text in lower case."""
    return {word.lower() for word in WORD.findall(PLACE.sub(" ", text))}


def words_in(message):
    """Returns the words of a message's sentence, or of its plural forms."""
    return set().union(*map(words_of, as_tuple(message)))


@cache
def english():
    """Returns (words of all English sentences and articles, those of them that several sentences have)."""
    with TEMPLATE.open("rb") as file:
        counts = Counter(word for message in read_po(file) if message.id for word in words_in(message.id))
    articles = [words_of(path.read_text()) for path in (PORTAL / "help" / SOURCE).glob("*.md")]
    return counts.keys() | set().union(*articles), {word for word, count in counts.items() if count > 1}


@cache
def vocabulary(language):
    """Returns the words of a language's catalogue, and of what CLDR calls times and places there; no usual English ones."""
    sentences = [words_in(message.string) for message in read_catalogue(language) if message.string]
    return set().union(*sentences).difference(english()[1]).union(*map(words_of, leaves(locale_of(language))))


def leaves(locale: Locale):
    """Returns the names of months, days, zones, and countries."""
    found, waiting = [], [locale.months, locale.days, locale.periods, locale.meta_zones, locale.time_zones, locale.territories]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            found.append(each)
        elif hasattr(each, "values"):
            waiting += each.values()
    return found


def find_english(language, text):
    """Returns the English words of a text: where another alphabet is written, all with Latin letters, else those that it has not itself."""
    left = without_kept(language, text)
    if language == "ko":
        return sorted(set(LATIN.findall(left)))
    return sorted(words_of(left) & english()[0] - vocabulary(language))


def find_copied(language):
    """Returns (message, words) for each translation that has words of its own English sentence, or usual English ones."""
    found = []
    for message in read_catalogue(language):
        if not message.id:
            continue
        source = words_in(message.id) | english()[1]
        for text in as_tuple(message.string):
            said = without_kept(language, PLACE.sub(" ", text))
            copied = set(LATIN.findall(said)) if language == "ko" else words_of(said) & source
            found += [(message.id, sorted(copied))] if copied else []
    return found


def find_on_page(language, html):
    """Returns a line for each English word on a page, title and attributes included, and for a page in another language."""
    page, _ = parse(html)
    root = page.one("html")
    faults = [] if root["lang"] == language else [f"the page says it is in {root['lang']}"]
    names = own_parts(next(iter(page.all("h1")), root)) + own_parts(next(iter(page.all("header")), root))
    for text, element, in_attribute in texts_of(root):
        if in_attribute or element.tag == "title":
            for name in sorted(own_parts(element) + names, key=len, reverse=True):
                text = text.replace(name, " ")
        if found := find_english(language, text):
            faults.append(f"{found} in “{' '.join(text.split())[:120]}” ({element.tag})")
    return faults


def is_own(element):
    """Returns whether a part is nobody's to translate, or in a language of its own."""
    is_city = element.tag == "option" and "/" in (
        element["value"] or ""
    )  # one without a name of its own is called after its zone
    return element.tag in UNSAID or element["translate"] == "no" or ("lang" in element and element.tag != "html") or is_city


def own_parts(element):
    """Returns the texts of the parts of an element that are nobody's to translate; attributes and titles can't be marked themselves."""
    return [part.text for part in [element, *element.walk()] if is_own(part) and part.text]


def texts_of(element):
    """Returns (text, its element, whether it is an attribute) for all that a page says, in an element that isn't its own."""
    if is_own(element):
        return
    for name, value in element.attributes.items():
        is_button = name == "value" and element.tag == "input" and element["type"] in ("submit", "button")
        if name in ATTRIBUTES or SAID_LATER.fullmatch(name) or is_button:
            yield value, element, True
    for child in element.children:
        if isinstance(child, str):
            yield child, element, False
        else:
            yield from texts_of(child)
