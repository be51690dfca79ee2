"""The pseudo-locale: every sentence in brackets, with accents, and 40 % longer, made from the template of the catalogues.

Nobody reads it. On a page, what has no brackets passes no catalogue, and what is cut off would be cut off in German too.
"""

import re

from babel.messages.catalog import Catalog

GROWTH = 1.4
ACCENTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "áƀçđéƒĝĥíĵķļɱñóþǫŕšţúṽŵẋýžÁƁÇĐÉƑĜĤÍĴĶĻṀÑÓÞǪŔŠŢÚṼŴẊÝŽ"
)
PLACE = re.compile(r"(%\(\w+\)[a-z]|%%)")  # what is filled in
FILLER = " ļóŕéɱ íþšúɱ đóļóŕ"


def stretch(sentence: str) -> str:
    """The sentence as the pseudo-locale says it; its places stay as they are."""
    parts = [part if PLACE.fullmatch(part) else part.translate(ACCENTED) for part in PLACE.split(sentence)]
    missing = round(len(PLACE.sub("", sentence)) * (GROWTH - 1)) - 2  # the brackets
    filler = (FILLER * (missing // len(FILLER) + 1))[: max(0, missing)]
    return f"[{''.join(parts)}{filler.rstrip()}]"


def translate_all(template: Catalog) -> Catalog:
    """A catalogue that has every sentence of the template, with two plural forms."""
    found = Catalog(locale="en", fuzzy=False)
    for message in template:
        if not message.id:
            continue
        forms = tuple(map(stretch, message.id)) if isinstance(message.id, tuple | list) else stretch(message.id)
        found.add(message.id, forms, context=message.context)
    return found
