"""The end of set-up, and of a change of it, is told in a panel: what is asked from now on, and where to go on."""

from tests.support.texts import OTHERS, send_to, turn_on_texts


def panel(browser):
    """Returns the text of the panel that begins with the notice."""
    return next(part for part in browser.page.all("section") if part.all("div", role="status")).text


def test_the_end_of_set_up_says_what_the_next_sign_in_asks_and_leads_home(plain, maria):
    plain.enter(maria).set_up(maria)
    plain.press("I have saved my backup codes")
    plain.press("Do this later")
    assert "Your next sign-in takes a code from Authenticator App." in panel(plain)
    assert "Your backup codes aren't saved yet." in panel(plain)
    plain.press("Go to your home page")
    assert plain.path == "/home"


def test_a_new_number_is_shown_and_the_old_one_told(plain, clock, inbox, maria):
    turn_on_texts(plain.enter(maria), inbox, maria)
    clock.move(seconds=61)
    plain.open("/account/security")
    plain.press("Update Phone")
    plain.press("Continue")
    send_to(plain, OTHERS)
    plain.fill("Verify and Enable", Verification_Code=inbox.code(maria))
    assert "Codes now go to ••• ••• ••17. We told the old number." in panel(plain)
    plain.open("/account/security")
    assert "Codes now go to" not in plain.text
