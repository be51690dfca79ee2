"""What a first visit weighs on the wire: every request of a walk in Chromium, headers included, as the network saw it."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.languages import SOURCE, list_languages, load_catalogue
from tests.support import phone
from tests.support.server import running_server

PASSWORD = "harbor-lantern-2026"


@dataclass(frozen=True)
class Fetched:
    """One request and what came over the wire for it."""

    method: str
    path: str
    status: int
    bytes: int

    @property
    def kind(self):
        """Returns what it is, for a table: page, answer to a form, style, script, typeface, drawing."""
        kinds = {"css": "style", "js": "script", "woff2": "typefaces", "svg": "drawing"}
        ending = self.path.partition("?")[0].rpartition(".")[2]
        return kinds.get(ending, "pages" if self.method == "GET" else "answers to forms")


class Scales:
    """Weighs what one window fetches; `fetched` grows as it walks."""

    def __init__(self, window):
        self.fetched = []
        self.open = {}
        session = window.context.new_cdp_session(window.page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.requestServedFromCache", lambda event: self.open.pop(event["requestId"], None))
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", self._finished)

    def _sent(self, event):
        if "redirectResponse" in event:
            self._weigh(event["requestId"], event["redirectResponse"])
        self.open[event["requestId"]] = (event["request"]["method"], event["request"]["url"], 0)

    def _received(self, event):
        response = event["response"]
        method, url, _ = self.open.get(event["requestId"], (None, None, None))
        if method and not response.get("fromDiskCache"):
            self.open[event["requestId"]] = (method, url, response["status"])
        else:
            self.open.pop(event["requestId"], None)

    def _finished(self, event):
        if event["requestId"] in self.open:
            status = self.open[event["requestId"]][2]
            self._weigh(event["requestId"], {"status": status, "encodedDataLength": event["encodedDataLength"]})

    def _weigh(self, number, response):
        method, url, _ = self.open.pop(number)
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.fetched.append(Fetched(method, path, response["status"], int(response["encodedDataLength"])))

    def __str__(self):
        return "\n".join(
            [f"{self.total} bytes", *(f"{each.bytes:6} {each.method} {each.path} {each.status}" for each in self.fetched)]
        )

    @property
    def total(self):
        """Returns the bytes of all of it."""
        return sum(each.bytes for each in self.fetched)


def first_visit(window, language=SOURCE):
    """Walks from the sign-in page to "on, codes proved", as a patient who has never been here; returns the Scales.

    In a language, by its own labels, and with the texts that its catalogue gives them.
    """
    scales, page, say = Scales(window), window.page, load_catalogue(language).gettext
    page.goto("/sign-in")
    page.get_by_label(say("Username")).fill("maria")
    page.get_by_label(say("Password"), exact=True).fill(PASSWORD)
    press(page, say("Sign in"))
    page.locator("summary").first.click()
    press(page, say("Account Settings"), "link")
    press(page, say("Security"), "link")
    press(page, say("Enable"), "link")
    press(page, say("Continue"))
    page.get_by_label(say("Verification Code")).fill(phone.scan(page, ".qr svg").code())
    press(page, say("Verify and Enable"))
    codes = page.locator("ol.codes code").all_inner_texts()
    press(page, say("I have saved my backup codes"), "link")
    field = page.locator("main input.code")
    number = int(re.search(r"\d+", page.locator("main label").first.inner_text())[0])
    field.fill(codes[number - 1])
    press(page, say("Done"))
    page.get_by_text(say("Two-factor authentication is on.")).wait_for()
    page.wait_for_load_state("networkidle")
    assert page.locator("html").get_attribute("lang") == language
    return scales


def each_visit(sites, browsers):
    """Returns (offered languages, language) -> Scales of the visit of the same patient: in English alone, and in each of all languages."""
    site, scales = sites.seeded(), {}
    kept = sites.keep(site)
    for offered in ((SOURCE,), list_languages()):
        with running_server(site, PORTAL_LANGUAGES=",".join(offered)) as server:
            for language in offered:
                kept.put_back()
                scales[offered, language] = first_visit(browsers.open(server.url, locale=language), language)
    kept.close()
    sites.remove(site)
    return scales


def press(page, label, role="button"):
    """Presses what bears a label and waits until the page, and every typeface it needs, is there."""
    heading = page.locator("h1").inner_text()
    page.get_by_role(role, name=label, exact=True).first.click()
    page.wait_for_function("before => document.querySelector('h1')?.innerText !== before", arg=heading)
    page.wait_for_load_state("networkidle")
