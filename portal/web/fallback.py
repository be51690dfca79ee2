"""English that stands in for a sentence that a catalogue lacks: marked with its language on pages, as it is everywhere else.

A mark is an element of no HTML, since whoever translates a sentence does not know where it goes: into an element's content, where it
becomes a `span`, or into an attribute or a title, which can't hold one. `settle_marks` decides when the page is whole. Nothing that
people typed can be one: it would be escaped.
"""

import re

from markupsafe import Markup

from portal.languages import SOURCE, source_sentences

OPEN, CLOSE = "<en>", "</en>"
SPAN = {OPEN: f'<span lang="{SOURCE}">', CLOSE: "</span>"}
PLACE = re.compile(r"(%\(\w+\)[a-z])")  # what is filled in, which is in the page's language or in nobody's
TAG = re.compile(r"""</?en>|</?([a-z][a-z0-9]*+)(?:[^<>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
TEXT_ONLY = ("title", "textarea", "option", "script", "style")  # elements that hold no other

lacking: set[str] = set()  # languages of which this process has missed a sentence: others' pages are not looked at


def is_lacking(language: str, said: str, *asked: str) -> bool:
    """Whether gettext returned what it was asked, the same object, because the language's catalogue lacks a sentence of ours."""
    return language != SOURCE and any(said is each for each in asked) and asked[0] in source_sentences()


def mark_english(language: str, sentence: Markup) -> Markup:
    """A sentence in English on a page in `language`, with marks around its words but not around what is filled in."""
    lacking.add(language)
    parts = PLACE.split(sentence)
    has_words = [any(each.isalpha() for each in part) and not place % 2 for place, part in enumerate(parts)]
    marked = [f"{OPEN}{part}{CLOSE}" if words else part for part, words in zip(parts, has_words, strict=True)]
    return Markup("".join(marked))  # noqa: S704 (was markup before)


def settle_marks(language: str, page: str) -> str:
    """The page with elements in place of the marks, and without those that no element can replace."""
    if language not in lacking:
        return page
    holder = ""  # the element of TEXT_ONLY that is open

    def settle(found: re.Match[str]) -> str:
        nonlocal holder
        tag, name = found[0], (found[1] or "").lower()
        if not name:
            return "" if holder else SPAN[tag]
        if holder:
            holder = "" if name == holder and tag.startswith("</") else holder
        elif name in TEXT_ONLY and not tag.startswith("</"):
            holder = name
        return tag.replace(OPEN, "").replace(CLOSE, "")

    return TAG.sub(settle, page)
