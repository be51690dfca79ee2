"""Photographs every page, in light and dark, on a desktop and on a phone, into ./screenshots: `make screenshots`.

Four walks through a fresh portal as one patient: from the first sign-in over setting up to the next sign-in, once
wrong on purpose at each form. The backup codes' sheet is printed to PDF as well.
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support import phone, screenshots_ehr
from tests.support.browser import DESKTOP, PHONE, Browsers, launch
from tests.support.server import running_server
from tests.support.sites import ROOT, Sites

FOLDER = ROOT / "screenshots"
PASSWORD = "harbor-lantern-2026"
PLACES = {
    "help": "/help",
    "contact-support": "/help/contact",
    "find-a-provider": "/find-a-provider",
    "community": "/community",
    "privacy": "/privacy",
    "not-found": "/no-such-page",
    "forgot-password": "/forgot-password",
    "forgot-password-sent": "/forgot-password/sent",
    "dead-link": "/new-password/none",
    "profile-name": "/account/name",
    "profile-email": "/account/email",
    "profile-phone": "/account/phone",
    "profile-second-address": "/account/addresses",
    "profile-password": "/account/password",
    "test-bench": "/test-bench",
    "gallery": "/test-bench/gallery",
}


class Photographer:
    """Walks with one window and files a numbered picture of each page."""

    def __init__(self, window, look):
        self.page = window.page
        self.look = look
        self.taken = 0

    def take(self, name):
        """Files a picture of the whole page and says when a page is wider than its window."""
        self.taken += 1
        self.page.evaluate("document.fonts.ready.then(() => true)")
        self.page.screenshot(path=FOLDER / f"{self.taken:02}-{name}.{self.look}.png", full_page=True)
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            print(f"{name} ({self.look}) scrolls sideways")

    def print(self, name):
        """Files what comes out of the printer, once of all walks."""
        if self.look.startswith("light.1280"):
            self.page.emulate_media(media="print")
            self.page.pdf(path=FOLDER / f"{name}.pdf", format="Letter", prefer_css_page_size=True)
            self.page.emulate_media(media="screen")

    def press(self, label, role="button"):
        """Presses what bears a label and waits until the step that was there has gone, by a swap or with its page."""
        self.page.locator("#step > *").first.evaluate("step => step.setAttribute('data-old', '')")
        self.page.get_by_role(role, name=label, exact=True).first.click()
        self.page.locator("[data-old]").wait_for(state="detached")
        self.page.wait_for_load_state("load")

    def type(self, label, text):
        """Types into the field with a label."""
        self.page.get_by_label(label, exact=True).fill(text)

    def sign_in(self, username, password=PASSWORD):
        """Fills the sign-in form and sends it."""
        self.type("Username", username)
        self.type("Password", password)
        self.press("Sign in")


def walk(camera):
    """Takes every page in the order in which a patient meets it."""
    codes = None
    camera.page.goto("/")
    camera.take("sign-in")
    camera.sign_in("maria", "wrong on purpose")
    camera.take("sign-in-wrong")
    camera.sign_in("maria")
    camera.take("home")
    camera.page.locator("summary").first.click()
    camera.take("menu")
    camera.press("Account Settings", "link")
    camera.take("account")
    camera.press("Security", "link")
    camera.take("security-off")
    set_up(camera)
    codes = camera.page.locator("ol.codes code").all_inner_texts()
    prove(camera, codes)
    again(camera, codes)
    look_around(camera)


def set_up(camera):
    """From Enable to the backup codes."""
    camera.press("Enable", "link")
    camera.take("choose")
    camera.press("Continue")
    camera.take("scan")
    camera.type("Verification Code", "12345")
    camera.press("Verify and Enable")
    camera.take("scan-wrong")
    entry = phone.scan(camera.page, ".qr svg")
    camera.type("Verification Code", entry.code())
    camera.press("Verify and Enable")
    camera.take("backup-codes")


def prove(camera, codes):
    """From the codes to the proof that they were saved, with the sheet of paper on the way."""
    camera.print("backup-codes")
    camera.press("I have saved my backup codes", "link")
    camera.take("prove")
    field = camera.page.locator("main input.code")
    number = int("".join(letter for letter in camera.page.locator("main label").first.inner_text() if letter.isdigit()))
    field.fill("0000-0000-0000-0000")
    camera.press("Done")
    camera.take("prove-wrong")
    field.fill(codes[number - 1])
    camera.press("Done")
    camera.take("security-on")
    camera.press("Regenerate Backup Codes", "link")
    camera.take("regenerate")
    camera.page.goto("/account/security/confirm?next=/account/security")
    camera.take("confirm-it-is-you")
    for name, place in {"activity": "activity", "end-all-sessions": "sessions", "disable": "disable"}.items():
        camera.page.goto(f"/account/security/{place}")
        camera.take(name)


def again(camera, codes):
    """The next sign-in, by a backup code."""
    camera.page.goto("/account/security")
    camera.page.locator("summary").first.click()
    camera.press("Sign out")
    camera.take("signed-out")
    camera.sign_in("maria")
    camera.take("code")
    camera.type("Verification Code", "000 000")
    camera.press("Verify")
    camera.take("code-wrong")
    camera.press("Can't access your code?", "link")
    camera.take("no-code")
    camera.press("Use a backup code", "link")
    camera.take("backup-code")
    camera.type("Backup code", codes[0])
    camera.press("Verify")
    camera.take("home-again")


def look_around(camera):
    """The pages that have no place in the story."""
    for name, address in PLACES.items():
        camera.page.goto(address)
        camera.take(name)


def main():
    """Takes all four walks; each begins with a portal of its own."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder, sync_playwright() as playwright:
        sites, browsers = Sites(Path(folder), None, "camera"), Browsers(launch(playwright))
        for scheme in ("light", "dark"):
            for size in (DESKTOP, PHONE):
                with running_server(sites.seeded()) as server:
                    window = browsers.open(server.url, scheme=scheme, size=size)
                    try:
                        camera = Photographer(window, f"{scheme}.{size[0]}")
                        walk(camera)
                        window.context.clear_cookies()
                        screenshots_ehr.walk(camera)
                    except Exception:
                        window.page.screenshot(path=FOLDER / f"lost.{scheme}.{size[0]}.png")
                        print(server.log.read_text()[-4000:])
                        raise
        complaints = browsers.close()
        browsers.chromium.close()
    print(*complaints, sep="\n")
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")


if __name__ == "__main__":
    main()
