"""Emergency access as a scene for a test and for `make screenshots`. `walker` can `take(name)` a page."""

from tests.support.emergency import FIELD
from tests.support.scenes import refuse
from tests.support.scenes_ehr import enter

TEAM = "/ehr/settings/team"


def emergency(walker, town):
    """A provider's request, the administrator's approval, the review: two people take turns in one window."""
    provider, administrator = town.regular("provider"), town.regular("administrator")
    walker.sign_in(provider, "/ehr")
    walker.press("Can't access your code?")
    walker.press("Ask for emergency access")
    walker.take("ask")
    refuse(walker, "ask-wrong", "Reason", " ", "Ask for emergency access")
    walker.type("Reason", "My phone fell into the sink, and a patient waits in room two.")
    walker.press("Ask for emergency access")
    walker.take("waiting")
    number = walker.page.locator(".spoken code").inner_text()
    hers = turn(walker, [])
    enter(walker, town, administrator)
    approve(walker, number)
    his = turn(walker, hers)
    read(walker)
    walker.press("End now")
    walker.take("ended-now")
    walker.sign_in(provider, "/ehr")
    walker.page.goto("/sign-in/emergency")
    walker.take("had")
    turn(walker, his)
    for name, address in {"review": TEAM, "running": f"{TEAM}/emergency", "activity": "/ehr/settings/security/activity"}.items():
        walker.page.goto(address)
        walker.take(name)


def turn(walker, cookies):
    """Switches the window to another person; returns the previous person's cookies."""
    kept = walker.page.context.cookies()
    walker.page.context.clear_cookies()
    walker.page.context.add_cookies(cookies)
    return kept


def approve(walker, number):
    """From Team Members to the approval, with a wrong number before the right one."""
    wrong = number[::-1] if number != number[::-1] else "1234"
    walker.page.goto(TEAM)
    walker.press("See emergency access")
    walker.take("listed")
    with walker.leaving():  # the notice above has a link of the same name
        walker.page.locator("section").get_by_role("link", name=walker.say("Approve or refuse"), exact=True).click()
    walker.take("decide")
    refuse(walker, "decide-wrong", FIELD, wrong, "Approve")
    walker.type(FIELD, number)
    walker.press("Approve")
    walker.take("decided")


def read(walker):
    """The charts, one chart, and a forbidden page."""
    walker.page.goto("/sign-in/emergency")
    walker.take("approved")
    walker.press("Open charts")
    walker.take("charts")
    walker.press("Maria Reyes")
    walker.take("chart")
    walker.page.goto("/ehr/settings")
    walker.take("refused")


EMERGENCY_SCENES = {emergency.__name__: emergency}
