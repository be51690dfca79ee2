"""Finds words that pass no catalogue, and words that are cut off, on a page in the pseudo-locale.

There, every letter of a translated sentence has an accent and dates have no Latin letters. So an unaccented letter is a bare word, unless
the markup says that it is nobody's to translate (`translate="no"`) or in a language of its own (`lang`). The browser writes
`time` elements anew and knows no pseudo-locale; tests/web/test_pseudo.py looks at them.
"""

import re
from urllib.parse import urlsplit

from tests.support.rules import SECRET, Inspector

LATIN = re.compile(r"[A-Za-z]")
ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
SPOKEN = ["aria-label", "aria-description", "alt", "title", "placeholder", "data-busy", "data-late", "data-said", "data-name"]

# Runs in the page and returns a line for each bare word.
BARE = r"""spoken => {
  const bare = [], latin = /[A-Za-z]/, universal = /\bUTC\b/g;
  // A city that CLDR has no name for in this language is called after its zone.
  const isUnnamed = part => part.matches("option[value*='/']") && part.value.endsWith(`/${part.text.replaceAll(" ", "_")}`);
  const isOwn = part => !part.translate || part.closest("[lang]") !== document.documentElement
    || part.closest("script, style, noscript, time") || isUnnamed(part);
  const say = (part, words) => bare.push(`bare words “${words.trim()}” in ${part.outerHTML.slice(0, 120)}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode())
    if (latin.test(text.data.replace(universal, "")) && !isOwn(text.parentElement)) say(text.parentElement, text.data);
  // Attributes and titles can't be marked: names in them are those that the part or the heading shows, marked, and the brand.
  const brand = document.querySelector("header .brand").textContent.trim();
  const marked = part => [...part?.querySelectorAll("[translate=no], [lang]") ?? []].map(own => own.textContent.trim());
  const without = (words, part) => [brand, ...marked(part)].filter(own => own).sort((one, two) => two.length - one.length)
    .reduce((left, own) => left.replaceAll(own, ""), words.replace(/\S+@\S+/g, ""));
  for (const part of document.body.querySelectorAll(spoken.map(name => `[${name}]`).join()))
    for (const name of spoken)
      if (latin.test(without(part.getAttribute(name) ?? "", part)) && !isOwn(part)) say(part, part.getAttribute(name));
  const title = without(document.title, document.querySelector("h1"));
  if (latin.test(title)) bare.push(`bare words in the title: ${title}`);
  if (document.documentElement.lang !== "en-XA") bare.push(`the page says it is in ${document.documentElement.lang}`);
  return bare;
}"""

# Runs in the page and returns a line for each text that its box doesn't show whole.
CUT = """() => {
  const unseen = ".away, .skip, .progress, thead, svg, script, noscript, option";  // the steps of progress are bars on a phone
  const cut = [], say = (part, words) => cut.push(`${words} at ${innerWidth}: ${part.outerHTML.slice(0, 120)}`);
  const above = part => part ? [part, ...above(part.parentElement)] : [];
  const inScroller = part => above(part.parentElement).some(each => getComputedStyle(each).overflowX === "auto");
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) cut.push(`scrolls ${wide} px sideways at ${innerWidth}`);
  for (const part of document.body.querySelectorAll("*")) {
    if (!part.checkVisibility({visibilityProperty: true}) || part.closest(unseen)) continue;
    const {overflowX, overflowY, textOverflow, clipPath} = getComputedStyle(part);
    if (clipPath !== "none") continue;  // only spoken
    const {left, right} = part.getBoundingClientRect();
    const hides = [overflowX, overflowY].some(each => each === "hidden" || each === "clip");
    const over = part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1;
    if (part.textContent.trim() && over && (hides || textOverflow === "ellipsis")) say(part, "cut off");
    if ((right > innerWidth + 1 || left < -1) && !inScroller(part)) say(part, "beyond the edge");
  }
  return cut;
}"""

BARE_OR_CUT = f"spoken => [...({BARE})(spoken), ...({CUT})()]"


class Translator:
    """Looks at pages in the pseudo-locale as a translator would; `faults` has a line for each fault, with the page's name."""

    def __init__(self, window):
        self.page = window.page
        self.faults = []
        self.seen = 0

    def look(self, name):
        """Looks the current page over."""
        self.seen += 1
        self.faults += [SECRET.sub("…", f"{name} ({urlsplit(self.page.url).path}): {fault}") for fault in find_faults(self.page)]


class BothLanguages(Inspector):
    """Looks at pages in the pseudo-locale as a translator would on a phone, and at the same pages in English as an Inspector."""

    def look(self, name):
        """Checks the current page: as a translator while it is on a phone, which is before or after the looks in English."""
        self._look_bare(name)
        super().look(name)
        self._look_bare(name)

    def _look_bare(self, name):
        if self.is_narrow:
            self._note(f"{self._where(name)}, pseudo-locale", find_faults(self.page))


def find_faults(page):
    """Returns a line for each bare word, for what is cut off, and for what makes the page scroll sideways."""
    return page.evaluate(BARE_OR_CUT, SPOKEN)


def find_bare_lines(text, *names):
    """Returns the lines of a text message, an email, or a file that hold bare words, without addresses and these names."""
    kept = re.compile("|".join([ADDRESS.pattern, *map(re.escape, sorted(names, key=len, reverse=True))]))
    return [line for line in text.splitlines() if LATIN.search(kept.sub("", line))]
