"""Account recovery as people walk it, for tests."""

import re

from tests.support.mailbox import mails

CODE_MAIL = "Your code for getting back into your account"


def ask(browser, email, **typed):
    """Sends a request from Contact Support; returns its reference number as the page shows it."""
    browser.open("/contact-support")
    browser.fill("Send request", Email_address=email, **typed)
    return reference(browser)


def reference(browser):
    """Returns the reference number on the page, or None."""
    shown = [code.text for code in browser.page.all("code") if "reference" in code.parent.classes]
    return shown[0] if shown else None


def mailed_code(browser, to):
    """Returns the code in the newest email to that address."""
    return re.search(r"^\d{8}$", mails(browser, to=to, subject=CODE_MAIL)[0].text, re.MULTILINE)[0]


def begin(browser, email):
    """Sends a request and enters its code: the case waits for a second proof. Returns the reference number."""
    number = ask(browser, email)
    browser.fill("Continue", Code_from_the_email=mailed_code(browser, email))
    return number
