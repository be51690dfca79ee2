"""Account recovery from the public request on, as scenes: see scenes.py."""

from tests.support.scenes import refuse


def ask(walker, person):
    """Sends a request for a person; the walker is on its page."""
    walker.page.goto("/contact-support")
    walker.type("Email address", f"{person.username}@example.test")
    walker.press("Send request")


def begin(walker, town, person):
    """Sends a request and enters its code: a second proof is due."""
    town.end_limits()
    ask(walker, person)
    walker.type("Code from the email", town.token(person, "recovery_code"))
    walker.press("Continue")


def recovery(walker, town):
    """A request, the refusals on the way, and its status for who has only the reference number."""
    town.end_limits()
    patient = town.regular()
    walker.page.goto("/contact-support")
    walker.take("ask")
    refuse(walker, "ask-wrong", "What happened", "492817", "Send request")
    ask(walker, patient)
    walker.take("asked")
    refuse(walker, "code-wrong", "Code from the email", "0000 0000", "Continue")
    walker.press("Send the email again")
    walker.take("too-early")
    walker.type("Code from the email", town.token(patient, "recovery_code"))
    walker.press("Continue")
    walker.take("proving")
    walker.window.context.clear_cookies()
    walker.page.reload()
    walker.take("status")
    walker.page.goto("/recovery/0000-0000-0000")
    walker.take("unknown")


RECOVERY_SCENES = {"recovery": recovery}
