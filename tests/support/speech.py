"""What an English label is called in another language, so that one walk through the pages can be taken in any of them."""

import re
from functools import cache

from babel.messages.pofile import read_po

from portal.languages import TEMPLATE, load_catalogue
from tests.support.notes import CONTEXTS

PLACE = re.compile(r"%\((\w+)\)[a-z]")
LITERAL = 3  # letters that a sentence needs beside its places to be recognized


@cache
def sentences():
    """Returns (pattern, singular, plural or None) of each sentence with places, those with the most text of their own first."""
    with TEMPLATE.open("rb") as file:
        ids = [message.id for message in read_po(file) if message.id]
    found = []
    for each in ids:
        one, many = (each, None) if isinstance(each, str) else each
        found += [(form, one, many) for form in filter(None, (one, many)) if len(PLACE.sub("", form)) >= LITERAL]
    found.sort(key=lambda entry: -len(PLACE.sub("", entry[0])))
    return [(pattern_of(form), one, many) for form, one, many in found]


def pattern_of(sentence):
    """Returns a pattern for a sentence whose places are filled in."""
    parts = PLACE.split(sentence)  # text, name, text, name, …
    seen, pattern = set(), ""
    for at, part in enumerate(parts):
        if at % 2 == 0:
            pattern += re.escape(part.replace("%%", "%"))
        else:
            pattern += f"(?P={part})" if part in seen else f"(?P<{part}>.+?)"
            seen.add(part)
    return re.compile(pattern)


def translate(language, words):
    """Returns English words as pages in that language say them; names and numbers stay as they are."""
    catalogue = load_catalogue(language)
    exact = catalogue.gettext(words)
    if exact != words:
        return exact
    for pattern, one, many in sentences():
        filled = pattern.fullmatch(words)
        if filled:
            facts = {name: translate(language, value) for name, value in filled.groupdict().items()}
            return (catalogue.gettext(one) if many is None else plural(catalogue, pattern, one, many)) % as_numbers(facts)
    return join_parts(catalogue, language, words)


def ways_to_say(language, words):
    """Returns what a label may be called: a sentence of its own, or put together from parts."""
    catalogue = load_catalogue(language)
    said = {
        translate(language, words),
        join_parts(catalogue, language, words),
        *(catalogue.pgettext(each, words) for each in CONTEXTS),
    }
    return sorted(said - {words} or {words})


def join_parts(catalogue, language, words):
    """Returns a name that a page puts together, such as "Rename Tablet", of which only the beginning is in the catalogue."""
    first, blank, rest = words.partition(" ")
    exact = catalogue.gettext(first)
    return f"{exact}{blank}{translate(language, rest)}" if blank and exact != first else words


def plural(catalogue, pattern, one, many):
    """Returns the form whose English twin the pattern is of."""
    return catalogue.ngettext(one, many, 1 if pattern is pattern_of(one) else 2)


def as_numbers(facts):
    """Returns facts with digits as numbers, which some places need."""
    return {name: int(value) if value.isdigit() else value for name, value in facts.items()}
