"""Profile: what a person keeps up to date, fresh proof first, and nothing counts before it is confirmed (RA-1, RC-3, NO-2)."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.models import Event, Link, NoticeAddress, User
from tests.support.mailbox import mails, told

OLD, NEW, SECOND = "maria@example.test", "maria.reyes@post.example", "reyes.family@post.example"
GUARDED = ("email", "addresses", "phone")


def change_email(browser, address=NEW):
    """From the Profile page to the mail with a link."""
    browser.open("/account")
    browser.press("Change email address")
    return browser.fill("Send link", Email_address=address)


def add_second(browser, address=SECOND):
    """The same for a backup address."""
    browser.open("/account")
    browser.press("Add a backup email address")
    return browser.fill("Send link", Email_address=address)


def link_to(browser, address):
    """Returns the newest link that an address got."""
    return mails(browser, to=address, subject="Confirm this address")[0].link


def confirm(browser, address):
    """Opens the link that an address got and confirms."""
    browser.open(link_to(browser, address))
    return browser.press("Confirm")


def email_of(database, person):
    return database.user(person).unseal(database.keys, "email")


def events(database, person):
    """Returns what the person's trail says of changes."""
    names = ("name_changed", "email_", "notice_address_", "phone_changed", "password_changed")
    rows = database.all(Event, Event.subject_id == database.user(person).id)
    return [row.event for row in rows if row.event.startswith(names)]


# --- fresh proof first


@pytest.mark.parametrize("page", GUARDED)
def test_contacts_are_changed_only_after_a_fresh_proof(browser, maria, clock, database, page):
    browser.enter(maria)
    clock.move(minutes=6)
    browser.open(f"/account/{page}")
    assert browser.heading == "Confirm it's you"
    before = database.user(maria)
    data = {"email": NEW, "phone": "503 555 0199"}
    assert "/account/security/confirm?next=" in browser.post(f"/account/{page}", data).headers["Location"]
    assert (database.user(maria).email_sealed, database.user(maria).phone_sealed) == (before.email_sealed, before.phone_sealed)
    assert database.all(NoticeAddress) == []
    browser.fill("Continue", Current_password=maria.password)
    assert browser.path == f"/account/{page}"


def test_with_a_second_factor_the_password_alone_is_not_enough(plain, sam, clock):
    plain.enter(sam)
    clock.move(minutes=6)
    plain.open("/account/email")
    plain.fill("Continue", Current_password=sam.password)
    assert plain.status == 422 and plain.heading == "Confirm it's you"
    plain.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert plain.path == "/account/email"


def test_an_address_is_not_removed_without_a_fresh_proof(plain, maria, clock, database):
    add_second(plain.enter(maria))
    clock.move(minutes=6)
    (row,) = database.all(NoticeAddress)
    plain.post(f"/account/addresses/{row.id}/remove")
    plain.open(f"/account/addresses/{row.id}/remove")
    assert plain.heading == "Confirm it's you"
    assert len(database.all(NoticeAddress)) == 1


# --- the account's own address


def test_a_new_address_counts_once_its_link_was_opened(browser, maria, database):
    change_email(browser.enter(maria))
    assert browser.path == "/account" and "Until you do, your old address stays" in browser.notices[0]
    assert "m•••@post.example" in browser.text and "Not confirmed yet" in browser.text
    assert email_of(database, maria) == OLD
    assert told(browser, "A new email address was entered") == [OLD]
    confirm(browser, NEW)
    assert browser.notices == ["The address is confirmed."]
    assert email_of(database, maria) == NEW
    assert told(browser, "Your email address was changed") == [NEW, OLD]
    assert database.all(NoticeAddress) == []
    assert events(database, maria) == ["email_asked", "email_changed"]


def test_opening_the_link_confirms_nothing(plain, maria, database):
    change_email(plain.enter(maria))
    before = database.everything("sessions.last_seen_at")
    for _ in range(3):
        plain.open(link_to(plain, NEW))
    assert database.everything("sessions.last_seen_at") == before


def test_the_link_is_good_once_for_a_day_and_after_that_says_so(plain, maria, clock, database):
    change_email(plain.enter(maria))
    link = link_to(plain, NEW)
    clock.move(hours=24, seconds=-1)
    plain.enter(maria).open(link)
    assert plain.heading == "Confirm this address"
    clock.move(seconds=1)
    plain.press("Confirm")
    assert plain.status == 404 and "has expired" in plain.text
    assert email_of(database, maria) == OLD


def test_two_tabs_confirm_once(plain, maria):
    change_email(plain.enter(maria))
    link = link_to(plain, NEW)
    confirm(plain, NEW)
    plain.open(link)
    assert plain.status == 404 and "already used" in plain.text
    assert len(mails(plain, to=OLD, subject="Your email address was changed")) == 1


def test_whoever_gets_the_mail_by_mistake_can_confirm_nothing(plain, maria, jun, database):
    """The address of a stranger, typed by mistake, becomes nobody's way in."""
    change_email(plain.enter(maria))
    link = link_to(plain, NEW)
    (mail,) = mails(plain, to=NEW)
    assert "Maria" not in mail.subject + mail.text and "127.0.0.1," not in mail.text
    stranger = plain.another()
    stranger.open(link)
    assert (stranger.status, stranger.heading) == (403, "Sign in to continue")
    stranger.post(link, token=None)
    stranger.open("/sign-in")
    assert stranger.post(link).status_code == 403
    stranger.enter(jun).open(link)
    assert stranger.status == 404 and "another account" in stranger.text
    assert (
        stranger.post(link, {"csrf_token": stranger.page.one("input", name="csrf_token")["value"]}, token=None).status_code == 404
    )
    assert email_of(database, maria) == OLD and email_of(database, jun) == "jun@example.test"


def test_a_claimant_confirms_nothing(plain, sam, database):
    change_email(plain.enter(sam), "sam@post.example")
    link = link_to(plain, "sam@post.example")
    other = plain.another()
    other.sign_in(sam)
    assert other.post(link).status_code == 403
    assert email_of(database, sam) == "sam@example.test"


def test_the_newest_wish_is_the_one_that_counts(plain, maria, database):
    change_email(plain.enter(maria), "first@post.example")
    old = link_to(plain, "first@post.example")
    change_email(plain)
    plain.open(old)
    assert plain.status == 404 and "already used" in plain.text
    assert len(database.all(NoticeAddress)) == 1
    confirm(plain, NEW)
    assert email_of(database, maria) == NEW


def test_a_wish_can_be_taken_back(browser, maria, database):
    change_email(browser.enter(maria))
    link = link_to(browser, NEW)
    browser.open("/account")
    browser.press("Remove m•••@post.example")
    browser.press("Remove")
    assert browser.notices == ["The address has been removed."]
    browser.open(link)
    assert browser.status == 404
    assert email_of(database, maria) == OLD and database.all(NoticeAddress) == []


def test_a_password_that_changes_ends_the_links_of_whoever_knew_the_old_one(plain, maria, database):
    change_email(plain.enter(maria))
    link = link_to(plain, NEW)
    plain.open("/account/password")
    plain.fill("Change password", Current_password=maria.password, New_password="quiet meadow by the river")
    plain.open(link)
    assert plain.status == 404
    assert email_of(database, maria) == OLD


def test_the_old_mailbox_opens_nothing_after_the_change(plain, maria):
    """A link to a new password that waits in it ends."""
    stranger = plain.another()
    stranger.open("/forgot-password")
    stranger.fill("Send link", Username_or_email_address="maria")
    change_email(plain.enter(maria))
    confirm(plain, NEW)
    stranger.open(mails(plain, to=OLD, subject="Choose a new password")[0].link)
    assert stranger.status == 404


def test_a_forgotten_password_goes_to_the_new_address(plain, maria):
    change_email(plain.enter(maria))
    other = plain.another()
    for address, count in ((NEW, 0), (OLD, 1)):
        other.open("/forgot-password")
        other.fill("Send link", Username_or_email_address=address)
        assert len(mails(plain, subject="Choose a new password")) == count
    confirm(plain, NEW)
    other.open("/forgot-password")
    other.fill("Send link", Username_or_email_address=NEW.upper())
    assert len(mails(plain, to=NEW, subject="Choose a new password")) == 1


ADDRESSES = {
    "": "Enter an email address.",
    "maria": "An email address looks like name@example.com. Check that nothing is missing.",
    "maria@": "An email address looks like name@example.com. Check that nothing is missing.",
    "maria@localhost": "An email address looks like name@example.com. Check that nothing is missing.",
    "a@b.example, c@d.example": "An email address looks like name@example.com. Check that nothing is missing.",
    "a@b.example\r\nBcc: c@d.example": "An email address looks like name@example.com. Check that nothing is missing.",
    "<a@b.example>": "An email address looks like name@example.com. Check that nothing is missing.",
    "x" * 250 + "@b.example": "An email address looks like name@example.com. Check that nothing is missing.",
    "märia@example.com": "We can only email addresses without accents or special letters. Enter a different one.",
    "\N{WAVING HAND SIGN}@example.com": "We can only email addresses without accents or special letters. Enter a different one.",
    "Maria@Example.Test": "We already email that address. Enter a different one.",
}


@pytest.mark.parametrize(("typed", "sentence"), ADDRESSES.items())
@pytest.mark.parametrize("ask", [change_email, add_second])
def test_an_address_that_cannot_be_is_refused_and_kept_in_the_field(plain, maria, database, typed, sentence, ask):
    ask(plain.enter(maria), typed)
    assert plain.status == 422 and plain.problems == [sentence]
    assert (plain.field("Email address")["value"] or "").split() == typed.split()
    assert database.all(NoticeAddress) == database.all(Link, Link.purpose != "not_me") == []


def test_only_a_few_mails_an_hour_leave_for_other_peoples_mailboxes(plain, maria, clock):
    plain.enter(maria)
    for number in range(4):
        change_email(plain, f"stranger{number}@post.example")
    change_email(plain, "stranger4@post.example")
    assert plain.problems == ["We've already sent you several of these emails. Check your inbox, or try again in an hour."]
    assert len(mails(plain, subject="Confirm this address")) == 4
    clock.move(hours=1)
    change_email(plain.enter(maria), "stranger4@post.example")
    assert plain.path == "/account"


# --- backup addresses


def test_a_second_address_is_told_once_it_is_confirmed(browser, maria, database):
    add_second(browser.enter(maria))
    assert told(browser, "A backup email address was entered") == [OLD]
    confirm(browser, SECOND)
    assert "Confirmed" in browser.text
    assert told(browser, "A backup email address was added") == [OLD, SECOND]
    browser.open("/account/phone")
    browser.fill("Save", Mobile_phone_number="503 555 0199")
    assert told(browser, "Your phone number was changed") == [OLD, SECOND]
    assert events(database, maria) == ["notice_address_asked", "notice_address_added", "phone_changed"]


def test_an_address_that_is_removed_is_told_that_once(browser, maria, database):
    add_second(browser.enter(maria))
    confirm(browser, SECOND)
    browser.press("Remove r•••@post.example")
    assert browser.heading == "Remove this address?"
    browser.press("Remove")
    assert told(browser, "A backup email address was removed") == [OLD, SECOND]
    browser.open("/account/name")
    browser.fill("Save", Name="Maria Luz Reyes")
    assert told(browser, "Your name was changed") == [OLD]
    assert events(database, maria)[-2:] == ["notice_address_removed", "name_changed"]


def test_all_addresses_are_told_of_a_new_first_one(plain, maria):
    add_second(plain.enter(maria))
    confirm(plain, SECOND)
    change_email(plain)
    assert told(plain, "A new email address was entered") == [OLD, SECOND]
    confirm(plain, NEW)
    assert told(plain, "Your email address was changed") == sorted([NEW, OLD, SECOND])


def test_a_second_address_can_become_the_first(plain, maria, database, clock):
    add_second(plain.enter(maria))
    confirm(plain, SECOND)
    clock.move(seconds=1)  # so that one of the two links is the newest
    change_email(plain, SECOND)
    confirm(plain, SECOND)
    assert email_of(database, maria) == SECOND and database.all(NoticeAddress) == []
    assert told(plain, "Your email address was changed") == [OLD, SECOND]


def test_there_are_three_second_addresses_at_most(plain, maria, clock):
    plain.enter(maria)
    for number in range(3):
        add_second(plain, f"reyes{number}@post.example")
    add_second(plain, "reyes3@post.example")
    assert plain.problems == ["You've reached the limit for backup email addresses. Remove one first."]
    add_second(plain, "reyes2@post.example")  # the same again: its mail was lost
    assert plain.path == "/account"


def test_nobody_touches_the_addresses_of_another(plain, maria, jun, database):
    add_second(plain.enter(maria))
    (row,) = database.all(NoticeAddress)
    other = plain.another().enter(jun)
    other.open(f"/account/addresses/{row.id}/remove")
    assert other.status == 404 and "post.example" not in other.text
    other.open("/account/phone")
    assert other.post(f"/account/addresses/{row.id}/remove").status_code == 404
    assert len(database.all(NoticeAddress)) == 1


def test_an_address_that_nobody_has_is_not_there(plain, maria):
    plain.enter(maria).open("/account/phone")
    for unknown in ("abc", "f" * 32):
        assert plain.post(f"/account/addresses/{unknown}/remove").status_code == 404
        assert plain.get(f"/account/addresses/{unknown}/remove").status_code == 404


# --- name


def test_a_name_changes_everywhere_and_is_told(browser, maria):
    browser.enter(maria).open("/account")
    browser.press("Change name")
    assert browser.field("Name")["value"] == "Maria Reyes"
    browser.fill("Save", Name="  María   O’Reyes-Park, Jr. ")
    assert browser.notices == ["Your name has been saved."]
    assert "María O’Reyes-Park, Jr." in browser.text
    assert told(browser, "Your name was changed") == [OLD]


@pytest.mark.parametrize("name", ["Dr. Ngũgĩ wa Thiong'o", "李小龍", "محمد علی", "Nguyễn Thị Hồng", "J.", "Anna 2"])
def test_names_of_the_world_are_names(plain, maria, name):
    plain.enter(maria).open("/account/name")
    plain.fill("Save", Name=name)
    assert name in plain.text


NAMES = {
    " ": "Enter your name.",
    "x" * 101: "A name can have at most 100 characters.",
    "evil.example": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "see http://evil": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "Maria \u202eseyeR": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "\u3164": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "\uffa0\u115f": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "A\u034f": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "1\ufe0f\u20e3A": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "A\u0301\u0301\u0301\u0301\u0301\u0301\u0301": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "Maria 5035550199": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "\N{WAVING HAND SIGN}": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
    "-": "A name can have only letters, up to 4 digits, spaces, hyphens, and apostrophes.",
}


@pytest.mark.parametrize(("name", "sentence"), NAMES.items())
def test_what_is_no_name_is_refused(browser, maria, name, sentence, database):
    browser.enter(maria).open("/account/name")
    browser.fill("Save", Name=name)
    assert browser.status == 422 and browser.problems == [sentence]
    assert database.user(maria).full_name == "Maria Reyes"


def test_the_same_again_changes_nothing_and_tells_nobody(plain, maria, database):
    plain.enter(maria).open("/account/name")
    plain.fill("Save", Name="Maria Reyes")
    plain.open("/account/phone")
    plain.fill("Save", Mobile_phone_number="+1 503-555-0164")
    assert events(database, maria) == []
    assert {mail.subject for mail in mails(plain)} == {"Sign-in from a new browser"}


# --- number


def test_a_number_is_kept_sealed_and_shown_masked(browser, maria, database):
    browser.enter(maria).open("/account")
    assert "••• ••• ••64" in browser.text and "5550164" not in browser.text
    browser.press("Change phone number")
    browser.fill("Save", Mobile_phone_number="(503) 555-0199")
    assert browser.notices == ["Your mobile phone number has been saved."]
    assert "••• ••• ••99" in browser.text and "On file, not confirmed" in browser.text
    assert database.user(maria).unseal(database.keys, "phone") == "+15035550199"
    assert "5550199" not in str(database.everything())
    (mail,) = mails(browser, subject="Your phone number was changed")
    assert "••• ••• ••99" in " ".join(mail.text.split())


def test_a_number_is_read_for_the_persons_country(plain, jun, database, app, monkeypatch):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], text_countries=("US", "KR")))
    plain.enter(jun).open("/account/phone")
    plain.fill("Save", Mobile_phone_number="010-5550-9876")
    assert database.user(jun).unseal(database.keys, "phone") == "+821055509876"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter your mobile phone number."),
        ("555 0164", "That number is too short. Enter all its digits, with the area code."),
        ("503 555 0164 x3", "Texts can't reach an extension. Enter a mobile phone number without one."),
        (
            "+82 10 5550 1234",
            "We can't send texts to that country. Enter a number from another country.",
        ),
    ],
)
def test_a_number_that_gets_no_texts_is_refused_and_kept_in_the_field(browser, maria, database, typed, sentence):
    before = database.user(maria).phone_sealed
    browser.enter(maria).open("/account/phone")
    browser.fill("Save", Mobile_phone_number=typed)
    assert browser.status == 422 and browser.problems == [sentence]
    assert (browser.field("Mobile phone number")["value"] or "") == typed
    assert database.user(maria).phone_sealed == before


def test_a_new_number_is_not_confirmed_by_the_old_ones_code(plain, maria, database, clock):
    database.change(update(User).where(User.username == "maria").values(phone_confirmed_at=clock.now))
    plain.enter(maria).open("/account")
    assert "On file, not confirmed" not in plain.text
    plain.open("/account/phone")
    plain.fill("Save", Mobile_phone_number="503 555 0199")
    assert database.user(maria).phone_confirmed_at is None
