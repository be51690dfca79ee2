"""Home: the sign-in before this one, and where to go if it was someone else's."""

from tests.support.client import AGENT

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
)


def test_the_first_sign_in_has_none_before_it(plain, maria):
    assert "Last sign-in" not in plain.enter(maria).open("/home").text


def test_home_tells_of_the_sign_in_before_this_one(browser, clock, sam):
    browser.another(agent=PHONE).enter(sam)
    clock.move(days=2)
    browser.enter(sam).open("/home")
    assert "Last sign-in:" in browser.text and "Safari on iPhone" in browser.text
    browser.press("Wasn't you?")
    assert browser.heading == "Recent activity"
    browser.press("Change password")
    assert browser.heading in ("Change your password", "Confirm it's you")


def test_a_password_without_its_code_is_no_sign_in(plain, clock, sam):
    plain.another(agent=PHONE).enter(sam)
    clock.move(days=1)
    plain.another(agent=AGENT.replace("X11; Linux x86_64", "Windows NT 10.0")).sign_in(sam)
    clock.move(days=1)
    plain.enter(sam).open("/home")
    assert "Safari on iPhone" in plain.text and "Windows" not in plain.text


def test_a_later_sign_in_of_another_browser_is_not_the_last_one_here(plain, clock, sam):
    plain.enter(sam)
    clock.move(minutes=5)
    plain.another(agent=PHONE).enter(sam)
    assert "Last sign-in" not in plain.open("/home").text


def test_nobody_reads_of_the_sign_ins_of_another(plain, clock, maria, sam):
    plain.another(agent=PHONE).enter(sam)
    clock.move(days=1)
    assert "Last sign-in" not in plain.enter(maria).open("/home").text


def test_a_browser_that_says_nothing_is_an_unknown_one(plain, clock, maria):
    plain.another(agent="").enter(maria)
    clock.move(days=1)
    assert "an unknown browser" in plain.enter(maria).open("/home").text
