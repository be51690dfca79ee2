"""Support tickets, from both sides, as scenes. `walker` can `take(name)` a page."""

from tests.support.let_in import let_in
from tests.support.scenes import refuse
from tests.support.scenes_desk import enter
from tests.support.scenes_emergency import turn

WRITTEN = "My new phone shows other codes than the old one.\n\nI tried:\n1. the newest code\n2. the clock"


def tickets(walker, town):
    """A patient's tickets: none, one that is refused and sent, more messages, support's answer, closed, and one that goes on with it."""
    patient = town.regular()
    let_in(walker, town, patient, "/help")
    walker.take("help")
    walker.press("My tickets")
    walker.take("none")
    number = send(walker)
    walker.take("sent")
    refuse(walker, "message-wrong", "Your message", "", "Send message")
    hers = turn(walker, [])
    enter(walker, town)
    walker.page.goto(f"/support/tickets/{number}")
    walker.press("Take this ticket")
    answer(walker, "Turn on Set Automatically in the phone's date and time settings.\n\nThen enter the next code.")
    turn(walker, hers)
    walker.page.goto(f"/help/tickets/{number}")
    walker.take("answered")
    walker.press("Close this ticket")
    walker.take("closed")
    walker.press("Submit a ticket about it")
    walker.take("about")
    walker.press("Back to Help")
    walker.press("My tickets")
    walker.take("list")


def ticket_desk(walker, town):
    """Support's queue, a provider's ticket, and what an agent does with it."""
    provider = town.newcomer("provider")
    let_in(walker, town, provider, "/ehr/settings")
    walker.page.goto("/help/contact")
    walker.take("contact")
    number = send(walker)
    walker.take("ehr")
    walker.page.context.clear_cookies()
    enter(walker, town)
    walker.press("Tickets")
    walker.take("queue")
    refuse(walker, "find-wrong", "Ticket number", "0000", "Find")
    walker.type("Ticket number", number.lower())
    walker.press("Find")
    walker.take("ticket")
    walker.press("Take this ticket")
    refuse(walker, "answer-wrong", "Your answer", "123 456", "Send answer")
    answer(walker, "Your administrator can help you faster.")
    walker.take("answered")
    walker.press("Close this ticket")
    walker.take("closed")
    walker.press("Back to Tickets")
    walker.take("queue-empty")


def send(walker):
    """Sends a ticket, after one that is refused; returns its number."""
    walker.page.goto("/help/tickets/new")
    walker.type("Subject", "New phone, old codes")
    refuse(walker, "new-wrong", "Message", "", "Send ticket")
    walker.type("Message", WRITTEN)
    walker.press("Send ticket")
    return walker.page.url.partition("?")[0].rpartition("/")[2]


def answer(walker, text):
    walker.type("Your answer", text)
    walker.press("Send answer")


TICKET_SCENES = {scene.__name__: scene for scene in (tickets, ticket_desk)}
