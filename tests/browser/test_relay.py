"""A look-alike site in Chromium: the link of the email is of no use to it, and a passkey refuses it by itself (decision 43)."""

from playwright.sync_api import expect

from tests.browser.test_passkeys import USE, Devices, sign_in
from tests.support.new_browsers import HERE


def test_in_the_browser_that_shows_the_look_alike_the_link_is_of_no_use_to_it(look_alike, browsers):
    town, _, relay = look_alike
    person, window = town.careful(), browsers.open(relay.url)
    page, window.home = window.page, ""  # it goes to both
    sign_in(page, person.username)
    page.get_by_label("Verification Code").fill(person.phone.code(town.now()))
    page.get_by_role("button", name="Verify").click()
    page.get_by_role("heading", name="Confirm that it's you").wait_for()
    mail = page.context.new_page()
    mail.goto(f"{town.url}{HERE}/{town.token(person, 'new_browser_asked')}")
    expect(mail.get_by_role("heading", level=1)).to_have_text("Somebody is signing in to your account")
    page.goto("/home")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it's you")
    assert relay.stolen("/account") == []


def test_a_passkey_refuses_the_look_alike_by_itself(look_alike, browsers):
    town, _, relay = look_alike
    real = town.url.replace("127.0.0.1", "localhost")
    person = town.newcomer()
    window = browsers.open(real)
    page = window.page
    Devices(page).add()
    sign_in(page, person.username)
    page.goto("/account/security/two-factor")
    page.get_by_label("Passkey").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Create a passkey").click()
    page.get_by_role("heading", name="Save your backup codes").wait_for()

    before = len(relay.stolen("/account"))
    window.home = relay.url.partition("//")[2]
    page.goto(f"{relay.url}/sign-in")
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=USE).click()
    expect(page.get_by_role("alert").filter(has_text="passkey")).to_be_visible()
    assert page.url.startswith(f"{relay.url}/sign-in") and len(relay.stolen("/account")) == before

    page.context.clear_cookies()
    window.home = real.partition("//")[2]
    page.goto(f"{real}/sign-in")
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=USE).click()
    page.wait_for_url("**/home")
