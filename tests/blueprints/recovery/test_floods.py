"""Recovery requests in floods: limits on emails and on networks, and nobody is locked out (RL-7); a changed Host header (RC-7)."""

import pytest
from sqlalchemy import update

from portal.models import Event, LimitCounter, Outbox, RecoveryCase, RecoveryTicket, User
from portal.settings import config
from tests.support.mailbox import mails
from tests.support.recovery import CODE_MAIL, ask, begin, mailed_code
from tests.support.soak import length

SAM = "sam@example.test"
AT_ONCE = length(3, 10)  # requests
AGAIN = "Send the email again"


def from_everywhere(browser, address, number):
    """Sends requests for one address, each from a network of its own."""
    for at in range(number):
        other = browser.another(ip=f"127.1.{at // 250}.{at % 250 + 1}")
        assert ask(other, address)


def test_a_flood_for_one_account_sends_four_emails_an_hour_and_its_owner_still_gets_in(plain, clock, database, sam):
    for _ in range(12):
        from_everywhere(plain, SAM, AT_ONCE)
        clock.move(minutes=5)
    found = mails(plain, subject=CODE_MAIL)
    assert len(found) == config.LINK_EMAILS and {mail.to for mail in found} == {SAM}
    assert len(database.all(RecoveryCase)) == 1
    ask(plain, SAM)
    plain.fill("Continue", Code_from_the_email=mailed_code(plain, SAM))
    assert plain.heading == "Show that it's you"
    assert plain.another().sign_in(sam).path == "/sign-in/code", "a request locks no sign-in"


def test_a_flood_for_one_account_fills_no_audit_trail(plain, database):
    from_everywhere(plain, SAM, 4 * AT_ONCE)
    rows = database.all(Event, Event.event == "recovery_asked", Event.reason.is_(None))
    assert len(rows) == 1


def test_a_network_sends_twenty_requests_an_hour_and_then_hears_how_long_to_wait(browser, database, clock):
    for at in range(config.RECOVERY_REQUESTS):
        assert ask(browser.another(), f"nobody{at}@example.test")
    browser.open("/contact-support")
    browser.fill("Send request", Email_address=SAM, What_happened="I lost my phone.")
    assert browser.status == 422 and browser.problems[0].startswith("Many requests came from your network. Try again in 1 hour")
    assert browser.field("What happened").raw_text.strip() == "I lost my phone."
    assert len(database.all(RecoveryTicket)) == config.RECOVERY_REQUESTS and mails(browser, subject=CODE_MAIL) == []
    assert ask(browser.another(ip="127.0.0.9"), SAM), "one network's flood stops no other"
    clock.move(hours=1)
    assert ask(browser, SAM)


def test_an_account_that_is_off_gets_no_flood_either(plain, clock):
    from_everywhere(plain, "maria@example.test", 10)
    assert len(mails(plain)) == 1


@pytest.mark.parametrize("address", [SAM, "nobody@example.test"])
def test_again_too_early_says_how_long_and_later_sends_the_same_code(browser, clock, address):
    ask(browser, address)
    clock.move(minutes=1)
    browser.press(AGAIN)
    assert (browser.status, browser.problems) == (
        422,
        ["We sent this email a short while ago. Check your spam folder. You can send it again in 4 minutes."],
    )
    clock.move(minutes=4)
    browser.press(AGAIN)
    assert browser.notices == [
        "If the address belongs to an account with two-factor authentication, the email is on its way again."
    ]
    found = mails(browser, subject=CODE_MAIL)
    assert [mail.to for mail in found] == ([SAM] * 2 if address == SAM else [])
    assert len({mail.text.split("\n\n")[3] for mail in found}) <= 1


def test_again_after_a_stop_opens_no_new_case(plain, clock, database):
    ask(plain, SAM)
    database.change(update(RecoveryCase).values(state="stopped", ended_at=clock.now))
    clock.move(minutes=5)
    plain.press(AGAIN)
    assert len(mails(plain, subject=CODE_MAIL)) == 1 and len(database.all(RecoveryCase)) == 1


def burn(browser, clock, database):
    """Uses up an account's emails of the hour, then its code, from few networks."""
    for _ in range(config.LINK_EMAILS):
        ask(browser.another(ip="127.3.0.1"), SAM)
        clock.move(minutes=5)
    guess(browser, database)


def guess(browser, database):
    """Enters the last of the wrong codes that strangers may; the others are written down."""
    guesser = browser.another(ip="127.4.0.1")
    ask(guesser, SAM)
    database.change(update(RecoveryCase).values(wrong_codes=config.RECOVERY_CODE_TRIES_OF_CASE - 1))
    guesser.fill("Continue", Code_from_the_email="00000000")
    assert [case.wrong_codes for case in database.all(RecoveryCase)] == [config.RECOVERY_CODE_TRIES_OF_CASE]


def test_after_a_hundred_wrong_codes_the_next_email_has_another_code(plain, clock, database):
    ask(plain, SAM)
    old = mailed_code(plain, SAM)
    guess(plain, database)
    plain.fill("Continue", Code_from_the_email=old)
    assert plain.status == 422, "the hundred and first try was compared"
    clock.move(minutes=5)
    plain.press(AGAIN)
    new = mailed_code(plain, SAM)
    plain.fill("Continue", Code_from_the_email=new)
    assert new != old and plain.heading == "Show that it's you"


def test_who_uses_up_an_accounts_emails_and_its_code_locks_its_owner_out_nowhere(plain, clock, database):
    burn(plain, clock, database)
    begin(plain, SAM)
    assert plain.heading == "Show that it's you", "a code that strangers used up is mailed again, whatever the hour's emails"


def test_wrong_codes_of_strangers_leave_the_code_as_it_was_in_a_browser_that_its_owner_used(plain, clock, sam, database):
    plain.enter(sam).post("/sign-out")
    burn(plain, clock, database)
    number = ask(plain, SAM)
    assert len(mails(plain, subject=CODE_MAIL)) == config.LINK_EMAILS + 1, "emails to known browsers have a budget of their own"
    clock.move(minutes=1)  # so that one email is the newest
    guess(plain, database)
    plain.open(f"/recovery/{number}")
    plain.fill("Continue", Code_from_the_email=mailed_code(plain, SAM))
    assert plain.heading == "Show that it's you"


def test_a_browser_that_its_owner_used_has_a_hundred_tries_too(plain, sam, database):
    plain.enter(sam).post("/sign-out")
    ask(plain, SAM)
    code = mailed_code(plain, SAM)
    database.change(update(RecoveryCase).values(known_wrong_codes=config.RECOVERY_CODE_TRIES_OF_CASE - 1))
    plain.fill("Continue", Code_from_the_email="00000000")
    [case] = database.all(RecoveryCase)
    assert (case.known_wrong_codes, case.wrong_codes) == (config.RECOVERY_CODE_TRIES_OF_CASE, 0)
    plain.fill("Continue", Code_from_the_email=code)
    assert plain.status == 422, "the hundred and first try was compared"


def test_a_new_code_gives_a_request_no_new_tries(plain, clock):
    ask(plain, SAM)
    for _ in range(4):
        plain.fill("Continue", Code_from_the_email="00000000")
    clock.move(minutes=5)
    plain.press(AGAIN)
    plain.fill("Continue", Code_from_the_email="00000000")
    assert not plain.offers("Continue")


def test_a_code_for_one_account_confirms_no_other_of_the_same_address(plain, database):
    database.change(update(User).where(User.username.in_(["sam", "dr.okafor"])).values(email_hash=b"one"))
    for user in database.all(User, User.username.in_(["sam", "dr.okafor"])):
        user.seal(database.keys, "email", SAM)
        database.change(update(User).where(User.id == user.id).values(email_sealed=user.email_sealed, email_hash=user.email_hash))
    ask(plain, SAM)
    found = mails(plain, subject=CODE_MAIL)
    assert len(found) == 2 and len(database.all(RecoveryCase)) == 2
    plain.fill("Continue", Code_from_the_email=mailed_code(plain, SAM))
    assert sorted(case.state for case in database.all(RecoveryCase)) == ["asked", "proving"]
    assert [case.wrong_codes for case in database.all(RecoveryCase)] == [0, 0]


def test_a_changed_host_header_changes_no_link(plain, database):
    plain.open("/contact-support")
    form = {"email": SAM}
    for header in ({"Host": "thief.example"}, {"X_Forwarded_Host": "thief.example"}):
        plain.post("/contact-support", form, **header)
    assert len(mails(plain, subject=CODE_MAIL)) == 1, "the forged host was refused, the header of a proxy that is none ignored"
    begin(plain.another(), SAM)
    assert not any("thief" in mail.text + "".join(mail.links) for mail in mails(plain))


def test_reading_changes_nothing(plain, database):
    number = begin(plain, SAM)
    before = [len(database.all(table)) for table in (Event, Outbox, RecoveryCase, RecoveryTicket, LimitCounter)]
    for reader in (plain, plain.another()):
        for path in ("/contact-support", f"/recovery/{number}", "/recovery/0000-0000-0000"):
            reader.open(path)
    assert [len(database.all(table)) for table in (Event, Outbox, RecoveryCase, RecoveryTicket, LimitCounter)] == before


def test_every_address_of_the_account_hears_that_the_code_was_entered(plain, database):
    begin(plain, SAM)
    [begun] = [mail for mail in mails(plain) if mail.subject == "Someone is getting back into your account"]
    assert begun.to == SAM and any("/recovery/stop/" in link for link in begun.links)


def test_requests_that_nobody_confirmed_are_forgotten_after_two_days(plain, app, clock, database):
    kept = begin(plain, SAM)
    for address in ("dr.okafor@example.test", "nobody@example.test"):
        ask(plain.another(), address)
    for hours, left in ((47, 3), (1, 1)):
        clock.move(hours=hours)
        app.extensions["queue"].order_due()
        assert len(database.all(RecoveryTicket)) == left
    assert plain.open(f"/recovery/{kept}").heading == "Your request"
