"""Puts the pictures of our own pages into an article: files that `make pictures` draws, listed with their sizes in pictures.json."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from markupsafe import Markup

from portal import languages

PICTURE = re.compile(r'<p><img alt="([^"]*)" src="picture:([a-z-]+)" /></p>')
# Which source a browser takes, by the colors that were chosen in it.
DARK = {"auto": "screen and (prefers-color-scheme: dark)", "dark": "screen", "light": "not all"}
# Paper is light: a browser that prints doesn't wait for another file, so the light one is there beforehand.
FIGURE = Markup(
    '<figure class="shot"><img class="paper" src="{light}" {shown}>'
    '<picture><source media="{media}" srcset="{dark}"><img src="{light}" {shown}></picture></figure>'
)
SHOWN = Markup('alt="{alt}" width="{width}" height="{height}" loading="lazy"')


@cache
def sizes() -> dict[tuple[str, str], tuple[int, int]]:
    """(name, language) -> width and height of each picture, in CSS pixels."""
    listed = json.loads(Path(__file__).with_name("pictures.json").read_text(encoding="utf-8"))
    drawn = {(name, language): size for name, facts in listed.items() for language, size in facts.items() if language != "page"}
    return {each: (size["width"], size["height"]) for each, size in drawn.items()}


def file_name(name: str, scheme: str, language: str) -> str:
    """The picture's file among those of Help."""
    return f"{name}-{scheme}.webp" if language == languages.SOURCE else f"{name}-{scheme}-{language}.webp"


def with_pictures(body: Markup, language: str, scheme: str, address: Callable[[str], str]) -> Markup:
    """An article's HTML with its pictures. scheme: "auto", "light", or "dark"; `address` of a static file by its name.

    Where one isn't drawn in the article's language, the English one stands in, and says so.
    """

    def draw(found: re.Match[str]) -> str:
        alt, name = Markup(found[1]), found[2]  # noqa: S704 (our own article, escaped by Markdown)
        drawn = language if (name, language) in sizes() else languages.SOURCE
        if drawn != language:
            alt += f" ({languages.locale_of(drawn).get_language_name(languages.locale_of(language))})"
        width, height = sizes()[name, drawn]
        light, dark = (address(f"help/{file_name(name, each, drawn)}") for each in ("light", "dark"))
        shown = SHOWN.format(alt=alt, width=width, height=height)
        return FIGURE.format(media=DARK[scheme], dark=dark, light=light, shown=shown)

    return Markup(PICTURE.sub(draw, body))  # noqa: S704 (our own article)
