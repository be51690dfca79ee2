"""The pictures in Help's articles: pages of this portal, cropped to what an article is about.

Somebody walks to the page by its labels, in this process; Chromium draws it. The time, the keys, and the codes are fixed, so that the
same pages give the same files. `portal/help/pictures.json` keeps beside the size of each picture what can be read in it, so that a
test without a browser tells when the page has changed since. Everybody walks in English; then the page is opened in each language.
"""

import base64
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.flows.factors import backup_codes
from portal.help.articles import FOLDER
from portal.help.pictures import file_name
from portal.languages import list_languages
from portal.methods import totp
from portal.settings import config
from portal.web.static_files import STATIC
from tests.support.moving import START
from tests.support.phone import find_qr_codes
from tests.support.speech import translate

LISTED = FOLDER / "pictures.json"
DRAWN = STATIC / "help"
SCHEMES = ("light", "dark")
LANGUAGES = tuple(language for language in list_languages() if (FOLDER / language).is_dir())
PHONE = {"width": 390, "height": 664}  # pictures of it can be read on a phone as they are
AROUND = 16  # pixels of the page left around what is shown
ADDRESS = "https://portal.example"
KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# Nobody must scan the picture in place of the page; what to look at has a frame.
STYLE = """
.qr { position: relative; }
.qr::after { content: var(--example); position: absolute; inset: 38% 8%; background: #fff; color: #000; }
.qr::after { font-weight: 600; text-align: center; line-height: 3.4; }
[data-look] { outline: 3px solid var(--accent); outline-offset: 6px; border-radius: 4px; }
"""
EXAMPLE = {"en": "Example", "es": "Ejemplo", "ko": "예시"}
MARK = "label => [...document.querySelectorAll('main :is(a, button)')].find(each => each.innerText.trim() === label).dataset.look = ''"
BOX = """([parts, around]) => {
  const boxes = parts.map(part => document.querySelector(part).getBoundingClientRect());
  const left = Math.max(0, Math.min(...boxes.map(box => box.left)) - around);
  const right = Math.min(innerWidth, Math.max(...boxes.map(box => box.right)) + around);
  const top = Math.max(0, Math.min(...boxes.map(box => box.top)) + scrollY - around);
  const bottom = Math.max(...boxes.map(box => box.bottom)) + scrollY + around;
  return {x: Math.floor(left), y: Math.floor(top), width: Math.ceil(right - left), height: Math.ceil(bottom - top)};
}"""


@dataclass(frozen=True)
class Picture:
    """Who walks where, which parts of the page are shown, and the link or button to look at."""

    person: str
    walk: object
    parts: tuple[str, ...]
    look: str | None = None


def security(browser, person):
    browser.enter(person).open("/account/security")


def choose(browser, person):
    security(browser, person)
    browser.press("Enable")


def scan(browser, person):
    choose(browser, person)
    browser.press("Continue")


def save_codes(browser, person):
    browser.enter(person)
    browser.set_up(person)


def code_page(browser, person):
    browser.sign_in(person)


def ehr_settings(browser, person):
    browser.enter(person).open("/ehr/settings")


def ehr_scan(browser, person):
    browser.enter(person).open("/ehr/settings/security")
    browser.press("Set Up Now")
    browser.press("Continue")


def security_status(browser, person):
    browser.enter(person).open("/ehr/settings/team")
    browser.press("Security Status")


HEAD = ("h1", "nav.tabs", "section.surface")
PICTURES = {
    "security-off": Picture("maria", security, HEAD, "Enable"),
    "security-on": Picture("sam", security, HEAD, "Change Authenticator App"),
    "choose-method": Picture("maria", choose, ("h1", "form")),
    "setup-key": Picture("maria", scan, ("div.picture",)),
    "backup-codes": Picture("maria", save_codes, ("h1", "div.tools", "ol.codes")),
    "code-page": Picture("sam", code_page, ("h1", "form", "ul.ways"), "Can't access your code?"),
    "ehr-settings": Picture("dr_chen", ehr_settings, ("h1", "nav.surface"), "Account Security"),
    "ehr-setup-key": Picture("dr_chen", ehr_scan, ("div.picture",)),
    "security-status": Picture("admin_lee", security_status, ("h1", "section.share")),
}


def fix_secrets(patch):
    """Makes keys and backup codes that are the same each time, and that everybody sees are none."""
    numbers = iter(range(10_000))
    length = config.BACKUP_CODE_LENGTH
    patch.setattr(totp, "new_secret", lambda: KEY)
    patch.setattr(backup_codes, "new_code", lambda: f"{next(numbers) % config.BACKUP_CODES}".rjust(length, "X"))


def read(page, parts):
    """Returns what can be read in these parts of a page, in order."""
    return [text for part in parts for text in texts_of(find(page.one("main"), part))]


def find(page, part):
    """Returns the first element that a selector such as "ol.codes" means."""
    tag, _, name = part.partition(".")
    return next(each for each in page.walk() if each.tag == tag and (not name or name in each.classes))


def texts_of(element):
    """Returns an element's texts, without those that only a screen reader says."""
    if "away" in element.classes or element["type"] == "hidden":
        return []
    found = [" ".join(child.split()) if type(child) is str else texts_of(child) for child in element.children]
    return [text for each in found for text in ([each] if type(each) is str else each) if text]


def draw(chromium, html, picture, name, language):
    """Writes the picture of a page in both color schemes; returns its width and height in CSS pixels."""
    DRAWN.mkdir(exist_ok=True)
    for scheme in SCHEMES:
        options = {"color_scheme": scheme, "reduced_motion": "reduce", "viewport": PHONE, "device_scale_factor": 2}
        context = chromium.new_context(base_url=ADDRESS, timezone_id="America/Los_Angeles", locale=language, **options)
        context.clock.set_fixed_time(START)
        page = context.new_page()
        page.route("**/*", lambda route: serve(route, html))
        page.goto("/")
        page.add_style_tag(content=f":root {{ --example: '{EXAMPLE[language]}' }}{STYLE}")
        if picture.look:
            page.evaluate(MARK, translate(language, picture.look))
        page.evaluate("document.fonts.ready.then(() => document.activeElement.blur())")
        box = page.evaluate(BOX, [[f"main {part}" for part in picture.parts], AROUND])
        shot = {"format": "webp", "quality": 55, "captureBeyondViewport": True, "clip": {**box, "scale": 1}}
        answer = context.new_cdp_session(page).send("Page.captureScreenshot", shot)
        (DRAWN / file_name(name, scheme, language)).write_bytes(base64.b64decode(answer["data"]))
        assert find_qr_codes(page.screenshot(full_page=True)) == [], "somebody could scan the picture"
        context.close()
    return box["width"], box["height"]


def serve(route, html):
    """Answers a request of the page: with itself, or with a static file."""
    path = urlsplit(route.request.url).path
    if path == "/":
        return route.fulfill(body=html, content_type="text/html")
    return route.fulfill(path=STATIC / path.removeprefix("/static/")) if path.startswith("/static/") else route.abort()


def listed():
    """Returns name -> page, and for each language size and labels of each picture, as they were drawn."""
    return json.loads(LISTED.read_text()) if LISTED.exists() else {}


def keep(name, page, language, facts):
    """Writes a picture in one language into the list, in the order of PICTURES; those that no longer exist go."""
    known = listed()
    drawn = {each: known.get(name, {}).get(each) for each in LANGUAGES} | {language: facts}
    entries = known | {name: {"page": page} | {each: drawn[each] for each in LANGUAGES if drawn[each]}}
    kept = {each: entries[each] for each in PICTURES if each in entries}
    LISTED.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
