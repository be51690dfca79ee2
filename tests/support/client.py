"""An in-process browser in two modes: plain (no JavaScript) and htmx. It finds everything by visible label."""

import re
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.support.journal import NAME
from tests.support.markup import parse, squeeze
from tests.support.see import see_anew, see_fragment, see_headers, see_no_secret
from tests.support.spared import spare

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
WIZARD = "/account/security/two-factor"
SCAN = f"{WIZARD}/totp/scan"
CODES = f"{WIZARD}/backup-codes"
DOORS = "(/account|/ehr/settings|/support)/security/two-factor"  # where a setup key or backup codes may be shown, on any side
PRACTICE = "/help/practice-run/connect"
REDIRECTS = 6


@dataclass(frozen=True)
class Known:
    """A secret that some browser was shown, and the pages where it may appear."""

    kind: str
    text: str
    home: str  # a pattern of paths

    def __repr__(self):
        return f"a {self.kind}"


NAMES = {
    "Verification_Code": "code",
    "Backup_code": "code",
    "Current_password": "password",
    "Code_from_the_email": "code",
}  # of fields, by their labels


class Browser:
    """One browser with its cookies and its current page. Every response is checked."""

    def __init__(self, app, guise="plain", ip="127.0.0.1", agent=AGENT, secrets=None):
        self.app, self.guise, self.ip, self.agent = app, guise, ip, agent
        self.client = app.test_client()
        self.secrets = [] if secrets is None else secrets
        self.page = self.response = self.wording = None
        self.path = ""
        self.is_spared = True  # the confirmation of an act, while both factors are fresh

    def another(self, **options):
        """Returns a new browser for the same portal, without cookies."""
        return Browser(self.app, self.guise, **{"ip": self.ip, "agent": self.agent, "secrets": self.secrets, **options})

    # --- what the page says

    @property
    def status(self):
        """Returns the status of the last answer."""
        return self.response.status_code

    @property
    def heading(self):
        """Returns the page's h1."""
        return self.page.one("h1").text

    @property
    def text(self):
        """Returns the text of the page's main part."""
        return self.page.one("main").text

    @property
    def problems(self):
        """Returns the sentences of the summary "There is a problem"."""
        return [item.text for part in self.page.walk() if "problems" in part.classes for item in part.all("li")]

    @property
    def notices(self):
        """Returns the page's notices."""
        return [part.text for part in self.page.walk() if "notice" in part.classes and "hidden" not in part]

    @property
    def token(self):
        """Returns the CSRF token of the page's forms."""
        return self.page.all("input", name="csrf_token")[0]["value"]

    def cookie(self, name="session"):
        """Returns the value of a cookie, or None."""
        found = self.client.get_cookie(name)
        return found and found.value

    def field(self, label):
        """Returns the input with that label."""
        found = [element for element in self.page.all("label") if element.text == label]
        assert found, f"no field is called {label!r} on {self.path}"
        return self.page.one("input", "textarea", "select", id=found[0]["for"])

    def offers(self, label):
        """Returns whether there is a link or button with that label."""
        return any(element.name == label for element in self.page.all("a", "button"))

    # --- what a person does

    def open(self, path):
        """Opens a URL as from the address bar and follows redirects."""
        return self._go("GET", path)

    def type(self, label, text):
        """Types into the field with a label."""
        field = self.field(label)
        if field.tag == "select":
            field.pick(text)
        elif field.tag == "textarea":
            field.children = [text]
        else:
            field.attributes["value"] = text

    def choose(self, label):
        """Chooses the radio button with a label."""
        chosen = self.field(label)
        for radio in self.page.all("input", type="radio", name=chosen["name"]):
            radio.attributes.pop("checked", None)
        chosen.attributes["checked"] = ""

    def tick(self, label):
        """Checks the checkbox with a label."""
        self.field(label).attributes["checked"] = ""

    def press(self, label):
        """Clicks the link or button with a label; in htmx mode as htmx would."""
        parts = [self.page.one("main"), self.page]
        found = next((each for part in parts for each in part.all("a", "button") if each.name == label), None)
        assert found, f"nothing is called {label!r} on {self.path}"
        if found.tag == "a":
            swapped = self.guise == "htmx" and "hx-get" in found
            return self._go("GET", found["href"], swapped=swapped)
        form = found.up("form")
        if form["method"] == "get":
            asked = f"{form['action']}?{urlencode(values(form))}"
            return self._go("GET", asked, swapped=self.guise == "htmx" and "hx-get" in form)
        return self._go("POST", form["action"], values(form), self.guise == "htmx" and "hx-post" in form)

    def fill(self, button, **typed):
        """Types into fields named by label (spaces as underscores) and clicks a button."""
        for label, text in typed.items():
            self.type(label.replace("_", " "), text)
        return self.press(button)

    def insist(self, button, **typed):
        """Fills and clicks as `fill` does; where the page has no such form now, as a page from before that stayed open would."""
        if self.offers(button):
            return self.fill(button, **typed)
        data = {NAMES.get(label, label): text for label, text in typed.items()}
        swapped = self.guise == "htmx" and "/two-factor/" in self.path
        here = f"{self.path}?{self.query}".rstrip("?")
        return self._go("POST", here, {"csrf_token": self.token, **data}, swapped)

    # --- journeys

    def sign_in(self, person, next_path=None):
        """Submits username and password; with a second factor, that leads to the code page."""
        self.open("/sign-in" + (f"?next={next_path}" if next_path else ""))
        return self.fill("Sign in", Username=person.username, Password=person.password)

    def enter(self, person, next_path=None):
        """Completes a sign-in with the current code of the person's app."""
        self.sign_in(person, next_path)
        if self.path == "/sign-in/code":
            self.fill("Verify", Verification_Code=person.code())
        assert self.status == 200 and self.cookie()
        return self

    def set_up_ehr(self, person):
        """Goes from the EHR's Account Security to the backup codes, in mandatory setup, and saves them."""
        self.open("/ehr/settings/security")
        self.press("Set Up Now")
        self.press("Continue")
        person.key = squeeze(self.page.one("code", id="key").text)
        self.fill("Confirm and Activate", Verification_Code=person.code())
        person.codes = self.read_codes()
        return self

    def begin_set_up(self, person):
        """Goes from Security to the QR code and adds the key to the person's app."""
        self.open("/account/security")
        self.press("Enable")
        self.press("Continue")
        assert self.path == SCAN
        person.key = squeeze(self.page.one("code", id="key").text)
        return self

    def set_up(self, person):
        """Goes from Security to the backup codes and saves them."""
        self.begin_set_up(person)
        self.fill("Verify and Enable", Verification_Code=person.code())
        person.codes = self.read_codes()
        return self

    def read_codes(self):
        """Returns the ten codes on the page, in order."""
        assert re.fullmatch(f"{DOORS}/backup-codes", self.path)
        return [item.text for item in self.page.one("ol", id="codes").all("code")]

    # --- what travels

    def get(self, path, **headers):
        """Requests a URL without following redirects or changing the current page; returns the response."""
        return self._travel("GET", path, headers=headers)

    def post(self, path, data=None, token=True, **headers):
        """Posts without following redirects, with the page's CSRF token unless another is given (None for no token)."""
        token = self.token if token is True else token
        return self._travel("POST", path, {**({"csrf_token": token} if token else {}), **(data or {})}, headers)

    def _travel(self, method, path, data=None, headers=None):
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        journal = self.app.extensions.get(NAME)
        travel = partial(journal.travel, self.client) if journal else self.client.open
        ask = partial(
            travel,
            path,
            method=method,
            data=data,
            headers={"User-Agent": self.agent, **named},
            environ_overrides={"REMOTE_ADDR": self.ip},
        )
        self.response = ask()
        if self.is_spared and spare(self.app.extensions["engine"], self.cookie(), self.response.headers.get("Location")):
            self.response = ask()
        see_headers(self.response)
        see_no_secret(self.response.data.decode(errors="replace"), urlsplit(path).path, self.secrets)  # a file may be no text
        see_no_secret(str(self.response.headers.get("Location")), "Location", self.secrets)
        return self.response

    def _go(self, method, path, data=None, swapped=False):
        headers = {"HX_Request": "true", "HX_Target": "step"} if swapped else {}
        for _ in range(REDIRECTS):
            answer = self._travel(method, path, data, headers)
            if "HX-Redirect" in answer.headers and swapped:
                return self._go("GET", answer.headers["HX-Redirect"])
            if answer.status_code not in (303, 302, 301, 307, 308):
                return self._show(path, answer, swapped)
            assert answer.status_code == 303 and not answer.headers["Location"].startswith("http")
            method, path, data = "GET", answer.headers["Location"], None
        raise AssertionError(f"more than {REDIRECTS} redirects, the last to {path}")

    def _show(self, path, answer, swapped):
        page, faults = parse(answer.text)
        assert faults == []
        if swapped:
            see_fragment(answer.text)
            self._swap(page)
            self.wording = see_anew(self.page, answer.status_code, answer.text, self.wording)
        else:
            self.page = page
            self.wording = see_anew(page, answer.status_code, answer.text)
        if not swapped or answer.headers.get("HX-Push-Url") != "false":
            self.path, _, self.query = path.partition("?")
        self._remember()
        return self

    def _swap(self, fragment):
        title = fragment.one("title")
        self.page.one("title").take(title.children)
        step = self.page.one("div", id="step")
        step.take([child for child in fragment.children if child is not title])
        token = step.all("input", name="csrf_token")[0]["value"]
        for field in self.page.all("input", name="csrf_token"):
            field.attributes["value"] = token

    def _remember(self):
        for key in self.page.all("code", id="key"):
            self.secrets.append(Known("setup key", squeeze(key.text), f"{DOORS}/totp/scan|/test-bench(/phones/.*)?|{PRACTICE}"))
        for codes in self.page.all("ol", id="codes"):
            self.secrets += [
                Known("backup code", squeeze(code.text), f"{DOORS}/backup-codes(/sheet|/sealed-copy|/download)?")
                for code in codes.all("code")
            ]

    @property
    def arguments(self):
        """Returns the query of the URL as a dict."""
        return {name: each[0] for name, each in parse_qs(self.query).items()}


def boxed(field):
    """Returns a field's value; of checkboxes with one name, the first that is checked."""
    return [field["value"]] if field["type"] == "checkbox" else field["value"] or ""


def values(form):
    """Returns the data that a browser submits for a form."""
    sent = {}
    for field in form.all("input"):
        if "name" in field and (field["type"] not in ("radio", "checkbox") or "checked" in field):
            several = field["name"] in sent and field["type"] == "checkbox"
            sent[field["name"]] = [*sent[field["name"]], field["value"]] if several else boxed(field)
    for field in form.all("select"):
        sent[field["name"]] = next(option for option in field.all("option") if "selected" in option)["value"]
    return sent | {field["name"]: field.raw_text.removeprefix("\n") for field in form.all("textarea")}
