"""`make screenshots`: every page, light and dark, desktop and phone, in ./screenshots.

For each look, with a new portal: a patient from the first sign-in through setup to the next sign-in, with one refused input
at each form; the scenes of everything else; each email. The backup codes' sheet is also printed to PDF.
`python -m tests.support.screenshots texts mails` takes only those.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from portal import config
from portal.web.emails import compose_email
from tests.house.source import TEMPLATES
from tests.support.all_scenes import ALL_SCENES
from tests.support.application import application
from tests.support.browser import DESKTOP, PHONE, Browsers, launch, program
from tests.support.processes import ROOT
from tests.support.reader import Reader
from tests.support.scenes_passkeys import PASSKEY_SCENES
from tests.support.server import running_server
from tests.support.sites import Sites
from tests.support.town import SWITCHED_ON, Town

FOLDER = ROOT / "screenshots"
PASSWORD = "harbor-lantern-2026"
MAILS = sorted(path.stem for path in (TEMPLATES / "email").glob("[!_]*.txt"))
TYPED = {"recovery_code": "0" * config.RECOVERY_CODE_DIGITS}  # what its reader types, in place of a link
FACTS = {
    "name": "Maria Reyes",
    "username": "maria",
    "when": "2027-03-01T12:00:10+00:00",
    "browser": "Chrome on Windows",
    "ip": "192.0.2.7",
    "left": 3,
    "reference": "7K2M-Q9TX-4WRB",
    "number": "47",
    "host": "portal.example",
    "by": "Robin Lee",
    "approved_by": "Noor Haddad",
    "address": "m•••@example.test",
    "phone": "••• ••• ••64",
    "has_new_password": 1,
    "who": "Dr. Ada Okafor",
    "practice": "Riverside Family Practice",
    "role": "administrator",
    "asked_by": "Robin Lee",
    "until": "2027-03-02T12:00:10+00:00",
    "last_day": "2027-03-15",
    "is_reset": False,
    "hours": 24,
    "replaced": ["Authenticator App", "Tablet"],
}
PLACES = {
    "help": "/help",
    "article": "/help/backup-codes",
    "practice-run": "/help/practice-run",
    "practice-run-connect": "/help/practice-run/connect",
    "practice-run-sign-in": "/help/practice-run/sign-in",
    "practice-run-done": "/help/practice-run/done",
    "practice-run-examples": "/help/practice-run/what-goes-wrong",
    "practice-run-example": "/help/practice-run/what-goes-wrong/wrong",
    "practice-run-pause": "/help/practice-run/what-goes-wrong/pause",
    "contact-support": "/contact-support",
    "find-a-provider": "/find-a-provider",
    "community": "/community",
    "privacy": "/privacy",
    "accessibility": "/accessibility",
    "language-help": "/language-help",
    "appearance": "/appearance",
    "not-found": "/no-such-page",
    "test-bench": "/test-bench",
    "gallery": "/test-bench/gallery",
}


class Photographer(Reader):
    """Walks through pages in one window and saves a numbered screenshot of each."""

    def __init__(self, window, look, story):
        super().__init__(window)
        self.look, self.story = look, story
        self.taken = 0

    def take(self, name):
        """Saves a full-page screenshot, and reports a page that is wider than its window."""
        self.taken += 1
        self.page.evaluate("document.fonts.ready.then(() => true)")
        self.page.screenshot(path=FOLDER / f"{self.story}-{self.taken:02}-{name}.{self.look}.png", full_page=True)
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            print(f"{self.story}: {name} ({self.look}) scrolls sideways")

    def print(self, name):
        """Saves the print layout, once for all looks."""
        if self.look.startswith("light.1280"):
            self.page.emulate_media(media="print")
            self.page.pdf(path=FOLDER / f"{name}.pdf", format="Letter", prefer_css_page_size=True)
            self.page.emulate_media(media="screen")

    def enter(self, username, password=PASSWORD):
        """Submits the sign-in form."""
        self.type("Username", username)
        self.type("Password", password)
        self.press("Sign in")


def walk(camera, town):
    """Takes every page in the order a patient meets it."""
    codes = None
    camera.page.goto("/")
    camera.take("sign-in")
    camera.enter("maria", "wrong on purpose")
    camera.take("sign-in-wrong")
    camera.enter("maria")
    camera.take("home")
    camera.page.locator("summary").first.click()
    camera.take("menu")
    camera.press("Account Settings")
    camera.take("account")
    camera.press("Security")
    camera.take("security-off")
    set_up(camera)
    codes = camera.page.locator("ol.codes code").all_inner_texts()
    prove(camera, codes)
    again(camera, codes)
    look_around(camera)


def set_up(camera):
    """From Enable to the backup codes."""
    camera.press("Enable")
    camera.take("choose")
    camera.press("Continue")
    camera.take("scan")
    camera.type("Verification Code", "12345")
    camera.press("Verify and Enable")
    camera.take("scan-wrong")
    entry = camera.scan()[1]
    camera.type("Verification Code", entry.code())
    camera.press("Verify and Enable")
    camera.take("backup-codes")


def prove(camera, codes):
    """From the codes to the proof that they were saved, including the printed sheet."""
    camera.print("backup-codes")
    camera.press("I have saved my backup codes")
    camera.take("prove")
    field = camera.page.locator("main input.code")
    number = int("".join(letter for letter in camera.page.locator("main label").first.inner_text() if letter.isdigit()))
    field.fill("0000-0000-0000-0000")
    camera.press("Done")
    camera.take("prove-wrong")
    field.fill(codes[number - 1])
    camera.press("Done")
    camera.take("security-on")
    camera.press("Regenerate Backup Codes")
    camera.take("regenerate")
    camera.page.goto("/account/security/confirm?next=/account/security")
    camera.take("confirm-it-is-you")


def again(camera, codes):
    """The next sign-in, with a backup code."""
    camera.page.goto("/account/security")
    camera.page.locator("summary").first.click()
    camera.press("Sign out")
    camera.take("signed-out")
    camera.enter("maria")
    camera.take("code")
    camera.type("Verification Code", "000 000")
    camera.press("Verify")
    camera.take("code-wrong")
    camera.press("Can't access your code?")
    camera.take("no-code")
    camera.press("Use a backup code")
    camera.take("backup-code")
    camera.type("Backup code", codes[0])
    camera.press("Verify")
    camera.take("home-again")


def look_around(camera):
    """The pages outside the story."""
    for name, address in PLACES.items():
        camera.page.goto(address)
        camera.take(name)


def mails(camera, town):
    """Each email's HTML part, as an email client shows it."""
    for template in MAILS:
        with town.app.test_request_context(base_url=town.url):
            secrets = {"link": TYPED.get(template, "a" * 43), "not_me": "b" * 43, "stop": "c" * 43}
            camera.page.set_content(compose_email(template, FACTS, secrets)[2])
        camera.take(template)


STORIES = {"app": walk, **ALL_SCENES, "mails": mails, **PASSKEY_SCENES}
PASSKEYS = {"PORTAL_PASSKEYS": "1"}


def photograph(town, browsers, name, scheme, size):
    """Takes one story in one look."""
    window = browsers.open(town.url, scheme=scheme, size=size)
    try:
        STORIES[name](Photographer(window, f"{scheme}.{size[0]}", name), town)
    except Exception:
        window.page.screenshot(path=FOLDER / f"lost.{name}.{scheme}.{size[0]}.png")
        raise
    window.context.close()


def take_stories(sites, browsers, names, looks, **settings):
    """Takes stories in one look, with a new portal; one with passkeys is opened by a name, since they take no IP address."""
    site = sites.seeded()
    with running_server(site, **settings) as server, application(site, **settings) as app:
        town = Town(server.url.replace("127.0.0.1", "localhost") if "PORTAL_PASSKEYS" in settings else server.url, app)
        for name in names:
            photograph(town, browsers, name, *looks)


def main(*names):
    """Takes every story in four looks; each look starts with a new portal, and with another one for passkeys."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder, sync_playwright() as playwright:
        sites, browsers = Sites(Path(folder), None, "camera"), Browsers(launch(playwright, program()))
        for scheme in ("light", "dark"):
            for size in (DESKTOP, PHONE):
                wanted = names or tuple(STORIES)
                take_stories(
                    sites, browsers, [name for name in wanted if name not in PASSKEY_SCENES], (scheme, size), **SWITCHED_ON
                )
                take_stories(sites, browsers, [name for name in wanted if name in PASSKEY_SCENES], (scheme, size), **PASSKEYS)
        complaints = browsers.close()
        browsers.chromium.close()
    print(*complaints, sep="\n")
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")


if __name__ == "__main__":
    main(*sys.argv[1:])
