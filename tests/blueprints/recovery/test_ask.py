"""Contact Support for strangers: one answer for every address, limits on floods, and nothing lost of what was typed (EN-3, RL-7)."""

import pytest
from sqlalchemy import update

from portal.models import Event, Outbox, RecoveryCase, RecoveryTicket, User, recovery_place
from tests.support.mailbox import mails, told
from tests.support.moving import START
from tests.support.recovery import CODE_MAIL, ask, begin, mailed_code, reference

OFF_MAIL = "You only need your password to sign in"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Enter an email address."),
        ({"Email_address": "maria"}, "An email address looks like name@example.com. Check that nothing is missing."),
        ({"Email_address": "m@example.test", "Practice": "P" * 101}, "Use at most 100 characters for the practice."),
        ({"Email_address": "m@example.test", "What_happened": "w" * 1001}, "Use at most 1,000 characters to say what happened."),
    ],
)
def test_what_cannot_be_sent_is_said_and_nothing_typed_is_lost(browser, database, typed, sentence):
    browser.open("/contact-support")
    browser.fill("Send request", **{"What_happened": "I lost my phone.", **typed})
    assert (browser.status, browser.problems) == (422, [sentence])
    assert browser.field("Email address")["value"] == typed.get("Email_address")
    assert browser.field("What happened").raw_text.strip() == typed.get("What_happened", "I lost my phone.")
    assert database.all(RecoveryTicket) == [] and database.all(Outbox) == []


@pytest.mark.parametrize(
    "secret",
    [
        "1A2B-3C4D-5E6F-7G8H",
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "My code is 492817.",
        "It said 492 817 today",
        "492-817",
        "4 9 2 8 1 7",
        "٤٩٢ ٨١٧",
        "\uff11\uff21\uff12\uff22-3C4D-5E6F-7G8H",
    ],
)
def test_a_story_with_a_secret_is_refused_and_says_why(browser, database, secret):
    ask(browser, "sam@example.test", What_happened=secret)
    assert browser.status == 422
    assert browser.problems == [
        "That looks like a code or a setup key. Leave it out: nobody needs it to help you. "
        "If it was a backup code of yours, it's used up now."
    ]
    assert database.all(RecoveryTicket) == []


@pytest.mark.parametrize(
    "story", ["Call me at 555-123-4567 or +1 555 123 4567.", "My ZIP is 97205.", "Seen on 2026-11-29 at 1 2 3 4 5 6 7.", ""]
)
def test_a_story_with_other_numbers_is_taken(plain, story):
    assert ask(plain, "sam@example.test", What_happened=story)


def test_the_answer_is_the_same_for_every_address(browser, database):
    database.change(update(User).where(User.username == "jun").values(disabled_at=START))
    addresses = ["sam@example.test", "maria@example.test", "jun@example.test", "nobody@example.test", "dr.okafor@example.test"]
    answers, headers = set(), set()
    for address in addresses:
        visitor = browser.another()
        number = ask(visitor, address)
        answers.add(visitor.text.replace(number, ""))
        headers.add(tuple(name for name, _ in visitor.response.headers))
        assert visitor.path == f"/recovery/{number}" and visitor.heading == "Check your email"
    assert len(answers) == len(headers) == 1
    assert told(browser, CODE_MAIL) == ["dr.okafor@example.test", "sam@example.test"]
    assert told(browser, OFF_MAIL) == ["maria@example.test"]


@pytest.mark.parametrize("typed", ["sam@example.test", " SAM@Example.TEST ", "\uff53am@example.test"])
def test_an_address_is_read_as_people_type_it(plain, typed):
    ask(plain, typed)
    assert told(plain, CODE_MAIL) == ["sam@example.test"]


def test_what_was_typed_is_kept_sealed_for_support(plain, database):
    ask(plain, "sam@example.test", Practice=" Riverside  Family ", What_happened="I lost\nmy phone.")
    (ticket,) = database.all(RecoveryTicket)
    opened = [
        database.keys.open(getattr(ticket, f"{name}_sealed"), recovery_place("ticket", ticket.id, name))
        for name in ("practice", "story")
    ]
    assert opened == ["Riverside Family", "I lost\nmy phone."]


def test_a_wrong_code_says_how_many_tries_are_left_and_the_fifth_is_the_last(browser, database):
    for address in ("sam@example.test", "nobody@example.test"):
        visitor = browser.another()
        number = ask(visitor, address)
        said = []
        for _ in range(5):
            visitor.fill("Continue", Code_from_the_email="0000 0000")
            assert visitor.status == 422 and "0000" not in visitor.text.replace(number, "")
            said += visitor.problems
        assert not visitor.offers("Continue") and visitor.offers("Send a new request")
        assert said[0] == "That code did not match. Use the one in our newest email. You have 4 tries left."
        assert said[3] == "That code did not match. Use the one in our newest email. You have 1 try left."
        over = "After 5 wrong codes, this request takes no more. Send a new request, and we'll email a code for it."
        assert said[4:] == [over]
    visitor = browser.another()
    ask(visitor, "sam@example.test")
    visitor.fill("Continue", Code_from_the_email=mailed_code(browser, "sam@example.test"))
    assert visitor.heading == "Show that it's you", "strangers' tries closed the owner's way"


def test_the_right_code_after_five_wrong_ones_opens_nothing(plain, database):
    ask(plain, "sam@example.test")
    token = plain.token
    for _ in range(5):
        plain.fill("Continue", Code_from_the_email="00000000")
    plain.post(plain.path, {"code": mailed_code(plain, "sam@example.test")}, token=token)
    assert plain.status == 422
    assert [case.state for case in database.all(RecoveryCase)] == ["asked"]


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "abcdefgh"])
def test_what_is_no_code_costs_no_try(browser, database, typed):
    ask(browser, "sam@example.test")
    browser.fill("Continue", Code_from_the_email=typed)
    assert browser.status == 422
    assert browser.problems == ["The code from the email has 8 digits." if typed else "Enter the code from the email."]
    assert database.all(RecoveryTicket)[0].wrong_codes == 0


@pytest.mark.parametrize("write", ["{}", "{0[0]}{0[1]}{0[2]}{0[3]} {0[4]}{0[5]}{0[6]}{0[7]}", "\u202d{}\u202c", "arabic"])
def test_the_code_is_read_as_people_type_it(browser, write):
    ask(browser, "sam@example.test")
    code = mailed_code(browser, "sam@example.test")
    typed = "".join(chr(0x660 + int(each)) for each in code) if write == "arabic" else write.format(code)
    browser.fill("Continue", Code_from_the_email=typed)
    assert (browser.status, browser.heading) == (200, "Show that it's you")


def test_the_code_works_once(plain, database):
    ask(plain, "sam@example.test")
    code = mailed_code(plain, "sam@example.test")
    other = plain.another()
    number = ask(other, "sam@example.test")
    plain.fill("Continue", Code_from_the_email=code)
    other.fill("Continue", Code_from_the_email=code)
    assert other.status == 422
    assert plain.another().open(f"/recovery/{number}").heading == "Check your email"


def test_two_requests_are_one_case_with_one_code(plain, database):
    ask(plain, "sam@example.test")
    other = plain.another()
    ask(other, "sam@example.test")
    assert len(database.all(RecoveryCase)) == 1 and len(mails(plain, subject=CODE_MAIL)) == 1
    other.fill("Continue", Code_from_the_email=mailed_code(plain, "sam@example.test"))
    assert other.heading == "Show that it's you"
    assert len({event.case_id for event in database.all(Event) if event.event.startswith("recovery") and event.case_id}) == 1


def test_who_has_the_number_alone_reads_the_state_and_can_do_nothing_more(browser):
    number = begin(browser, "sam@example.test")
    reader = browser.another()
    reader.open(f"/recovery/{number.lower().replace('-', ' ')}")
    assert (reader.status, reader.heading, reference(reader)) == (200, "Your request", number)
    assert "A second proof is due" in reader.text and "sam" not in reader.text.replace(number, "").lower()
    assert [button.text for button in reader.page.one("main").all("button")] == ["Continue", "Send the email again"]


def test_an_unknown_number_says_what_to_do(browser):
    for number in ("0000-0000-0000", "x", "0" * 5000):
        browser.open(f"/recovery/{number}")
        assert (browser.status, browser.heading) == (404, "We don't know that reference number")
        assert browser.offers("Send a new request")


def test_the_code_expires_after_a_day_to_the_second(plain, clock, database):
    ask(plain, "sam@example.test")
    code = mailed_code(plain, "sam@example.test")
    clock.move(hours=24)
    plain.fill("Continue", Code_from_the_email=code)
    assert plain.status == 422 and plain.heading == "This request has expired"
    assert [case.state for case in database.all(RecoveryCase)] == ["asked"]
    clock.move(seconds=-1)
    plain.open(plain.path)
    plain.fill("Continue", Code_from_the_email=code)
    assert plain.heading == "Show that it's you"


@pytest.mark.parametrize(
    ("typed", "sentence"), [("00000000", "That code did not match."), ("no code", "The code from the email has 8 digits.")]
)
def test_a_code_sent_from_a_page_that_stayed_open_is_refused_on_the_page_that_replaced_it(browser, database, typed, sentence):
    begin(browser, "sam@example.test")
    answer = browser.post(browser.path, {"code": typed})
    assert answer.status_code == 422 and "Show that it" in answer.text and 'name="password"' in answer.text
    assert sentence in answer.text
    assert [case.state for case in database.all(RecoveryCase)] == ["proving"]


# --- the way back to its page


def test_the_number_alone_leads_back_to_the_page_however_it_is_written(browser, sam):
    number = ask(browser, "sam@example.test")
    browser.open("/contact-support").press("See where it stands")
    browser.fill("Find", Reference_number=number.lower().replace("-", " "))
    assert browser.path == f"/recovery/{number}" and reference(browser) == number


@pytest.mark.parametrize("typed", ["", "7K2M-Q9TX", "7K2M-Q9TX-4WRB", "?" * 300])
def test_a_number_that_nobody_has_is_kept_and_a_new_request_is_at_hand(browser, typed):
    browser.open("/recovery").fill("Find", Reference_number=typed)
    assert (browser.status, browser.problems) == (
        422,
        ["We don't know that reference number. Check it, or send a new request."],
    )
    assert (browser.field("Reference number")["value"] or "") == typed
    assert browser.press("Send a new request").path == "/contact-support"


def test_a_code_is_spent_for_a_request_that_began_a_moment_earlier_too(plain, clock, database):
    other = plain.another()
    for each in (plain, other):
        ask(each, "sam@example.test")
    code = mailed_code(plain, "sam@example.test")
    plain.fill("Continue", Code_from_the_email=code)
    clock.move(seconds=-1)
    other.fill("Continue", Code_from_the_email=code)
    assert other.status == 422 and "did not match" in other.problems[0]
    assert len([ticket for ticket in database.all(RecoveryTicket) if ticket.case_id]) == 1


def test_a_request_from_a_page_whose_session_is_gone_keeps_what_was_typed(browser):
    browser.open("/contact-support")
    browser.client.delete_cookie("session")
    browser.fill("Send request", Email_address="sam@example.test", Practice="Riverside", What_happened="I lost my phone.")
    assert browser.status == 403 and "so your request wasn't sent" in browser.problems[0]
    assert [browser.field(name)["value"] for name in ("Email address", "Practice")] == ["sam@example.test", "Riverside"]
    assert browser.field("What happened").raw_text.strip() == "I lost my phone."
    browser.press("Send request")
    assert reference(browser)


def test_a_form_of_a_request_whose_session_is_gone_leads_back_to_the_request(browser):
    number = begin(browser, "sam@example.test")
    for own in ("/cancel", "/support", "/text/send", "/password", ""):
        browser.client.delete_cookie("session")
        browser.post(f"/recovery/{number}{own}", {"code": "12345678", "password": "p"})
        assert browser.status == 403
        assert f'href="/recovery/{number}"' in browser.response.text, own
