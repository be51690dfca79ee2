"""The set-up wizard: four pages and five clicks, in both guises."""


def test_from_enable_to_proved(browser, maria):
    browser.enter(maria).set_up(maria)
    browser.press("I have saved my backup codes")
    number = int(browser.heading.split()[2])
    browser.fill("Done", **{f"Code {number}": maria.codes[number - 1]})
    assert browser.heading == "Security"
    assert "Two-factor authentication is on." in browser.notices
