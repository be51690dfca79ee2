"""Recovery requests in support's hands, from both sides, as scenes. `walker` can `take(name)` a page."""

from datetime import UTC, datetime, timedelta

from portal.references import new_reference
from tests.support.cases import begin_case, give_ticket
from tests.support.let_in import let_in
from tests.support.people import Database
from tests.support.scenes import refuse
from tests.support.scenes_emergency import turn

STORY = "My phone fell off a boat on Friday. The codes were in the same bag."


def recovery_console(walker, town):
    """The queue, a case, its checklist, and the three decisions, with what is refused."""
    agent = enter(walker, town)
    walker.take("queue-empty")
    case_id = open_case(town, town.regular(), "checking")
    open_case(town, town.regular("provider"), "checking", hours=-1)
    open_case(town, town.regular(), "waiting")
    walker.page.goto("/support")
    walker.take("queue")
    walker.page.goto(f"/support/recovery/{case_id}")
    walker.take("case")
    walker.press("Take this case")
    refuse(walker, "note-wrong", "Note", "", "Add note")
    walker.type("Note", "Called the number on file at 10:15. No answer; trying again after lunch.")
    walker.press("Add note")
    walker.press("Approve")
    walker.take("approve-too-early")
    walker.press("Back to the request")
    check(walker)
    walker.take("checked")
    walker.press("Ask for more")
    refuse(walker, "ask-wrong", "What you need", "", "Ask for more")
    walker.type("What you need", "When can we see you on a video call?")
    walker.press("Ask for more")
    walker.take("asked")
    walker.press("Refuse")
    refuse(walker, "refuse-wrong", "Reason", "", "Refuse")
    walker.press("Cancel")
    walker.press("Approve")
    refuse(walker, "approve-wrong", "Reason", "", "Approve")
    town.age(agent, minutes=6)
    walker.type("Reason", "Video call at 14:10. The passport's photo and name match.")
    walker.press("Approve")
    walker.take("confirm")
    walker.page.goto("/support/security/activity")
    walker.take("activity")


def recovery_by_two(walker, town):
    """A provider's case: one agent approves, a second one decides."""
    enter(walker, town)
    case_id = open_case(town, town.regular("provider"), "checking")
    walker.page.goto(f"/support/recovery/{case_id}")
    walker.press("Take this case")
    check(walker)
    walker.press("Approve")
    walker.take("approve")
    walker.type("Reason", "Video call at 14:10. The passport's photo and name match.")
    walker.press("Approve")
    walker.take("approved")
    walker.page.goto(f"/support/waiting/recovery/{case_id}")
    walker.take("not-twice")
    walker.page.context.clear_cookies()
    enter(walker, town)
    walker.page.goto(f"/support/recovery/{case_id}")
    walker.take("second-case")
    walker.press("Approve or refuse")
    walker.take("second")
    walker.press("Approve")
    walker.take("second-approved")


def recovery_checked(walker, town):
    """The person's page while support checks: its promise, the words, a question, the answer."""
    patient = town.regular()
    number = begin(walker, town, patient)
    walker.page.goto(f"/recovery/{number}/ways")
    walker.press("Have support check who I am")
    walker.take("checking")
    hers = turn(walker, [])
    enter(walker, town)
    with walker.leaving():
        walker.page.locator(".row", has_text=number).get_by_role("link").click()
    walker.press("Take this case")
    walker.press("Ask for more")
    walker.type("What you need", "When can we see you on a video call?")
    walker.press("Ask for more")
    turn(walker, hers)
    walker.page.goto(f"/recovery/{number}")
    walker.take("question")
    refuse(walker, "answer-wrong", "Your answer", "", "Send answer")
    walker.type("Your answer", "Any day at noon.")
    walker.press("Send answer")
    walker.take("answered")


def begin(walker, town, patient):
    """Asks for a patient's recovery and enters the mailed code; returns the reference number."""
    walker.page.goto("/contact-support")
    walker.type("Email address", f"{patient.username}@example.test")
    walker.type("What happened", STORY)
    walker.press("Send request")
    number = walker.page.locator(".reference code").inner_text()
    walker.type("Code from the email", town.token(patient, "recovery_code"))
    walker.press("Continue")
    return number


def enter(walker, town):
    """Lets a new agent in."""
    agent = town.regular("support")
    let_in(walker, town, agent, "/support")
    return agent


def check(walker):
    """Ticks the proof that is enough alone."""
    walker.page.get_by_label(walker.say("Compared their photo ID with them on a video call"), exact=True).check()
    walker.press("Save")


def open_case(town, person, state, hours=20):
    """Returns the id of a person's new case, promised in some hours; overdue if they are negative."""
    database, now = Database(town.app), datetime.now(UTC)
    case_id = begin_case(database, person, state, now=now, asked_support_at=now, due_at=now + timedelta(hours=hours))
    give_ticket(database, case_id, new_reference(), STORY, "", now)
    return case_id


DESK_SCENES = {scene.__name__: scene for scene in (recovery_console, recovery_by_two, recovery_checked)}
