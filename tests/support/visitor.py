"""Drives a page in any engine by its visible words, with no more than a script, clicks, and keys. For Chromium: tests/support/reader.py."""

import re
import time

from selenium.common.exceptions import WebDriverException

from tests.support.phone import find_qr_codes, read_otpauth
from tests.support.reader import BACKUP_CODE

PATIENCE = 20  # seconds
# What is shown and called by these words: links and buttons, the page's own before those of its frame.
FIND = """
const shown = each => each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length;
const named = each => (each.getAttribute("aria-label") || each.innerText).replace(/\\s+/g, " ").trim();
for (const place of [document.querySelector("main"), document.body]) {
  const found = [...place.querySelectorAll("a[href], button, summary")].find(each => shown(each) && named(each) === arguments[0]);
  if (found) return found;
}
"""
FIELD = """
const label = [...document.querySelectorAll("label")].find(each => each.innerText.replace(/\\s+/g, " ").trim().startsWith(arguments[0]));
return label && label.control;
"""
LEAVE = """[...document.querySelectorAll("#step > *")].at(-1).setAttribute("data-old", "")"""
ARRIVED = (
    """return document.readyState === "complete" && !document.querySelector("[data-old]") && !!document.querySelector("h1")"""
)


class Visitor:
    """One window of a WebDriver; `did` is what tests/support/guide.py compares with the help article."""

    def __init__(self, driver, url, folder):
        self.driver, self.url, self.folder = driver, url, folder
        self.did = []

    def words_of(self, words):
        """Returns what the help article has a reader see, as the pages say it: in English."""
        return words

    def run(self, script, *arguments):
        """Returns what a script returns in the page."""
        return self.driver.execute_script(script, *arguments)

    def open(self, path):
        """Opens a page as from the address bar."""
        self.driver.get(self.url + path)

    def _found(self, script, words):
        found = self.run(script, words)
        assert found is not None, f"nothing here is called {words!r}: {self.headline} ({self.address})"
        return found

    def press(self, label):
        """Clicks a link or button and waits until the next page, or the next step, is there."""
        found = self._found(FIND, label)
        self.run(LEAVE)
        found.click()
        self._until(ARRIVED, label)
        self.did += [("press", label), ("see", self.headline)]

    def touch(self, label):
        """Clicks what leaves the page as it is."""
        self._found(FIND, label).click()
        self.did.append(("press", label))

    def type(self, label, text):
        """Types into the field with a label, key by key."""
        field = self._found(FIELD, label)
        field.clear()
        field.send_keys(text)
        self.did.append(("type", label))

    def choose(self, label):
        """Clicks the label of a choice."""
        field = self._found(FIELD, label)
        if not self.run("return arguments[0].checked", field):
            self.run("return arguments[0].labels[0]", field).click()
        self.did.append(("choose", label))

    def save(self, label):
        """Clicks a link that saves a file; returns the file's path."""
        before = set(self.folder.glob("*.txt"))
        self.run("arguments[0].click()", self._found(FIND, label))  # a driver's own click waits seconds for a page to come
        deadline = time.monotonic() + PATIENCE
        while not (new := [path for path in set(self.folder.glob("*.txt")) - before if path.stat().st_size]):
            assert time.monotonic() < deadline, f"{label} saved nothing"
            time.sleep(0.05)
        self.did.append(("save", label))
        return new[0]

    def sign_in(self, person, side="/"):
        """Submits username and password."""
        self.open(side)
        self.type("Username", person.username)
        self.type("Password", person.password)
        self.press("Sign in")

    def back(self):
        """Goes back in the browser's history."""
        self.run("document.body.dataset.old = ''")
        self.driver.back()
        self._until(ARRIVED, "Back")

    def open_account_menu(self, person):
        """Opens the account menu by the avatar."""
        self.run("return document.querySelector('header summary')").click()
        self.did.append(("press", "account name or avatar"))

    def sign_out(self, person):
        """Signs out by the account menu."""
        self.open_account_menu(person)
        self.press("Sign out")

    def scan(self):
        """Scans the QR code on the screen; returns (URI, the app's entry)."""
        self.run("document.querySelector('.qr').scrollIntoView({ block: 'center', behavior: 'instant' })")
        deadline = time.monotonic() + PATIENCE
        while not (found := find_qr_codes(self.driver.get_screenshot_as_png())):  # the screen is drawn a moment after the page
            assert time.monotonic() < deadline, "there is no QR code on the screen"
        self.did.append(("scan", "QR code"))
        return found[0], read_otpauth(found[0])

    def backup_codes(self):
        """Returns number -> backup code, as the page numbers them."""
        self.did.append(("read", "backup codes"))
        items = self.run("return [...document.querySelectorAll('#codes li')].map(each => each.innerText)")
        return {number: BACKUP_CODE.search(text)[0] for number, text in enumerate(items, 1)}

    def save_codes(self):
        """Says that the codes are saved, and shows it by the one that the page asks for; returns number -> backup code."""
        codes = self.backup_codes()
        self.press("I have saved my backup codes")
        asked = int(re.search(r"\d+", self.headline)[0])
        self.type(f"Code {asked}", codes[asked])
        self.press("Done")
        return codes

    @property
    def headline(self):
        """Returns the page's heading."""
        return self.run("return document.querySelector('h1').innerText")

    @property
    def address(self):
        """Returns the address of the page."""
        return self.run("return location.href")

    def whole_text(self):
        """Returns the text of the whole page, its menus included."""
        return self.run("return document.body ? document.body.innerText : ''")

    def _until(self, script, what):
        """Waits until a script returns something true; while a page loads, there is none to ask."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self.run(script):
                    return
            except WebDriverException:
                pass
            assert time.monotonic() < deadline, f"{what!r} led nowhere"
            time.sleep(0.03)
