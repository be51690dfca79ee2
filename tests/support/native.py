"""Somebody who reads the pages in another language, and finds what to press by the table of labels in docs/languages.md.

Whoever walks names labels in English, as for every Reader. What the catalogue calls one is of no help here, so a wrong label leads
nowhere. Each page on the way is looked over: no English word, and at 320 px nothing cut off and no word broken.
"""

import contextlib
from urllib.parse import urlsplit

import pytest

from portal.languages import SOURCE, load_catalogue, name_of
from tests.support.bare import CUT
from tests.support.labels import labels_in
from tests.support.own_words import find_on_page
from tests.support.reader import Reader
from tests.support.rules import NARROW, SECRET
from tests.support.speech import pattern_of, translate

# Runs in the page and returns a line for each word that is broken at its letters, without a hyphen: browsers hyphenate some languages only.
BROKEN = r"""() => {
  const faults = [], range = document.createRange();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const part = text.parentElement;
    // Addresses, and names as long as people have them, are marked as nobody's to translate.
    if (part.closest(".away, .skip, svg, script, noscript, option, code, thead, [translate=no]")) continue;
    if (!part.checkVisibility({visibilityProperty: true})) continue;
    for (const {index, 0: word} of text.data.matchAll(/[^\s(\/–-]+/g)) {
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1)
        faults.push(`${word} is broken at ${innerWidth}: ${part.outerHTML.slice(0, 120)}`);
    }
  }
  return faults;
}"""
CUT_OR_BROKEN = f"() => [...({CUT})(), ...({BROKEN})()]"


class Native(Reader):
    """A reader of another language; `faults` has a line for each fault of a page, with its heading and address."""

    def __init__(self, window, language, faults=None):
        super().__init__(window, language)
        self.faults = [] if faults is None else faults

    def beside(self, window):
        """Returns the same reader in another window."""
        return Native(window, self.language, self.faults)

    def names_of(self, label):
        """Returns what the table calls a label; a name, which no catalogue has, stays."""
        found = self._in_table(label)
        assert found or translate(self.language, label) == label, f"docs/languages.md has no label {label!r}"
        return [found or label]

    def _in_table(self, label):
        labels = labels_in(self.language)
        for english, own in labels.items():
            if filled := pattern_of(english).fullmatch(label):
                return own % filled.groupdict()
        return None

    def say(self, words):
        """Returns English words as the pages say them: labels by the table, sentences by the catalogue."""
        return self._in_table(words) or translate(self.language, words)

    def words_of(self, words):
        """Returns what to look for in the place of English words: nothing, where they are a piece of a sentence."""
        said = self._in_table(words) or load_catalogue(self.language).gettext(words)
        return "" if said == words else said

    def sign_in(self, patient, side="/"):
        """Submits username and password, in a language chosen by its own name at the bottom of the page."""
        self.page.goto(side)
        if self.page.locator("html").get_attribute("lang") != self.language:
            self.press(name_of(self.language))
        self.type("Username", patient.username)
        self.type("Password", patient.password)
        self.press("Sign in")

    def open_account_menu(self, patient):
        """Opens the account menu and looks at it."""
        place = super().open_account_menu(patient)
        self.look()
        return place

    def _arrive(self):
        super()._arrive()
        self.look()

    def look(self):
        """Looks the current page over, as wide as it is, and on a narrow phone."""
        size, page = self.page.viewport_size, self.page
        faults = find_on_page(self.language, page.content())
        page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        faults += page.evaluate(CUT_OR_BROKEN)
        page.set_viewport_size(size)
        where = f"{self.headline} ({urlsplit(page.url).path})"
        self.faults += [SECRET.sub("…", f"{where}: {fault}") for fault in faults]


def looks(given):
    """Returns the names of looks for a fixture; those in another language run on one database, since no word is up to it."""
    mark = pytest.mark.once("the same walk in other words")
    return [pytest.param(name, marks=mark) if "language" in look else name for name, look in given.items()]


@contextlib.contextmanager
def reading(town, browsers, language=SOURCE, **options):
    """Opens a window for a reader of a language; no page on the way may have a fault in one that isn't English."""
    window = browsers.borrow(town.url, **options)
    if language == SOURCE:
        yield Reader(window)
        return
    reader = Native(window, language)
    yield reader
    town.forget_languages()
    assert reader.faults == [], "\n".join(reader.faults)
