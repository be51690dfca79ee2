"""The help article's "Still Need Help?": a ticket from the Help menu inside the account, and its answer. By the words on the page alone."""

from tests.support.client import Browser
from tests.support.guide import step
from tests.support.hashing import cheap_hashes
from tests.support.let_in import let_in


def test_a_ticket_is_sent_from_the_help_menu_and_answered(reader, town):
    patient = town.newcomer()
    let_in(reader, town, patient, "/home")
    with step(reader, "help b2"):
        reader.press("Help")
        reader.press("Submit a ticket")
        reader.type("Subject", "Codes by text are late")
        reader.type("Message", "Since Monday.\nIn the evening, too.")
        reader.press("Send ticket")
    answer(town, reader.page.url.partition("?")[0].rpartition("/")[2])
    reader.press("Back to My tickets")
    assert reader.sees("Answered")
    reader.press("Open ticket")
    assert reader.sees("Switch to the app.") and reader.sees("Since Monday.\nIn the evening, too.")


def answer(town, number):
    """Support answers, in a browser beside."""
    agent, desk = town.regular("support"), Browser(town.app)
    with cheap_hashes():
        desk.sign_in(agent).fill("Verify", Verification_Code=agent.phone.code(town.now()))
    desk.press("Tickets").fill("Find", Ticket_number=number).press("Take this ticket")
    desk.fill("Send answer", Your_answer="Switch to the app.")
