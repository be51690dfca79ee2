"""Light, dark, or automatic: chosen on a page that every footer leads to, kept in the browser, drawn by the server."""

import pytest

CHOICES = ["auto", "light", "dark"]


def drawn(browser, path="/appearance"):
    """Returns the scheme that a page is drawn in, after checking that its parts agree."""
    page = browser.open(path).page
    scheme = page.one("html")["data-scheme"]
    assert [meta["content"] for meta in page.all("meta", name="color-scheme")] == ([scheme] if scheme else [])
    if path == "/appearance":
        boxes = page.all("input", name="scheme")
        assert [box["value"] for box in boxes] == CHOICES
        assert [box["value"] for box in boxes if "checked" in box] == [scheme or "auto"]
    return scheme or "auto"


def choose(browser, scheme, **headers):
    """Sends the form."""
    return browser.open("/appearance").post("/appearance", {"scheme": scheme}, **headers)


@pytest.mark.parametrize("scheme", ["purple", "", "DARK", "dark ", "auto,dark", "\x00", "d" * 5000, None])
def test_a_choice_that_is_not_offered_is_refused(plain, scheme):
    answer = plain.open("/appearance").post("/appearance", {} if scheme is None else {"scheme": scheme})
    assert (
        answer.status_code == 422 and answer.text.count("Choose automatic, light, or dark.") == 2
    )  # in the summary and at the field
    assert plain.cookie("scheme") is None


@pytest.mark.parametrize("cookie", ["purple", "", "dark; x", "light" * 700, '"dark"><script>', "auto"])
def test_a_cookie_that_holds_something_else_counts_as_automatic(plain, cookie):
    plain.client.set_cookie("scheme", cookie)
    assert drawn(plain) == "auto"


def test_a_form_without_its_token_changes_nothing(plain):
    plain.open("/appearance")
    assert plain.post("/appearance", {"scheme": "dark"}, token=None).status_code == 403
    assert plain.post("/appearance", {"scheme": "dark"}, token="0" * 64).status_code == 403
    assert choose(plain, "dark", Origin="https://elsewhere.example").status_code == 403
    assert plain.cookie("scheme") is None


def test_a_stranger_chooses_for_all_pages(plain):
    answer = choose(plain, "dark")
    assert answer.status_code == 303 and answer.headers["Location"] == "/appearance?saved=1"
    [cookie] = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("scheme=")]
    assert cookie.startswith("scheme=dark;") and "Max-Age=31536000" in cookie
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie and "Domain" not in cookie
    for path in ("/appearance", "/sign-in", "/sign-in?at=ehr", "/help", "/no-such-page"):
        assert drawn(plain, path) == "dark"


def test_automatic_takes_the_cookie_away(plain):
    choose(plain, "light")
    assert drawn(plain) == "light"
    choose(plain, "auto")
    assert plain.cookie("scheme") is None and drawn(plain) == "auto"


def test_the_choice_outlives_signing_in_and_out_and_belongs_to_no_account(plain, maria):
    choose(plain, "dark")
    plain.enter(maria)
    assert drawn(plain, "/home") == "dark"
    choose(plain, "light")
    plain.open("/home").press("Sign out")
    assert drawn(plain) == "light"
    assert drawn(plain.another()) == "auto"


def test_every_side_offers_it_and_in_every_state(plain, dr_okafor, dr_chen, support, sam):
    for person, path in ((dr_okafor, "/ehr/charts"), (dr_chen, "/ehr/settings"), (support, "/support")):
        browser = plain.another().enter(person)
        assert "/appearance" in [link["href"] for link in browser.open(path).page.one("footer").all("a")]
        choose(browser, "dark")
        assert drawn(browser, path) == "dark"
    claimant = plain.another().sign_in(sam)
    choose(claimant, "dark")
    assert drawn(claimant, "/sign-in/code") == "dark"
