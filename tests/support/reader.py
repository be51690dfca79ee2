"""Drives a page by its visible text: clicks and fills by label, as a help article would instruct."""

import contextlib
import re
from functools import reduce

from playwright.sync_api import Locator, expect

from portal.languages import SOURCE
from tests.support.phone import Entry, decode_qr, read_otpauth
from tests.support.plain import to_english
from tests.support.spared import named_act, pass_by
from tests.support.speech import translate, ways_to_say

SETUP_KEY = re.compile(r"(?:\b[A-Z2-7]{4}\s+){7}[A-Z2-7]{4}\b")
BACKUP_CODE = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b")
# Marks the step that is about to be left, if there is anything to leave it by; returns what these parts say. One trip to the browser.
LEAVE = """parts => {
  if (parts.length) [...document.querySelectorAll("#step > *")].at(-1).setAttribute("data-old", "");
  return parts.map(part => part.innerText);
}"""


class Reader:
    """Drives one window; counts clicks and the pages they led to, and keeps what was done and seen (tests/support/guide.py)."""

    def __init__(self, window, language=SOURCE):
        self.window = window
        self.language = language  # of the pages; whoever walks names labels in English
        self.page = window.page
        self.town = None  # where the window was let in: then it is spared the confirmation of an act
        self.clicks = 0
        self.pages = []
        self.did = []  # (verb, words), by the words on the page and never with what was typed

    def say(self, words):
        """Returns English words as the pages say them."""
        return translate(self.language, words)

    def words_of(self, words):
        """Returns what the help article has a reader see, as the pages say it."""
        return words

    def beside(self, window):
        """Returns a reader of the same language in another window."""
        return Reader(window, self.language)

    def names_of(self, label):
        """Returns what a link, a button, or a field with an English label may be called on the pages."""
        return ways_to_say(self.language, label)

    def find(self, label, about=None):
        """Returns the one visible link or button with exactly this text (of those about somebody); the page comes before its frame."""
        found = self._find(label, about, lambda found: found.count())[0]
        self.did.append(("see", label))
        return found

    def _find(self, label, about, look):
        """Returns the locator for which `look` returned something true, with that."""
        self.page.wait_for_load_state("domcontentloaded")  # a click ends when the next page begins
        called = [{"name": name, "description": about, "exact": True} for name in self.names_of(label)]
        for place in (self.page.get_by_role("main"), self.page.locator("body")):
            parts = [place.get_by_role(role, **each) for each in called for role in ("link", "button")]
            here = reduce(Locator.or_, parts).filter(visible=True)
            if seen := look(here):
                return here, seen
        raise AssertionError(f"nothing here is called {label!r}: {self.headline} ({self.page.url})")

    def press(self, label, about=None):
        """Clicks a link or button and waits until the current step is gone, by a swap or a page load."""
        found, texts = self._find(label, about, lambda found: found.evaluate_all(LEAVE))
        shown = to_english(" ".join(texts[0].split()))
        names = map(to_english, self.names_of(label))
        assert any(name in shown or name.startswith(shown) for name in names)  # WCAG 2.5.3: whoever speaks says what they see
        found.click()
        self._arrive()
        self.clicks += 1
        self.pages.append(self.headline)
        self.did += [("press", label), ("see", self.pages[-1])]

    def touch(self, label):
        """Clicks a link or button that leaves the page as it is."""
        self.find(label).click()
        self.did.append(("press", label))

    def back(self):
        """Goes back in the browser's history."""
        with self.leaving():
            self.page.go_back()

    @contextlib.contextmanager
    def leaving(self):
        """Waits, after the block, until the next step is there."""
        self.page.locator("body").evaluate_all(LEAVE)
        yield
        self._arrive()

    def _arrive(self):
        self.page.locator("[data-old]").wait_for(state="detached")
        self.page.wait_for_load_state("load")
        self.pass_by()

    def pass_by(self):
        """Passes the confirmation of an act by, in a window that was let in (tests/support/spared.py)."""
        if self.town and named_act(self.page.url):
            pass_by(self.page, self.town)

    def type(self, label, text):
        """Types into the field with a label."""
        self.field(label).fill(text)
        self.did.append(("type", label))

    def field(self, label, *, exact=True):
        """Returns the field, the radio button, or the box with a label."""
        return reduce(Locator.or_, [self.page.get_by_label(name, exact=exact) for name in self.names_of(label)])

    def choose(self, label):
        """Chooses the radio button, or checks the box, with a label."""
        self.field(label, exact=False).check()
        self.did.append(("choose", label))

    def save(self, label):
        """Presses a link that saves a file; returns the download."""
        with self.page.expect_download() as download:
            self.find(label).click()
        self.did.append(("save", label))
        return download.value

    def open_account_menu(self, patient):
        """Opens the account menu by the account name, or by the avatar on narrow screens, and returns its position."""
        name = self.page.get_by_role("banner").get_by_text(patient.name, exact=True)
        avatar = self.page.get_by_role("banner").get_by_text(patient.initials, exact=True)
        target = (name if name.is_visible() else avatar).first
        place = target.bounding_box()
        target.click()
        self.did.append(("press", "account name or avatar"))
        return place

    def sign_in(self, patient, side="/"):
        """Submits username and password."""
        self.page.goto(side)
        self.type("Username", patient.username)
        self.type("Password", patient.password)
        self.press("Sign in")

    def sign_out(self, patient):
        """Signs out by the account menu."""
        self.open_account_menu(patient)
        self.press("Sign out")

    @property
    def headline(self):
        """Returns the page's heading."""
        return self.page.get_by_role("heading", level=1).inner_text()

    @property
    def text(self):
        """Returns the text of the page's main part."""
        return self.page.get_by_role("main").inner_text().replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")

    def whole_text(self):
        """Returns the text of the whole page, its menus included."""
        return self.page.evaluate("document.body ? document.body.innerText : ''").replace("\N{WORD JOINER}", "")

    def sees(self, text):
        """Returns whether the page contains this text."""
        if found := self.say(text) in self.text:
            self.did.append(("see", text))
        return found

    def scan(self):
        """Scans the rendered QR code; returns (URI, the app's entry)."""
        self.page.evaluate("document.fonts.status")
        self.did.append(("scan", "QR code"))
        uri = decode_qr(self.page.screenshot(full_page=True))
        return uri, read_otpauth(uri)

    def type_key(self):
        """Returns the app's entry after typing the setup key by hand, which is cheaper than scanning."""
        return Entry("", "", "".join(self.setup_key().split()), 6, 30, "SHA1")

    def setup_key(self):
        """Returns the setup key as shown, spaces included."""
        self.did.append(("read", "setup key"))
        return SETUP_KEY.search(self.text)[0]

    def backup_codes(self):
        """Returns number -> backup code, as the page numbers them."""
        self.did.append(("read", "backup codes"))
        items = self.page.get_by_role("main").get_by_role("listitem").filter(has_text=BACKUP_CODE, visible=True)
        return {number: BACKUP_CODE.search(text)[0] for number, text in enumerate(items.all_inner_texts(), 1)}

    def save_codes(self):
        """Says that the codes are saved, and shows it by the one that the page asks for; returns number -> backup code."""
        codes = self.backup_codes()
        self.press("I have saved my backup codes")
        asked = self.asked_number()
        self.type(f"Code {asked}", codes[asked])
        self.press("Done")
        return codes

    def asked_number(self):
        """Returns the number of the backup code that the page asks for."""
        return int(re.search(r"\d+", self.headline)[0])

    def refusal(self):
        """Returns the message at the refused field, after checking that the error summary says the same."""
        summary = self.page.get_by_role("alert").filter(visible=True)
        expect(summary).to_contain_text(self.say("There is a problem"))
        sentence = summary.get_by_role("listitem").inner_text().replace("\N{WORD JOINER}", "")
        field = self.page.locator("[aria-invalid]")
        described = field.get_attribute("aria-describedby").split()[0]
        assert self.page.locator(f"#{described}").inner_text().strip().replace("\N{WORD JOINER}", "") == sentence
        self.did.append(("see", sentence))
        return sentence
