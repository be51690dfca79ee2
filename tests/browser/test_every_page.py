"""Every page in every state keeps the rules: axe, one heading, nothing too small, nothing too wide, a silent console.

A walk is in the pseudo-locale, and turns each page back to English for the rules of a page (tests/support/bare.py).
every_page.txt says who looks at which page; that table is maintained by hand.
"""

import contextlib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import g
from werkzeug.exceptions import HTTPException

from portal.languages import PSEUDO
from portal.web import headers
from portal.web.rendering import render_page
from tests.support.all_scenes import ALL_SCENES
from tests.support.bare import BothLanguages
from tests.support.let_in import let_in
from tests.support.looks import LOOKS
from tests.support.other_languages import OtherLanguages
from tests.support.plain import to_english
from tests.support.reader import Reader

PUBLIC = (
    "/sign-in",
    "/sign-in?next=/home",
    "/help",
    "/help/backup-codes",
    "/help/practice-run",
    "/help/practice-run/connect",
    "/help/practice-run/sign-in",
    "/help/practice-run/done",
    "/help/practice-run/what-goes-wrong",
    "/help/practice-run/what-goes-wrong/wrong",
    "/help/practice-run/what-goes-wrong/pause",
    "/help?q=bakcup+codes",
    "/help?q=zzz",
    "/contact-support",
    "/find-a-provider",
    "/community",
    "/privacy",
    "/accessibility",
    "/language-help",
    "/appearance",
)
BENCH = (
    "",
    "/gallery",
    "/people",
    "/faults",
    "/start-over",
    "/started-over",
    "/scenarios",
    "/scenarios/clock",
    "/scenarios/locked-out",
    "/scenarios/results",
)
TABLE = Path(__file__).with_name("every_page.txt")
STATUS = "performance.getEntriesByType('navigation')[0].responseStatus"


def looked_at():
    """Returns endpoint -> the scene or the test that looks at its page, or in brackets why nobody does."""
    rows = [line.split(maxsplit=1) for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    assert len(dict(rows)) == len(rows)
    return dict(rows)


class Walk(Reader):
    """A reader who looks over every page on the way."""

    def __init__(self, window, app):
        super().__init__(window, PSEUDO)
        self.inspector = BothLanguages(window)
        self.translated = OtherLanguages(app)
        self.paths = set()  # of pages that could be had

    def look(self, name=None):
        """Looks over the page at hand, and reads it in the other languages."""
        name = to_english(name or self.headline)
        self.inspector.look(name)
        if self.page.evaluate(STATUS) < 400:
            self.paths.add(urlsplit(self.page.url).path)
        self.inspector.faults += self.translated.read(self.page, to_english(self.headline))

    take = look

    def pages_of(self, app):
        """Returns the endpoints of the pages that were looked at."""
        adapter, found = app.url_map.bind("127.0.0.1"), set()
        for path in self.paths:
            with contextlib.suppress(HTTPException):  # what the portal drew, see below
                found.add(adapter.match(path)[0])
        return found

    def visit(self, address):
        """Opens an address and looks it over."""
        self.page.goto(address)
        self.look()

    def step(self, label):
        """Presses what is called so and looks over what comes."""
        self.press(label)
        self.look(f"{self.headline}, after {label}")


@pytest.fixture
def walk(request, town, browsers, sites):
    """A walk in the pseudo-locale, whose every page must be without fault in it and in English."""
    walk = Walk(browsers.borrow(town.url, kind="turned", extra_http_headers={"Accept-Language": PSEUDO}), town.app)
    LOOKS.share(sites.shared / "looked_at")
    yield walk
    town.forget_languages()
    assert walk.inspector.seen > 3
    assert not walk.inspector.faults, "\n".join(walk.inspector.faults)
    name = request.node.callspec.params["scene"] if hasattr(request.node, "callspec") else request.node.originalname
    promised = {endpoint for endpoint, who in looked_at().items() if who == name}
    assert promised - walk.pages_of(town.app) == set(), "every_page.txt says that this walk looks at them"


def test_pages_that_everyone_may_read(walk):
    for address in (*PUBLIC, *(f"/test-bench{page}" for page in BENCH)):
        walk.visit(address)
    for status, address in ((404, "/no-such-page"), (405, "/sign-out")):
        assert walk.page.goto(address).status == status
        walk.look()


def test_sign_in_and_its_refusals(walk, town):
    walk.page.goto("/sign-in")
    walk.step("Sign in")
    walk.type("Username", "nobody")
    walk.type("Password", "wrong on purpose")
    walk.step("Sign in")
    walk.type("Username", "n" * 70_000)
    walk.step("Sign in")
    newcomer = town.newcomer()
    walk.sign_in(newcomer)
    walk.open_account_menu(newcomer)
    walk.look("the account menu")
    walk.step("Sign out")


def test_the_pages_of_a_patient(walk, town):
    walk.page.goto("/sign-in")
    walk.type("Username", "maria")
    walk.type("Password", "harbor-lantern-2026")
    walk.step("Sign in")
    for address in ("/account", "/account/security", "/help", "/help/contact"):
        walk.visit(address)
    newcomer = town.newcomer()
    walk.window.context.clear_cookies()
    walk.sign_in(newcomer)
    walk.look("an empty home")
    town.age(newcomer, minutes=6)
    walk.visit("/account/security/confirm?next=/account")
    walk.step("Continue")
    walk.type("Current password", "wrong on purpose")
    walk.step("Continue")


def test_the_wizard_and_its_refusals(walk, town):
    let_in(walk, town, town.newcomer(), "/home")
    walk.visit("/account/security/two-factor?expired=1")
    walk.page.goto("/account/security")
    walk.step("Enable")
    walk.page.get_by_label(walk.say("Authenticator App")).evaluate("radio => { radio.value = 'pigeon'; }")
    walk.step("Continue")
    walk.page.locator("label", has_text=walk.say("Authenticator App")).click()
    walk.step("Continue")
    entry = walk.scan()[1]
    for wrong in ("", "12345", "000000"):
        walk.type("Verification Code", wrong)
        walk.step("Verify and Enable")
    walk.page.get_by_text(walk.say("No app yet?")).click()
    walk.look("the apps")
    walk.type("Verification Code", entry.code())
    walk.step("Verify and Enable")


def test_backup_codes_from_their_making_to_their_proof(walk, town):
    let_in(walk, town, town.newcomer(), "/account/security")
    for label in ("Enable", "Continue"):
        walk.press(label)
    walk.type("Verification Code", walk.type_key().code())
    walk.press("Verify and Enable")
    codes = walk.backup_codes()
    walk.visit("/account/security/two-factor/backup-codes/sheet")
    walk.visit("/home")
    walk.visit("/account/security")
    walk.press("See your codes")
    walk.step("I have saved my backup codes")
    for wrong in ("", "12", "0000-0000-0000-0000"):
        walk.type(f"Code {walk.asked_number()}", wrong)
        walk.step("Done")
    asked = walk.asked_number()
    walk.type(f"Code {asked}", codes[asked])
    walk.step("Done")


def test_security_when_things_went_wrong(walk, town):
    patient = town.regular()
    walk.sign_in(patient)
    walk.type("Verification Code", patient.codes[1])
    walk.press("Verify")
    walk.look("home, a code used")
    town.use_up(patient, left=2)
    walk.visit("/home")
    walk.visit("/account/security")
    town.stop_app(patient)
    walk.visit("/account/security")
    walk.step("Unblock Authenticator App")
    walk.press("Email me a link")
    walk.visit(f"/unblock/{town.token(patient, 'unblock_asked')}")
    town.use_up(patient, left=0)
    walk.visit("/account/security/backup-codes")
    town.age(patient, minutes=6)
    walk.visit("/account/security/backup-codes")
    walk.step("Continue")


def test_the_code_asked_at_sign_in_and_the_ways_round_it(walk, town):
    walk.sign_in(town.regular())
    walk.look()
    for wrong in ("", "12345", "000000"):
        walk.type("Verification Code", wrong)
        walk.step("Verify")
    walk.step("Can't access your code?")
    walk.step("Use a backup code")
    for wrong in ("", "12", "0000-0000-0000-0000"):
        walk.type("Backup code", wrong)
        walk.step("Verify")


@pytest.mark.parametrize("scene", ALL_SCENES)
def test_the_pages_of_a_scene(walk, town, scene):
    ALL_SCENES[scene](walk, town)


def test_pages_for_what_cannot_be_had(walk, town):
    """An expired form as it comes; those that take a broken machine to see are drawn by the portal and laid under an address."""
    walk.page.goto("/sign-in")
    walk.page.locator("main [name=csrf_token]").evaluate("field => { field.value = 'stale'; }")
    walk.step("Sign in")
    with town.app.test_request_context("/", headers={"Accept-Language": walk.language}):
        g.request_id = "drawn"
        drawn = {
            name: headers.add_headers(render_page(f"errors/{name}.html", 200, reference="0f3a")) for name in ("403", "500", "503")
        }
    for name, answer in drawn.items():
        walk.page.route(f"**/drawn-{name}", lay(answer))
        walk.visit(f"/drawn-{name}")


def lay(answer):
    """Returns what answers a request with a response that the portal drew."""
    return lambda route: route.fulfill(body=answer.get_data(as_text=True), headers=dict(answer.headers))
