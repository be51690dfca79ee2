"""A sign-in in a new browser as a scene for a test and for `make screenshots`: the choice, the page that waits, and each answer to it."""

from datetime import timedelta

from tests.support.let_in import let_in
from tests.support.scenes import refuse
from tests.support.scenes_emergency import turn

HERE = "/sign-in/new-browser"


def new_browsers(walker, town):
    """A patient turns it on, signs in elsewhere, and answers at home: two browsers take turns in one window."""
    patient = town.regular()
    let_in(walker, town, patient, "/account/security")
    walker.press("Turn on: new browsers")
    walker.take("choice")
    walker.press("Turn on")
    walker.take("turned-on")
    home = turn(walker, [])
    walker.sign_in(patient)
    walker.type("Verification Code", patient.phone.code(town.now() + timedelta(seconds=30)))
    walker.press("Verify")
    walker.take("waits")
    number = walker.page.locator(".spoken code").inner_text()
    walker.press("Use a backup code")
    walker.take("backup-code")
    away = turn(walker, home)
    link = f"{HERE}/{town.token(patient, 'new_browser_asked')}"
    walker.page.goto(link)
    walker.take("elsewhere")
    walker.press("Was that you?")
    walker.take("asked")
    refuse(walker, "asked-wrong", "Number on its page", "1", "Yes, it's me")
    walker.type("Number on its page", number)
    walker.press("Yes, it's me")
    walker.take("confirmed")
    walker.page.goto("/account/security/new-browsers")
    walker.take("choice-off")
    turn(walker, away)
    walker.page.goto(HERE)
    walker.take("goes-on")
    walker.press("Continue")
    walker.page.goto(link)
    walker.take("over")


NEW_BROWSER_SCENES = {new_browsers.__name__: new_browsers}
