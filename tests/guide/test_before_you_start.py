"""The help article up to its first step: what to have ready, the two methods, the apps. By the words on the page alone."""

from tests.support.guide import step
from tests.support.let_in import let_in


def test_help_says_what_to_have_ready_and_leads_to_the_methods_and_the_apps(reader):
    reader.page.goto("/")
    for label in ("Help", "Before you start"):
        reader.press(label)
    with step(reader, "ready b1", "ready b2", "ready b3"):
        reader.press("choose a method")
    with step(reader, "apps b1", "apps b2", "apps b3", "apps p2"):
        reader.press("See which ones")


def test_the_pages_that_ask_say_how_the_methods_differ_and_which_apps_there_are(reader, town):
    let_in(reader, town, town.newcomer(), "/account/security")
    with step(reader, "methods b1", "methods b2", "methods p2"):
        reader.press("Enable")
    reader.press("Continue")
    with step(reader, "apps p1", "apps b1", "apps b2"):
        reader.page.get_by_text("No app yet?").click()
        assert reader.sees("Authy")
