"""Sign-ins in new browsers, as tests begin and answer them."""

from dataclasses import replace

from tests.support.mailbox import mails

SUBJECT, HERE, SECURITY = "Confirm your sign-in", "/sign-in/new-browser", "/account/security"
FIELD, YES, NOT_ME = "Number_on_its_page", "Yes, it's me", "This wasn't me"
ELSEWHERE_IP = "127.0.0.66"


def ask_everybody(app, monkeypatch, whom="always"):
    """The operator's setting."""
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], confirm_new_browsers=whom))


def begin(browser, person, **ticked):
    """Signs in up to the page that waits; returns its number."""
    browser.sign_in(person)
    for label in ticked.values():
        browser.tick(label)
    browser.fill("Verify", Verification_Code=person.code())
    assert (browser.path, browser.heading) == (HERE, "Confirm that it's you")
    return number_on(browser)


def number_on(browser):
    """Returns the number that the page that waits shows."""
    [shown] = [part for part in browser.page.all("code") if "spoken" in part.up("p").classes]
    return shown.text


def link_of(browser, subject=SUBJECT):
    """Returns the path of the newest email's link that confirms, and of the one that stops."""
    return mails(browser, subject=subject)[0].links
