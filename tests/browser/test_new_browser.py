"""The page that waits for a yes, in Chromium: a yes is heard and the page goes on by itself; without JavaScript, by a button."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_passkeys import sign_in
from tests.support.browser import wait_to_arrive
from tests.support.new_browsers import HERE

CONFIRMED = "Confirmed. If nothing happens, select Continue."


def wait(window, town, person):
    """Signs somebody in up to the page that waits; returns its number."""
    page = window.page
    sign_in(page, person.username)
    page.get_by_label("Verification Code").fill(person.phone.code(town.now()))
    page.get_by_role("button", name="Verify").click()
    page.get_by_role("heading", name="Confirm that it's you").wait_for()
    return page.locator(".spoken code").inner_text()


def say_yes(town, browsers, person, number):
    """In a session that is open elsewhere."""
    window = browsers.open(town.url)
    town.let_in(window, person)
    window.page.goto("/home")
    window.page.get_by_role("link", name="Was that you?").click()
    window.page.get_by_label("Number on its page").fill(number)
    window.page.get_by_role("button", name="Yes, it's me").click()
    window.page.get_by_text("You can go on in the other browser.").wait_for()


def test_a_yes_elsewhere_is_heard_and_the_page_goes_on(town, browsers):
    person, window = town.careful(), browsers.open(town.url)
    number = wait(window, town, person)
    expect(window.page.locator("main .away").first).to_have_text(re.compile(", ".join(number)))
    say_yes(town, browsers, person, number)
    expect(window.page.locator("#said[role=status]")).to_have_text(CONFIRMED)
    wait_to_arrive(window.page, "/home")


@pytest.mark.parametrize("script", [True, False])
def test_the_link_in_another_tab_lets_in_both(town, browsers, script):
    person, window = town.careful(), browsers.open(town.url, script=script)
    wait(window, town, person)
    other = window.context.new_page()
    other.goto(f"{HERE}/{town.token(person, 'new_browser_asked')}")
    wait_to_arrive(other, "/home")
    if not script:
        window.page.get_by_role("link", name="Check again").click()
    wait_to_arrive(window.page, "/home")


def test_without_javascript_a_yes_elsewhere_takes_a_button(town, browsers):
    person, window = town.careful(), browsers.open(town.url, script=False)
    number = wait(window, town, person)
    say_yes(town, browsers, person, number)
    window.page.get_by_role("link", name="Check again").click()
    window.page.get_by_role("button", name="Continue").click()
    wait_to_arrive(window.page, "/home")
