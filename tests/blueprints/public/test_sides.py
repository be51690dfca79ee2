"""Pages that belong to no side, and the sign-in page, are those of the side that their visitor came from."""

import pytest

from tests.support.mailbox import mails

CHARTS, CONSOLE = "Open your practice's charts.", "Open the support console."
PATIENTS = "See your appointments, messages, and results."


def brand(browser):
    return browser.page.one("html")["data-brand"]


@pytest.mark.parametrize(
    ("path", "invitation", "of"),
    [
        ("/", PATIENTS, "portal"),
        ("/home", PATIENTS, "portal"),
        ("/sign-in?at=nobody", PATIENTS, "portal"),
        ("/sign-in?next=/supporters", PATIENTS, "portal"),
        ("/ehr", CHARTS, "ehr"),
        ("/ehr/charts/1", CHARTS, "ehr"),
        ("/sign-in/emergency", CHARTS, "ehr"),
        ("/support", CONSOLE, "portal"),
        ("/support/emergency", CONSOLE, "portal"),
    ],
)
def test_the_sign_in_page_says_what_it_opens(plain, path, invitation, of):
    plain.open(path)
    assert plain.path == "/sign-in" and invitation in plain.text and brand(plain) == of
    plain.fill("Sign in", Username="nobody", Password="wrong")
    assert plain.status == 422 and invitation in plain.text and brand(plain) == of


def test_who_signs_out_or_takes_too_long_comes_back_to_the_same_side(plain, dr_okafor, support, maria, clock):
    for person, invitation in ((dr_okafor, CHARTS), (support, CONSOLE), (maria, PATIENTS)):
        plain.enter(person).press("Sign out")
        assert plain.notices == ["You're signed out."] and invitation in plain.text
    for page in ("/sign-in/code", "/sign-in/emergency"):
        plain.sign_in(dr_okafor)
        clock.move(minutes=11)
        plain.open(page)
        assert plain.path == "/sign-in" and CHARTS in plain.text, page
    plain.sign_in(support)
    clock.move(minutes=11)
    assert CONSOLE in plain.open("/sign-in/code").text


@pytest.mark.parametrize("path", ["/ehr/nothing-here", "/nothing-here"])
def test_a_missing_page_is_of_its_side(plain, dr_okafor, maria, path):
    of_path = "ehr" if path.startswith("/ehr/") else "portal"
    assert (plain.open(path).status, brand(plain)) == (404, of_path)
    plain.enter(dr_okafor)
    assert (plain.open(path).status, brand(plain)) == (404, "ehr")
    other = plain.another().enter(maria).open(path)
    assert (other.status, brand(other)) == (404, "portal")


def test_a_provider_says_this_was_not_me_in_the_ehr(plain, dr_okafor, maria, clock):
    for person, of in ((dr_okafor, "ehr"), (maria, "portal")):
        plain.another().enter(person)
        mail = mails(plain, subject="Sign-in from a new browser")[0]
        reader = plain.another().open(next(link for link in mail.links if "/not-me/" in link))
        assert brand(reader) == of
        reader.press(next(label for label in ("End sessions", "End sessions and trusted browsers") if reader.offers(label)))
        assert reader.heading.endswith("were ended") and brand(reader) == of
        clock.move(minutes=1)  # so that the next email is the newest
