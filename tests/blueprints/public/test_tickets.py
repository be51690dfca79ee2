"""A person's own tickets: who may send them, what becomes of what is typed, and what nobody else gets to see."""

import pytest
from sqlalchemy import update

from portal.db import change
from portal.flows.tickets import own
from portal.models import Event, Outbox, Session, Ticket, TicketMessage, User
from portal.settings import config
from tests.support.emergency import approve
from tests.support.meanwhile import just_before
from tests.support.tickets import give_ticket

LIST, NEW = "/help/tickets", "/help/tickets/new"
SUBJECT, TEXT = "New phone, old codes", "My new phone shows other codes."


def send(browser, subject=SUBJECT, message=TEXT):
    return browser.open(NEW).fill("Send ticket", Subject=subject, Message=message)


def number_of(browser):
    return browser.path.rpartition("/")[2]


@pytest.fixture
def hers(plain, maria):
    """Maria's browser, at her ticket."""
    return send(plain.enter(maria))


def messages(browser):
    """The texts of the conversation on the page."""
    return [part.raw_text for part in browser.page.one("ol", **{"class": "talk"}).walk() if part.classes == ["text"]]


# --- what is typed


def test_help_leads_there_for_who_is_signed_in_and_to_support_for_who_is_not(browser, maria):
    assert not browser.open("/help").offers("Submit a ticket") and browser.offers("Contact Support")
    browser.enter(maria).open("/help").press("Submit a ticket")
    assert browser.heading == "Submit a ticket" and "Never share your backup codes" in browser.text
    browser.fill("Send ticket", Subject=SUBJECT, Message=TEXT)
    assert browser.heading == SUBJECT and browser.notices == ["Sent. We'll email you when support has answered."]
    assert "Support answers by Tue, Mar 2" in browser.text and browser.offers("A new phone")
    browser.open("/help").press("My tickets")
    assert SUBJECT in browser.text and "Waiting" in browser.text
    assert not browser.press("Open ticket").offers("A new phone"), "articles are offered once"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<script>alert(1)</script> & <b>x</b>", "<script>alert(1)</script> & <b>x</b>"),
        ("**bold** [here](javascript:alert(1))\n# one", "**bold** [here](javascript:alert(1))\n# one"),
        ("see https://example.test/a?b=c", "see https://example.test/a?b=c"),
        ("one\r\n\r\n  two\rthree", "one\n\n  two\nthree"),
        ("a\u202eb\u2066c\x07d\x00e\u200bf", "abcdef"),
        ("한국어 العربية \U0001f600", "한국어 العربية \U0001f600"),
    ],
)
def test_a_message_is_plain_text_with_its_lines(plain, maria, typed, shown):
    send(plain.enter(maria), subject=typed, message=typed)
    assert messages(plain) == [shown] and plain.heading == " ".join(shown.split())
    [item] = plain.page.one("ol", **{"class": "talk"}).all("li")
    assert not item.all("a", "b", "script", "strong")


@pytest.mark.parametrize(
    ("subject", "message", "said"),
    [
        ("", TEXT, "Say in a few words what it is about."),
        ("\u200b \u202e", TEXT, "Say in a few words what it is about."),
        ("s" * 121, TEXT, "Use at most 120 characters for the subject."),
        (SUBJECT, " \n ", "Write your message first."),
        (SUBJECT, "m" * 4001, "Use at most 4,000 characters for one message."),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_kept(browser, database, maria, subject, message, said):
    browser.enter(maria).open(NEW).fill("Send ticket", Subject=subject, Message=message)
    assert browser.status == 422 and browser.problems[0].startswith(said)
    assert not database.all(Ticket) and not database.all(TicketMessage)
    assert browser.field("Message").raw_text.strip() == message.strip()


def test_ones_own_live_code_is_refused_and_spent_and_anothers_look_alike_is_not(browser, database, sam, maria):
    shown = sam.codes[0].lower().replace("-", " - ")
    browser.enter(sam).open(NEW).fill("Send ticket", Subject=SUBJECT, Message=f"It says {shown}.")
    assert browser.status == 422 and browser.problems[0].startswith("That held one of your backup codes.")
    assert browser.field("Message").raw_text.strip() == "It says …." and not database.all(Ticket)
    browser.press("Send ticket").fill("Send message", Your_message=f"And {sam.codes[1]}")
    assert browser.status == 422 and messages(browser) == ["It says …."]
    other = browser.another().enter(maria)
    send(other, message=f"Mine are like {sam.codes[2]} and 123456")
    assert messages(other) == [f"Mine are like {sam.codes[2]} and 123456"]
    out = browser.another()
    out.sign_in(sam).fill("Verify", Verification_Code=sam.codes[0])
    assert out.status == 422 and out.fill("Verify", Verification_Code=sam.codes[2]).path == "/home"


def test_what_is_far_too_long_comes_back_and_a_megabyte_is_too_much_for_that(plain, maria):
    plain.enter(maria).open(NEW).fill("Send ticket", Subject=SUBJECT, Message="m" * 200_000)
    assert plain.status == 422 and len(plain.field("Message").raw_text.strip()) == 200_000
    answer = plain.post(NEW, {"subject": SUBJECT, "message": "m" * 1_000_000})
    assert answer.status_code == 413 and "Go back and shorten it." in answer.text


def test_what_is_written_lies_sealed(hers, database):
    kept = str(database.everything())
    assert SUBJECT not in kept and TEXT not in kept
    [ticket], [message] = database.all(Ticket), database.all(TicketMessage)
    assert database.keys.open(ticket.subject_sealed, f"tickets:{ticket.id}:subject") == SUBJECT
    assert database.keys.open(message.text_sealed, f"ticket_messages:{message.id}:text") == TEXT


def test_what_no_key_opens_says_so(hers, database):
    database.change(update(Ticket).values(subject_sealed=b"k1\0broken"))
    database.change(update(TicketMessage).values(text_sealed=b"k1\0broken"))
    hers.open(hers.path)
    assert hers.heading == "It can't be read with the keys at hand." == messages(hers)[0]
    assert hers.heading in hers.open(LIST).text
    assert hers.open(f"{NEW}?about={database.all(Ticket)[0].id}").field("Subject")["value"] is None


def test_a_form_sent_twice_is_one_ticket_and_one_message(hers, database, clock):
    send(hers)
    for _ in range(2):
        hers.fill("Send message", Your_message="And now?")
    assert messages(hers) == [TEXT, "And now?"] and len(database.all(Ticket)) == 1
    assert len(database.all(Event, Event.event == "ticket_sent")) == 1
    clock.move(minutes=2)
    send(hers)
    assert len(database.all(Ticket)) == 2


# --- whose it is


def test_nobody_else_gets_a_ticket(hers, database, jun):
    path, other = hers.path, hers.another().enter(jun)
    other.open(NEW)
    assert other.get(path).status_code == other.get(f"{NEW}?about={path.rpartition('/')[2]}").status_code == 404
    for place, data in ((path, {"message": TEXT}), (f"{path}/close", {}), (NEW, {"about": path.rpartition("/")[2]})):
        assert other.post(place, data | {"subject": SUBJECT, "message": TEXT}).status_code == 404
    assert "You have no tickets yet." in other.open(f"{LIST}?before={path.rpartition('/')[2]}").text
    assert {each.reason for each in database.all(Event, Event.event == "authz_fail")} == {"not_own"}
    assert len(database.all(TicketMessage)) == 1 and database.all(Ticket)[0].state == "open"


@pytest.mark.parametrize("number", ["none", "0000-0000", "%00", "../new", "7" * 300])
def test_a_ticket_that_is_not_there_is_not_found(plain, maria, number):
    plain.enter(maria).open(NEW)
    assert plain.get(f"{LIST}/{number}").status_code == 404 == plain.post(f"{LIST}/{number}", {"message": TEXT}).status_code


def test_a_number_is_read_however_it_is_typed(hers):
    typed = number_of(hers).replace("-", " ").lower().replace("0", "o")
    assert hers.get(f"{LIST}/{typed}").status_code == 200


def test_a_claimant_is_asked_for_the_code_first_and_then_led_there(hers, maria, sam, clock):
    sams = hers.another().enter(sam)
    path = send(sams).path
    clock.next_code()
    claimant = hers.another().sign_in(sam, next_path=path)
    assert claimant.path == "/sign-in/code" and claimant.get(path).location == "/sign-in/code"
    assert claimant.fill("Verify", Verification_Code=sam.code()).path == path


def test_a_provider_may_ask_before_set_up_too(browser, dr_chen):
    send(browser.enter(dr_chen))
    assert browser.heading == SUBJECT and browser.open("/ehr/charts").path == "/ehr/settings/security"


def test_emergency_access_opens_no_ticket(plain, database, clock, dr_okafor, admin_lee):
    number = give_ticket(database, database.user(dr_okafor).id, "7K3F-92QM", clock.now)
    plain.sign_in(dr_okafor).press("Can't access your code?").press("Ask for emergency access")
    plain.fill("Ask for emergency access", Reason="My phone fell into the sink.")
    approver = plain.another().enter(admin_lee).open("/ehr/settings/team").press("See emergency access")
    approve(approver.press("Approve or refuse"))
    plain.open("/sign-in/emergency").press("Open charts")
    for place in (LIST, NEW, f"{LIST}/{number}"):
        assert plain.get(place).status_code == 403
    assert plain.post(f"{LIST}/{number}", {"message": TEXT}).status_code == 403
    assert not plain.open("/help").offers("My tickets") and len(database.all(TicketMessage)) == 1


def test_trust_from_before_a_change_of_role_is_no_code(plain, database, sam):
    path = send(plain.enter(sam)).path
    database.change(update(Session).values(level="aal1+trusted"))
    assert plain.get(path).status_code == 200
    database.change(update(User).where(User.username == "sam").values(role="provider"))
    assert plain.get(path).location == "/ehr/charts"


# --- a form that outlives its session


def test_a_form_that_expired_keeps_what_was_typed(browser, database, maria):
    browser.enter(maria).open(NEW)
    browser.page.one("main").all("input", name="csrf_token")[0].attributes["value"] = "stale"
    browser.fill("Send ticket", Subject=SUBJECT, Message=TEXT)
    assert browser.status == 403 and browser.problems[0].startswith("This page was open for a long time")
    assert browser.press("Send ticket").heading == SUBJECT
    for field in browser.page.one("main").all("input", name="csrf_token"):
        field.attributes["value"] = "stale"
    browser.fill("Send message", Your_message="More")
    assert browser.status == 403 and browser.press("Send message").status == 200
    assert messages(browser) == [TEXT, "More"] and len(database.all(Ticket)) == 1


def test_an_expired_form_of_a_ticket_that_is_not_theirs_is_just_expired(plain, database, clock, maria, jun):
    number = give_ticket(database, database.user(jun).id, "7K3F-92QM", clock.now)
    plain.enter(maria)
    for path in (f"{LIST}/{number}", f"{LIST}/none", f"{LIST}/{number}/close"):
        assert plain.post(path, {"message": TEXT}, token="stale").status_code == 403
    assert TEXT not in plain.response.text and len(database.all(TicketMessage)) == 1


@pytest.mark.parametrize("how", ["idle", "signed out"])
def test_who_was_signed_out_signs_in_beside_it_and_sends_what_was_typed(plain, database, clock, maria, how):
    path = send(plain.enter(maria)).path
    new, more = {"Subject": "Again", "Message": "Other"}, {"Your_message": "More"}
    for place, button, typed in ((NEW, "Send ticket", new), (path, "Send message", more)):
        plain.open(place)
        left = plain.page
        if how == "idle":
            clock.move(minutes=15)
        else:
            plain.press("Sign out")
        plain.page = left
        plain.fill(button, **typed)
        assert plain.status == 403 and plain.problems[0].startswith("You were signed out, so nothing was sent.")
        left = plain.page
        plain.press("Sign in in another tab").fill("Sign in", Username=maria.username, Password=maria.password)
        assert plain.path == LIST
        plain.page = left
        assert plain.press(button).status == 403 and plain.press(button).status == 200
    assert messages(plain) == [TEXT, "More"] and len(database.all(Ticket)) == 2


# --- limits, closed tickets, long lists


def test_limits_are_said_and_keep_what_was_typed(hers, database, monkeypatch):
    monkeypatch.setattr(config, "TICKETS", 1)
    monkeypatch.setattr(config, "TICKET_REPLIES", 1)
    path = hers.path
    send(hers, message="Another")
    assert hers.status == 422 and hers.problems[0].endswith("Send the next one in 1 day, or write in one that is open.")
    assert hers.field("Message").raw_text.strip() == "Another"
    hers.open(path).fill("Send message", Your_message="One")
    hers.fill("Send message", Your_message="Two")
    assert hers.status == 422 and hers.problems[0].endswith("Send the next one in 1 day.")
    assert hers.field("Your message").raw_text.strip() == "Two" and messages(hers) == [TEXT, "One"]


def test_a_message_to_a_closed_ticket_becomes_a_new_one_that_goes_on_with_it(hers, database):
    left, number = hers.page, number_of(hers)
    assert hers.press("Close this ticket").notices[0] == "The ticket is closed." and not hers.offers("Send message")
    hers.page = left
    hers.fill("Send message", Your_message="Too late")
    assert hers.status == 422 and "Nothing you typed is lost." in hers.problems[0]
    assert (hers.field("Subject")["value"], hers.field("Message").raw_text.strip()) == (SUBJECT, "Too late")
    hers.press("Send ticket")
    assert messages(hers) == ["Too late"] and f"It goes on with your ticket {number}." in hers.text
    first, second = sorted(database.all(Ticket), key=lambda each: each.about_id or "")
    assert (first.state, second.about_id) == ("closed", first.id)
    hers.press(f"It goes on with your ticket {number}.").press("Submit a ticket about it")
    assert hers.field("Subject")["value"] == SUBJECT


def test_what_is_refused_is_kept_in_a_closed_ticket_too(plain, sam):
    send(plain.enter(sam))
    left = plain.page
    plain.press("Close this ticket")
    said = {f"Kept {sam.codes[0]}": "That held one of your backup codes.", "Kept" + "m" * 4000: "Use at most 4,000 characters"}
    for typed, sentence in said.items():
        plain.page = left
        plain.fill("Send message", Your_message=typed)
        assert plain.status == 422 and plain.problems[0].startswith(sentence)
        assert (plain.field("Subject")["value"], plain.field("Message").raw_text.strip()[:4]) == (SUBJECT, "Kept")
    plain.page = left
    for field in plain.page.one("main").all("input", name="csrf_token"):
        field.attributes["value"] = "stale"
    plain.fill("Send message", Your_message="Kept")
    assert plain.status == 403 and plain.problems[0].startswith("This page was open for a long time")
    assert plain.press("Send ticket").heading == SUBJECT and messages(plain) == ["Kept"]


def test_of_a_message_and_a_close_at_one_moment_one_is_first(hers, database, monkeypatch):
    just_before(monkeypatch, own, "move", lambda: change(update(Ticket).values(state="closed")))
    hers.fill("Send message", Your_message="Too late")
    assert hers.status == 422 and "Nothing you typed is lost." in hers.problems[0]
    assert len(database.all(TicketMessage)) == 1 and not database.all(Event, Event.event == "ticket_replied")


def test_closing_twice_changes_nothing(hers, database):
    left = hers.page
    hers.press("Close this ticket")
    hers.page = left
    hers.press("Close this ticket")
    assert len(database.all(Event, Event.event == "ticket_closed")) == 1


def test_a_message_makes_it_supports_turn_again_with_a_new_promise(hers, database, clock):
    database.change(update(Ticket).values(state="answered", due_at=None))
    clock.move(minutes=5)
    hers.fill("Send message", Your_message="And now?")
    [ticket] = database.all(Ticket)
    first = ticket.due_at
    assert ticket.state == "open" and first.day == clock.now.day + 1
    clock.move(minutes=5)
    hers.fill("Send message", Your_message="Well?")
    assert database.all(Ticket)[0].due_at == first, "a promise that was made is kept"


def test_long_lists_have_pages(plain, database, clock, maria, monkeypatch):
    monkeypatch.setattr(config, "TICKETS_PAGE", 2)
    user = database.user(maria)
    for at in range(5):  # the last three at one moment
        give_ticket(database, user.id, f"000{at}-0000", clock.now.replace(minute=min(at, 2)), subject=f"Number {at}")
    plain.enter(maria).open(LIST)
    seen = []
    while True:
        seen += [each.text[-1] for each in plain.page.all("h2") if each.text.startswith("Number")]
        if not plain.offers("Older"):
            break
        plain.press("Older")
    assert seen == ["4", "3", "2", "1", "0"] and "Number 4" in plain.press("See the latest").text


def test_a_number_that_is_taken_is_not_given_twice(hers, database, monkeypatch):
    taken = database.all(Ticket)[0].id
    numbers = [taken, "00000000"]
    monkeypatch.setattr(own, "new_reference", lambda length: numbers.pop(0))
    send(hers, message="Another")
    assert number_of(hers) == "0000-0000"


def test_the_owner_reads_of_it_under_recent_activity(hers):
    hers.fill("Send message", Your_message="And now?")
    hers.press("Close this ticket")
    hers.open("/account/security/activity")
    for said in ("You sent a support ticket.", "You wrote in a support ticket.", "You closed a support ticket."):
        assert said in hers.text


def test_agents_are_told_once_an_hour_without_a_word_of_it(hers, database, clock, maria, support):
    assert send(hers, message="Another").status == 200
    [mail] = database.all(Outbox, Outbox.template == "ticket_due")
    assert mail.user_id == database.user(support).id and SUBJECT not in str(mail.facts) and mail.body_sealed is None
    clock.move(hours=1)
    send(hers.enter(maria))
    assert len(database.all(Outbox, Outbox.template == "ticket_due")) == 2
