"""Account recovery from the public request on, as scenes: see scenes.py."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from portal.models import Authenticator, Outbox
from tests.support.people import Database
from tests.support.scenes import refuse
from tests.support.texts import Inbox


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
    walker.press("Find your request")
    walker.take("find")
    refuse(walker, "find-wrong", "Reference number", "0000 0000 0000", "Find")


def recovery_proofs(walker, town):
    """The second proof in each way, the wait, the link, and what is said where no proof counts."""
    database = Database(town.app)
    texter = town.texter()
    week_ago = datetime.now(UTC) - timedelta(days=7)
    database.change(update(Authenticator).values(created_at=week_ago))
    begin(walker, town, texter)
    refuse(walker, "password-wrong", "Current password", "wrong on purpose", "Continue")
    walker.press("I don't know my password")
    walker.take("ways")
    walker.press("Use a backup code")
    refuse(walker, "backup-code-wrong", "Backup code", "0000-0000-0000-0000", "Continue")
    walker.press("Choose another way")
    walker.press("Enter your password")
    walker.take("password")
    walker.press("I don't know my password")
    walker.press("Get a text message")
    walker.take("text")
    walker.press("Text me a code")
    refuse(walker, "text-wrong", "Verification Code", Inbox(database).wrong_code(texter), "Continue")
    walker.type("Verification Code", Inbox(database).code(texter))
    walker.press("Continue")
    walker.take("waiting")
    database.change(update(Outbox).values(state="sent", sent_at=datetime.now(UTC)))
    walker.page.reload()
    walker.take("waiting-told")
    walker.press("Cancel this request")
    walker.take("canceled")
    patient = town.regular()
    begin(walker, town, patient)
    walker.press("I don't know my password")
    walker.press("Use a backup code")
    walker.type("Backup code", patient.codes[1])
    walker.press("Continue")
    walker.take("ready")
    walker.press("Email me the link again")
    walker.take("ready-too-early")
    page, link = walker.page.url, f"/recovery/set-up/{town.token(patient, 'recovery_ready')}"
    walker.page.goto(link)
    walker.take("link")
    refuse(walker, "link-wrong", "Password", "wrong on purpose", "Continue")
    walker.type("Password", patient.password)
    walker.press("Continue")
    walker.page.goto(page)
    walker.take("setting-up")
    walker.page.goto("/recovery/set-up/none")
    walker.take("dead-link")
    walker.page.context.clear_cookies()
    begin(walker, town, town.regular("provider"))
    walker.take("staff")


RECOVERY_SCENES = {scene.__name__: scene for scene in (recovery, recovery_proofs)}
