"""Support checks who a person is: what the person sees, and answers."""

import pytest
from sqlalchemy import update

from portal.models import BackupCode, Event, RecoveryNote, User
from portal.words.call_back import WORDS
from tests.blueprints.recovery.test_prove import set_password_by_mail
from tests.support.mailbox import mails
from tests.support.recovered import link_of
from tests.support.recovery import begin, mailed_code

SAM = "sam@example.test"


@pytest.fixture
def asked(browser, database, sam):
    """Sam's browser, after support was asked; and the reference number."""
    number = begin(browser, SAM)
    browser.open(f"/recovery/{number}/ways")
    browser.press("Have support check who I am")
    return browser, number


def the_case(database):
    from portal.models import RecoveryCase

    return database.all(RecoveryCase)[0]


def agent_of(browser, support, database):
    """Returns an agent's browser that has taken the case."""
    desk = browser.another(secrets=[]).enter(support).open(f"/support/recovery/{the_case(database).id}")
    return desk.press("Take this case")


def said_words(browser):
    """Returns the call-back words on the page, support's and the person's."""
    return [each.text for each in browser.page.all("dd") if all(word in WORDS for word in each.text.split())]


def test_the_page_says_until_when_support_answers(asked, database, clock):
    browser, _ = asked
    assert browser.heading == "Support is checking your request" and "Support answers by" in browser.text
    case = the_case(database)
    assert (case.state, case.asked_support_at) == ("checking", clock.now)
    assert (case.due_at - clock.now).days in (0, 1, 2, 3) and case.due_at > clock.now


def test_the_owner_is_told_that_support_checks_and_how_to_stop_it(asked, clock):
    browser, _ = asked
    [mail] = mails(browser, to=SAM, subject="Support is checking your request")
    assert "Support answers by" in mail.text and any("/recovery/stop/" in link for link in mail.links)
    assert not any(words in mail.text for words in said_words(browser))


def test_every_agent_is_told_once_an_hour_that_somebody_waits_and_not_who(other_agent, asked, clock):
    browser, _ = asked
    other, subject = browser.another(ip="127.0.0.9"), "Someone is waiting for support's answer"
    for minutes, person, number in ((0, "dr.okafor", 1), (60, "dr.novak", 2)):
        clock.move(minutes=minutes)
        begin(other, f"{person}@example.test")
        other.press("Have support check who I am")
        found = mails(browser, subject=subject)
        assert sorted(mail.to for mail in found) == sorted(["support.two@example.test", "support@example.test"] * number)
    assert "/support" in found[0].links[0]
    assert not any(name in mail.text for mail in found for name in ("Sam", "Okafor", "Novak"))


def test_both_sides_read_the_same_words(asked, database, support):
    browser, _ = asked
    ours, theirs = said_words(browser)
    assert ours != theirs and len(ours.split()) == len(theirs.split()) == 2
    desk = agent_of(browser, support, database)
    assert said_words(desk) == [ours, theirs]
    assert "There's no number on file" in desk.text and "Call them at the number on file" not in desk.text
    assert ours.encode() not in the_case(database).words_sealed


def test_another_browser_reads_no_words(asked):
    browser, number = asked
    stranger = browser.another(secrets=[]).open(f"/recovery/{number}")
    assert said_words(stranger) == [] and "answers by" in stranger.text
    stranger.open("/contact-support")
    assert stranger.post(f"/recovery/{number}/answer", {"answer": "It's me."}).status_code == 403


def test_pressed_twice_it_is_asked_once(asked, database):
    browser, number = asked
    words = the_case(database).words_sealed
    browser.open("/contact-support")
    assert browser.post(f"/recovery/{number}/support").status_code == 303
    assert the_case(database).words_sealed == words
    assert len(database.all(Event, Event.event == "recovery_support_asked")) == 1


def test_a_question_is_answered_on_the_page(asked, database, support, clock):
    browser, number = asked
    desk = agent_of(browser, support, database)
    desk.press("Ask for more")
    desk.fill("Ask for more", What_you_need="When can we call you by video?")
    browser.open(f"/recovery/{number}")
    assert "Support needs something from you" in browser.text and "When can we call you by video?" in browser.text
    clock.move(minutes=10)
    browser.fill("Send answer", Your_answer="At noon, every day.")
    assert "Support answers by" in browser.text and "At noon, every day." in browser.text
    case = the_case(database)
    assert case.state == "checking" and case.due_at > clock.now
    assert "At noon, every day." in desk.open(f"/support/recovery/{case.id}").text
    assert all(b"noon" not in row.text_sealed for row in database.all(RecoveryNote))
    assert [event.case_id for event in database.all(Event, Event.event == "recovery_answered")] == [case.id]


@pytest.mark.parametrize(
    "typed", ["", "\u200b", "a" * 1001, "ABCD-EFGH-JKMN-PQRS", "My code is 123456", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"]
)
def test_an_answer_with_a_secret_or_nothing_is_refused_at_its_field(asked, database, support, typed):
    browser, number = asked
    desk = agent_of(browser, support, database)
    desk.press("Ask for more")
    desk.fill("Ask for more", What_you_need="When can we call you?")
    browser.open(f"/recovery/{number}")
    browser.fill("Send answer", Your_answer=typed)
    assert browser.status == 422 and len(browser.problems) == 1
    assert the_case(database).state == "answering" and len(database.all(RecoveryNote)) == 1


def test_an_answer_with_a_true_backup_code_is_refused_in_any_shape_and_the_code_is_spent(asked, database, support, sam):
    browser, number = asked
    desk = agent_of(browser, support, database)
    desk.press("Ask for more")
    desk.fill("Ask for more", What_you_need="When can we call you?")
    browser.open(f"/recovery/{number}")
    for typed in (sam.codes[0], " ".join(sam.codes[1])):
        browser.fill("Send answer", Your_answer=typed)
        assert browser.status == 422 and browser.problems[0].startswith("That looks like a code or a setup key.")
    assert [row.number for row in database.all(BackupCode, BackupCode.used_at.is_not(None))] == [1, 2]
    browser.fill("Send answer", Your_answer=" ".join("ABCD-EFGH-JKMN-PQRS"))
    assert the_case(database).state == "checking" and len(database.all(RecoveryNote)) == 2


def test_an_answer_that_comes_late_is_told_where_things_stand(asked, database, support):
    browser, number = asked
    browser.open("/contact-support")
    answer = browser.post(f"/recovery/{number}/answer", {"answer": "Nobody asked."})
    assert answer.status_code == 422 and "This request changed after you opened the page" in answer.text
    assert not database.all(RecoveryNote)


def test_in_another_browser_the_person_goes_on_with_a_code(asked, database):
    browser, number = asked
    browser.open(f"/recovery/{number}")
    other = browser.another(secrets=[]).open(f"/recovery/{number}")
    other.press("Send the email again")
    if other.status == 200:
        other.fill("Continue", Code_from_the_email=mailed_code(other, SAM))
        assert said_words(other) == said_words(browser)


def test_no_word_note_or_answer_is_in_an_email_or_an_address(asked, database, support):
    browser, _number = asked
    words = said_words(browser)
    desk = agent_of(browser, support, database)
    desk.press("Ask for more")
    desk.fill("Ask for more", What_you_need="Hold up your blue passport.")
    texts = [mail.text + mail.subject for mail in mails(desk)]
    assert not any(each in text for text in texts for each in (*words, "passport"))


def test_staff_are_pointed_to_their_administrator_and_to_support(browser, database, dr_okafor, admin_lee):
    begin(browser, "dr.okafor@example.test")
    assert admin_lee.name in browser.text
    browser.press("Have support check who I am")
    assert "Support answers by" in browser.text


@pytest.mark.parametrize("has_number", [True, False])
def test_the_page_says_which_number_support_calls(plain, database, sam, has_number):
    if has_number:
        user = database.user(sam)
        sealed = database.keys.seal("+15035550164", f"users:{user.id}:phone")
        database.change(update(User).where(User.id == user.id).values(phone_sealed=sealed))
    number = begin(plain, SAM)
    plain.open(f"/recovery/{number}/ways")
    plain.press("Have support check who I am")
    assert ("We call the number on file." in plain.text) is has_number
    assert ("no phone number for you that we can rely on" in plain.text) is not has_number


# --- for who forgot the password, too


def approve(desk):
    """Approves the case that the desk has open."""
    desk.tick("Compared their photo ID with them on a video call")
    desk.press("Save").press("Approve")
    return desk.fill("Approve", Reason="Video call, passport.")


def set_up(browser, sam):
    """Opens the link with the password in that browser; returns the browser."""
    browser.open(link_of(browser, sam))
    return browser.fill("Continue", Password=sam.password) if browser.status == 200 else browser


def test_who_forgot_the_password_comes_back_where_they_asked_support_and_nowhere_else(asked, database, sam, support):
    browser, _ = asked
    approve(agent_of(browser, support, database))
    thief = set_password_by_mail(browser.another(secrets=[]), sam)
    assert set_up(thief, sam).status == 404 and "in the browser where you asked" in thief.text
    assert set_up(browser, sam).path == "/account/security/two-factor" and database.user(sam).two_factor == "reset"


@pytest.mark.parametrize("order", ["before support", "after support", "after approval"])
def test_with_the_mailbox_shown_in_two_browsers_neither_comes_in_by_a_password_set_by_mail(
    plain, database, clock, sam, support, order
):
    """One of them may be a thief who reads the mail, and lets support check the owner."""
    browser, thief = plain, plain.another()
    number = begin(browser, SAM)
    clock.move(minutes=5)
    if order == "before support":
        begin(thief, SAM)
    browser.open(f"/recovery/{number}/ways").press("Have support check who I am")
    if order == "after support":
        begin(thief, SAM)
    approve(agent_of(browser, support, database))
    if order == "after approval":
        begin(thief, SAM)
    set_password_by_mail(thief, sam)
    for each in (thief, browser):
        assert set_up(each, sam).status == 404 and "several browsers used the emailed code" in each.text
    assert database.user(sam).two_factor == "on"


def test_with_the_password_they_had_two_browsers_are_as_good_as_one(asked, database, clock, sam, support):
    browser, _ = asked
    other = browser.another(secrets=[])
    clock.move(minutes=5)
    begin(other, SAM)
    approve(agent_of(browser, support, database))
    assert set_up(other, sam).path == "/account/security/two-factor"
