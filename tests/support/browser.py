"""A real Chromium, driven by Playwright. Each page collects the browser's complaints."""

import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Pages live for a second each: fewer processes to start, and no optimizing compiler, which would pay off after minutes.
    "--in-process-gpu",
    "--disable-site-isolation-trials",
    "--js-flags=--no-opt --no-maglev",
]
DESKTOP = (1280, 800)
PHONE = (390, 664)
PATIENCE = 20_000  # timeout in milliseconds
# Messages by Chromium itself that are no fault: each 4xx response (a refused form), Clear-Site-Data at sign-out, and autofocus
# blocked because a person pressed Tab first.
NOTES = (
    "the server responded with a status of 4",
    "Clear-Site-Data header on",
    "Autofocus processing was blocked because a document already has a focused element",
)
expect.set_options(timeout=PATIENCE)


class Window:
    """One person's browser: a separate context with its cookies, console, and IP address."""

    def __init__(self, context, home=""):
        self.context = context
        self.home = urlsplit(home).netloc
        self.complaints = []
        self.requests = []
        context.set_default_timeout(PATIENCE)
        context.on("console", self._hear)
        context.on("weberror", lambda fault: self.complaints.append(f"uncaught: {fault.error}"))
        context.on("request", self._follow)
        context.on("requestfailed", self._miss)
        self.page = context.new_page()

    def _hear(self, message):
        if not any(note in message.text for note in NOTES):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _follow(self, request):
        self.requests.append(request)
        address = urlsplit(request.url)
        if self.home and address.scheme in ("http", "https") and address.netloc != self.home:
            self.complaints.append(f"asked elsewhere: {request.url}")

    def _miss(self, request):
        if "ERR_ABORTED" not in (request.failure or ""):  # a page left early, or a download
            self.complaints.append(f"{request.failure}: {request.url}")


class Browsers:
    """Opens windows in one Chromium."""

    def __init__(self, chromium):
        self.chromium = chromium
        self.windows = []

    def open(self, base_url, *, script=True, scheme="light", size=DESKTOP, **options):
        """Returns a Window at a URL; `script=False` is a browser without JavaScript, `scheme` is light or dark."""
        context = self.chromium.new_context(
            base_url=base_url,
            java_script_enabled=script,
            color_scheme=scheme,
            viewport={"width": size[0], "height": size[1]},
            reduced_motion=options.pop("reduced_motion", "reduce"),
            **options,
        )
        window = Window(context, base_url)
        self.windows.append(window)
        return window

    def close(self):
        """Closes all windows and returns the browser's complaints."""
        for window in self.windows:
            window.context.close()
        return [complaint for window in self.windows for complaint in window.complaints]


def program(*names):
    """Returns the path of Chromium, or of the first program found; fails with instructions if there is none."""
    found = [path for name in (*names, "chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    if not found:
        raise RuntimeError("There is no Chromium on this machine: `make tools` installs it.")
    return found[0]


def launch(playwright, path):
    """Starts a Chromium."""
    return playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


@pytest.fixture(scope="session")
def chromium():
    """The browser, started once per worker: the headless shell, since the full browser costs two thirds of each page's time."""
    with sync_playwright() as playwright:
        browser = launch(playwright, program("chromium-headless-shell"))
        yield browser
        browser.close()


@pytest.fixture
def browsers(chromium):
    """Opens windows for one test, which fails if the browser complained."""
    browsers = Browsers(chromium)
    yield browsers
    assert browsers.close() == []
