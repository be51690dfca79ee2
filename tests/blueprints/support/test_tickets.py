"""Tickets in the support console: what waits, one ticket, and what an agent may do with it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.db import change
from portal.flows.tickets import desk as flow
from portal.models import Event, Outbox, Ticket, TicketMessage, User
from portal.settings import config
from tests.support.agents import other_agent as other_agent
from tests.support.mailbox import mails
from tests.support.meanwhile import just_before
from tests.support.tickets import give_ticket

QUEUE, NUMBER = "/support/tickets", "7K3F-92QM"
PAGE = f"{QUEUE}/{NUMBER}"


@pytest.fixture
def waiting(database, clock, dr_okafor):
    """Dr. Okafor's ticket, which support has to answer within a day."""
    owner = database.user(dr_okafor)
    due = clock.now + timedelta(days=1)
    return give_ticket(database, owner.id, NUMBER, clock.now, "Codes", "One\n**two** <b>three</b>", due_at=due)


@pytest.fixture
def desk(plain, support):
    """The agent's browser."""
    return plain.enter(support)


@pytest.fixture
def taken(desk, waiting):
    """The agent's browser at the ticket that they have taken."""
    return desk.open(PAGE).press("Take this ticket")


def titles(browser):
    """The subjects of the queue."""
    return [each.text for each in browser.page.one("main").all("h2")]


# --- the queue


def test_the_tab_counts_what_waits(desk, waiting):
    desk.open("/support").press("Tickets")
    assert (desk.path, desk.heading, titles(desk)) == (QUEUE, "Tickets", ["Codes"])
    assert (
        "1 ticket waits" in desk.text
        and "Provider, Riverside Family Practice." in desk.text
        and "Nobody has it yet." in desk.text
    )
    assert "Answer promised by" in desk.text and "Dr. Ada Okafor" not in desk.text


def test_what_was_promised_first_comes_first_and_what_is_over_does_not_come(desk, database, clock, waiting, maria, jun, sam):
    for at, (person, due, state) in enumerate(((maria, -1, "open"), (jun, 30, "open"), (sam, 2, "answered"))):
        times = {"due_at": clock.now + timedelta(hours=due), "state": state}
        give_ticket(database, database.user(person).id, f"000{at}-0000", clock.now, person.username, **times)
    assert titles(desk.open(QUEUE)) == ["maria", "Codes", "jun"] and desk.text.count("Overdue") == 1
    database.change(update(User).where(User.username == "maria").values(disabled_at=clock.now))
    assert titles(desk.open(QUEUE)) == ["Codes", "jun"] and "2 tickets wait" in desk.text


def test_an_agents_own_ticket_is_not_theirs_to_answer(desk, database, clock, support):
    give_ticket(database, database.user(support).id, NUMBER, clock.now)
    desk.open(QUEUE)
    assert "No tickets are waiting." in desk.text and "ticket waits" not in desk.text
    assert desk.get(PAGE).status_code == 404 == desk.post(PAGE, {"answer": "Mine."}).status_code
    assert desk.post(f"{PAGE}/take").status_code == desk.post(f"{PAGE}/close").status_code == 404
    desk.open(QUEUE).fill("Find", Ticket_number=NUMBER)
    assert desk.status == 422 and {each.reason for each in database.all(Event, Event.event == "authz_fail")} == {"not_own"}
    assert database.all(Ticket)[0].agent_id is None and len(database.all(TicketMessage)) == 1


def test_a_ticket_is_found_by_the_number_that_somebody_reads_out(browser, support, database, waiting):
    database.change(update(Ticket).values(state="closed"))
    browser.enter(support).open(QUEUE).fill("Find", Ticket_number=" 7k3f 92qm ")
    assert browser.heading == "Codes"
    browser.open(QUEUE).fill("Find", Ticket_number="7K3F-92Q0")
    assert browser.status == 422 and browser.problems[0].startswith("No ticket has that number.")
    assert browser.field("Ticket number")["value"] == "7K3F-92Q0"


def test_long_queues_have_pages(desk, database, clock, waiting, maria, monkeypatch):
    monkeypatch.setattr(config, "TICKETS_PAGE", 1)
    for at in range(2):
        give_ticket(database, database.user(maria).id, f"000{at}-0000", clock.now, str(at))
    assert titles(desk.open(QUEUE)) == ["0"]
    assert titles(desk.press("Later in the list")) == ["1"] and titles(desk.press("Later in the list")) == ["Codes"]
    assert not desk.offers("Later in the list") and titles(desk.press("From the beginning")) == ["0"]


# --- one ticket


def test_an_agent_sees_who_it_is_and_what_they_wrote_and_no_more(desk, database, dr_okafor, waiting):
    desk.open(PAGE)
    for shown in ("Dr. Ada Okafor", "Provider", "Riverside Family Practice", "**two** <b>three</b>"):
        assert shown in desk.text
    owner = database.user(dr_okafor)
    assert owner.unseal(database.keys, "email") not in desk.response.text and owner.username not in desk.text
    assert not desk.offers("Send answer") and not desk.offers("Close this ticket")


def test_an_answer_comes_to_the_owners_page_and_the_email_holds_only_a_link(taken, database, clock, dr_okafor):
    clock.move(minutes=1)
    taken.fill("Send answer", Your_answer="Try *this*:\nthe newest code")
    assert "Answered" in taken.text and "ticket waits" not in taken.text
    [row] = database.all(Outbox, Outbox.template == "ticket_answered")
    assert row.user_id == database.user(dr_okafor).id and row.body_sealed is None and "newest" not in str(row.facts)
    [mail] = mails(taken, subject="Support answered your ticket")
    assert mail.link == f"/help/tickets/{NUMBER}" and "Codes" not in mail.text and "newest" not in mail.text
    owner = taken.another().enter(dr_okafor, next_path=mail.link)
    assert owner.path == mail.link and "Answered" in owner.text and "Support answers by" not in owner.text
    assert [part.raw_text for part in owner.page.walk() if part.classes == ["text"]][1] == "Try *this*:\nthe newest code"
    assert "Noor Haddad from support, today" in owner.text
    assert "Support answered a ticket of yours." in owner.open("/ehr/settings/security/activity").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write what you answer."),
        ("\u202e", "Write what you answer."),
        ("a" * 4001, "Use at most 4,000 characters for one answer."),
        ("Use 123 456", "That looks like a code or a setup key."),
    ],
)
def test_an_answer_that_is_refused_is_kept(taken, database, typed, said):
    taken.fill("Send answer", Your_answer=typed)
    assert taken.status == 422 and taken.problems[0].startswith(said) and len(database.all(TicketMessage)) == 1
    assert taken.field("Your answer").raw_text.strip() == typed.strip("\u202e")


def test_an_answer_that_repeats_a_code_of_theirs_is_refused_and_the_code_is_spent(taken, database, dr_okafor):
    key = dr_okafor.key  # no key has a 9, so the sentence cannot belong to it
    taken.fill("Send answer", Your_answer=f"Your key on page 9: {key[-16:-8]} {key[-8:]}, right?")
    assert taken.status == 422 and taken.problems[0].startswith("That held a code or a setup key of theirs.")
    assert taken.field("Your answer").raw_text.strip() == "Your key on page 9: …, right?"
    assert len(database.all(TicketMessage)) == 1


def test_an_answer_sent_twice_is_one(taken, database):
    for _ in range(2):
        taken.fill("Send answer", Your_answer="Try this.")
    assert len(database.all(TicketMessage)) == 2 and len(database.all(Outbox, Outbox.template == "ticket_answered")) == 1


def test_who_has_taken_it_answers_and_nobody_else(taken, database, other_agent, clock):
    second = taken.another().enter(other_agent)
    left = taken.page
    second.open(PAGE)
    assert "Noor Haddad has it." in second.text and not second.offers("Send answer")
    assert second.post(PAGE, {"answer": "Mine."}).status_code == 422 == second.post(f"{PAGE}/close").status_code
    second.press("Take over this ticket")
    assert second.offers("Send answer")
    taken.page = left
    taken.fill("Send answer", Your_answer="Too late")
    assert taken.status == 422 and taken.problems == ["Ines Duarte has this ticket. Take it over first."]
    assert taken.field("Your answer").raw_text.strip() == "Too late" and len(database.all(TicketMessage)) == 1
    assert len(database.all(Event, Event.event == "ticket_taken")) == 2


def test_of_two_who_take_it_one_is_first(desk, database, waiting, other_agent):
    desk.open(PAGE)
    left = desk.page
    desk.another().enter(other_agent).open(PAGE).press("Take this ticket")
    desk.page = left
    assert desk.press("Take this ticket").problems == ["Ines Duarte has this ticket. Take it over first."]
    assert desk.press("Take over this ticket").notices[0] == "You have this ticket now."
    assert desk.post(f"{PAGE}/take").status_code == 303 and len(database.all(Event, Event.event == "ticket_taken")) == 2


def test_nobody_answers_what_nobody_has(desk, waiting):
    desk.open(PAGE)
    desk.post(PAGE, {"answer": "Try this."})
    assert "Nobody has this ticket. Take it first." in desk.response.text


def test_of_an_answer_and_a_close_at_one_moment_one_is_first(taken, database, monkeypatch):
    just_before(monkeypatch, flow, "move", lambda: change(update(Ticket).values(state="closed")))
    taken.fill("Send answer", Your_answer="Try this.")
    assert (
        taken.status == 422
        and len(database.all(TicketMessage)) == 1
        and not database.all(Outbox, Outbox.template == "ticket_answered")
    )


def test_what_the_owner_wrote_meanwhile_is_read_first(browser, support, database, waiting, dr_okafor):
    browser.enter(support).open(PAGE).press("Take this ticket")
    owner = browser.another().enter(dr_okafor).open(f"/help/tickets/{NUMBER}")
    owner.fill("Send message", Your_message="And the other phone?")
    browser.fill("Send answer", Your_answer="Try this.")
    assert browser.status == 422 and browser.problems[0].startswith("This ticket changed after you opened the page")
    assert "And the other phone?" in browser.text and browser.field("Your answer").raw_text.strip() == "Try this."
    owner.fill("Send message", Your_message="And the tablet?")
    browser.press("Close this ticket")
    assert browser.status == 422 and "And the tablet?" in browser.text and database.all(Ticket)[0].state == "open"
    assert not database.all(Outbox, Outbox.template.in_(("ticket_answered", "ticket_closed")))
    browser.fill("Send answer", Your_answer="Try this.").press("Close this ticket")
    assert browser.notices[0].startswith("The ticket is closed") and database.all(Ticket)[0].state == "closed"


@pytest.mark.parametrize("sent", ["", "x", "-1", "9" * 30])
def test_a_page_that_does_not_say_what_it_showed_answers_nothing(taken, database, sent):
    for path, data in ((PAGE, {"answer": "Try this."}), (f"{PAGE}/close", {})):
        assert taken.post(path, data | {"read": sent}).status_code == 422
    assert database.all(Ticket)[0].state == "open" and len(database.all(TicketMessage)) == 1


def test_a_closed_ticket_is_over_and_its_owner_is_told(taken, database, dr_okafor):
    left = taken.page
    assert taken.press("Close this ticket").notices[0] == "The ticket is closed, and we emailed them so."
    assert "Noor Haddad closed it" in taken.text and not taken.offers("Send answer") and not taken.offers("Take this ticket")
    taken.page = left
    taken.fill("Send answer", Your_answer="One more thing")
    assert taken.status == 422 and taken.problems[0].startswith("This ticket is closed, so nothing was done.")
    [mail] = mails(taken, subject="Support closed your ticket")
    owner = taken.another().enter(dr_okafor, next_path=mail.link)
    assert "Support closed this ticket today" in owner.text and owner.offers("Submit a ticket about it")
    assert "Support closed a ticket of yours." in owner.open("/ehr/settings/security/activity").text


def test_nobody_writes_to_a_closed_account(taken, database, clock):
    database.change(update(User).where(User.username == "dr.okafor").values(disabled_at=clock.now))
    taken.fill("Send answer", Your_answer="Hello?")
    assert taken.status == 422 and taken.problems == ["This account is closed, so nobody would read your answer."]


def test_a_ticket_that_becomes_the_agents_own_is_not_answered(taken, database, support, monkeypatch):
    mine = update(Ticket).values(user_id=database.user(support).id)
    just_before(monkeypatch, flow, "begin_write", lambda: database.change(mine))
    assert taken.fill("Send answer", Your_answer="Hello?").status == 404 and len(database.all(TicketMessage)) == 1


@pytest.mark.parametrize("number", ["none", "0000-0000", "%00"])
def test_a_ticket_that_is_not_there_is_not_found(desk, number):
    assert desk.get(f"{QUEUE}/{number}").status_code == 404 == desk.post(f"{QUEUE}/{number}/take").status_code


def test_a_ticket_that_goes_on_with_another_says_so(desk, database, clock, waiting, dr_okafor):
    owner = database.user(dr_okafor)
    give_ticket(database, owner.id, "0000-0000", clock.now, "Again", about_id=waiting)
    desk.open(f"{QUEUE}/0000-0000").press(f"It goes on with ticket {NUMBER}.")
    assert desk.heading == "Codes"
