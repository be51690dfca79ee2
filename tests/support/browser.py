"""A real Chromium, driven by Playwright. Each page collects the browser's complaints."""

import re
import shutil
from collections import defaultdict
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, expect, sync_playwright

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
QUIET_PLACE = "/static/icons/mark.svg"  # of the portal's own: Chromium starts a process for a page from elsewhere
# Messages by Chromium itself that are no fault: each 4xx response (a refused form), Clear-Site-Data at sign-out, and autofocus
# blocked because a person pressed Tab first.
NOTES = (
    "the server responded with a status of 4",
    "Clear-Site-Data header on",
    "Autofocus processing was blocked because a document already has a focused element",
)
expect.set_options(timeout=PATIENCE)


def wait_to_arrive(page, path):
    """Waits until a page that moves by itself is at a path: `wait_for_url` gives up if one move overtakes another."""
    expect(page).to_have_url(re.compile(re.escape(path)))
    page.wait_for_load_state()


class Window:
    """One person's browser: a separate context with its cookies, console, and IP address."""

    def __init__(self, context, home=""):
        self.context = context
        self.home = urlsplit(home).netloc
        context.set_default_timeout(PATIENCE)
        self.ears = {"console": self._hear, "weberror": self._catch, "request": self._follow, "requestfailed": self._miss}
        self.listen()
        self.page = context.new_page()

    def listen(self):
        """Begins a test."""
        self.complaints = []
        self.requests = []
        for event, ear in self.ears.items():
            self.context.on(event, ear)

    def leave(self):
        """Ends a test: nothing of its person stays but the cached files. Returns whether the next test can have the window."""
        try:
            for page in self.context.pages:
                if page is not self.page:
                    page.close()
            self.page.unroute_all()
            for event, ear in self.ears.items():
                self.context.remove_listener(event, ear)
            self.page.goto(QUIET_PLACE)
            self.context.clear_cookies()
        except Error:  # its portal is gone
            return False
        return True

    def _catch(self, fault):
        self.complaints.append(f"uncaught: {fault.error}")

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
    """Opens windows in one Chromium. `left` holds what earlier tests have left for `borrow`: (base_url, options) -> windows."""

    def __init__(self, chromium, left=None):
        self.chromium = chromium
        self.windows = []
        self.borrowed = []
        self.left = defaultdict(list) if left is None else left

    def borrow(self, base_url, *, kind="", **options):
        """Returns a Window as `open` does, or one of the same options and kind that another test has left, which is cheaper.

        For tests that change nothing about it beyond cookies, pages, and routes. `kind` keeps those apart that do, such as by scripts.
        """
        key = (base_url, kind, repr(sorted(options.items())))
        window = self.left[key].pop() if self.left[key] else None
        if window:
            window.listen()
            self.windows.append(window)
        else:
            window = self.open(base_url, **options)
        self.borrowed.append((key, window))
        return window

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
        kept = [(key, window) for key, window in self.borrowed if window.leave()]
        for window in self.windows:
            if window not in [each for _, each in kept]:
                window.context.close()
        self._keep(kept)
        return [complaint for window in self.windows for complaint in window.complaints]

    def _keep(self, windows):
        """Keeps one window of a kind, and none of a portal other than the last."""
        for key, window in windows:
            others = [each for each in self.left if each[0] != key[0]]
            unneeded = [each for other in others for each in self.left.pop(other)] + self.left[key]
            for each in unneeded:
                each.context.close()
            self.left[key] = [window]


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


@pytest.fixture(scope="session")
def left_windows():
    """The windows that tests have left for the next ones."""
    return defaultdict(list)


@pytest.fixture
def browsers(chromium, left_windows):
    """Opens windows for one test, which fails if the browser complained."""
    browsers = Browsers(chromium, left_windows)
    yield browsers
    assert browsers.close() == []
