"""The requests that are measured: single steps, in the order a person meets them, and whole journeys."""

import re

from bench.client import Answer, Browser
from bench.floor import PASSWORD, ROWS
from bench.people import Person

SECURITY = "/account/security"
SETUP = f"{SECURITY}/two-factor"
SCAN = f"{SETUP}/totp/scan"
CODES = f"{SETUP}/backup-codes"
PROVE = f"{CODES}/check"


def expect(answer: Answer, status: int, target: str = "", text: bytes = b"") -> Answer:
    """Return the expected response, else raise AssertionError with its status and location, but not its body."""
    location = answer.header("Location")
    is_expected = answer.status == status and location.endswith(target) and text in answer.body
    assert is_expected, f"{status} {target} was expected; {answer.status} {location} came, {len(answer.body)} bytes"
    return answer


def open_floor(browser: Browser) -> None:
    expect(browser.get(f"/page/page-{id(browser) % ROWS}"), 200)


def hash_on_floor(browser: Browser) -> None:
    expect(browser.post(f"/page/page-{id(browser) % ROWS}", password=PASSWORD), 200)


def floor_sign_in(browser: Browser) -> None:
    """As many requests as a sign-in, one of them with a password hash."""
    for _ in range(4):
        open_floor(browser)
    hash_on_floor(browser)


def floor_pages(count: int):
    """Return a task that opens so many pages of the floor."""

    def action(browser: Browser) -> None:
        for _ in range(count):
            open_floor(browser)

    return action


def page(path: str):
    """Return a task that opens one page of the portal."""
    return lambda browser: expect(browser.get(path), 200)


# --- sign-in


def ask_code(browser: Browser) -> None:
    expect(browser.get("/sign-in/code"), 200)


def check_code(person: Person):
    return lambda browser: expect(browser.post("/sign-in/code", code=person.code()), 303, "/home")


def check_password(person: Person):
    return lambda browser: expect(browser.post("/sign-in", username=person.username, password=PASSWORD), 303, "/sign-in/code")


def sign_in(person: Person):
    """Return a task for a whole sign-in, from the sign-in page to the home page, in a new browser: five requests."""

    def action(browser: Browser) -> None:
        browser.token = expect(browser.get("/sign-in"), 200).token
        check_password(person)(browser)
        browser.token = expect(browser.get("/sign-in/code"), 200).token
        check_code(person)(browser)
        expect(browser.get("/home"), 200)

    return action


# --- setup. What a step shows is stored on the browser for the next step.


def choose(browser: Browser) -> None:
    expect(browser.post(SETUP, method="totp"), 303, SCAN)


def scan(browser: Browser) -> None:
    browser.shown = expect(browser.get(SCAN), 200)


def read_key(answer: Answer) -> str:
    """The setup key on the page, as a phone's camera would read it."""
    return re.search(r"secret=([A-Z2-7]{32})", answer.body.decode())[1]


def prove_key(browser: Browser) -> None:
    person = Person("", browser, read_key(browser.shown))
    expect(browser.post(SCAN, code=person.code()), 303, CODES)


def show_codes(browser: Browser) -> None:
    browser.codes = re.findall(r"<code>([0-9A-Z-]{19})</code>", expect(browser.get(CODES), 200).body.decode())[:10]


def ask_saved(browser: Browser) -> None:
    browser.asked = expect(browser.get(PROVE), 200)


def prove_saved(browser: Browser) -> None:
    number = int(re.search(r"<label[^>]*>\D*(\d+)", browser.asked.body.decode())[1])
    answer = expect(browser.post(PROVE, code=browser.codes[number - 1]), 303)
    browser.location = answer.header("Location")
    assert browser.location.startswith(f"{SECURITY}?done=on."), f"the backup codes led to {browser.location}"


def set_up(browser: Browser) -> None:
    """A whole setup, from the Security page to "on, codes proved": nine requests."""
    expect(browser.get(SECURITY), 200, text=b"Enable")
    expect(browser.get(SETUP), 200)
    for step in (choose, scan, prove_key, show_codes, ask_saved, prove_saved):
        step(browser)
    expect(browser.get(browser.location), 200)


def reach_qr_code(browser: Browser) -> None:
    """The step that draws the QR code: three requests."""
    expect(browser.get(SETUP), 200)
    choose(browser)
    scan(browser)


def of(kind: str, person: Person):
    """The task of that kind, for a person who was made for it."""
    return {
        "sign_in": sign_in(person),
        "security": page(SECURITY),
        "set_up": set_up,
        "qr": reach_qr_code,
        "code": check_code(person),
    }[kind]
