"""The pages that are open to everybody, signed in or not."""

from dataclasses import replace

import pytest

PAGES = {
    "/help": "Help",
    "/help/contact": "Contact Support",
    "/find-a-provider": "Find a provider",
    "/community": "Community forum",
    "/privacy": "Privacy",
    "/accessibility": "Accessibility",
}


@pytest.mark.parametrize(("path", "heading"), PAGES.items())
@pytest.mark.parametrize("who", ["stranger", "claimant", "patient"])
def test_the_page_opens_for_everybody(plain, sam, path, heading, who):
    if who != "stranger":
        plain.sign_in(sam) if who == "claimant" else plain.enter(sam)
    plain.open(path)
    assert (plain.status, plain.heading) == (200, heading)


def test_they_are_reached_from_the_header_and_footer_of_every_page(plain, maria):
    for start in ("/sign-in", "/no-such-page"):
        for label in ("Find a provider", "Community forum", "Help", "Privacy", "Accessibility", "Appearance"):
            plain.open(start)
            plain.press(label)
            assert plain.heading == label


def test_the_account_menu_leads_on(browser, maria):
    browser.enter(maria)
    menu = browser.page.one("summary")
    assert menu.name == "MR Maria Reyes, Account menu"
    for label in ("Account Settings", "Help"):
        browser.open("/home")
        browser.press(label)
        assert browser.heading == label


def test_help_tells_what_to_try_in_the_guides_order(plain):
    plain.open("/help")
    part = plain.text[plain.text.index("Try these in order.") :]
    order = [
        "Check the time",
        "Wait for a fresh code",
        "Look for the right account",
        "Check your text messages",
        "Use a backup code",
    ]
    assert [part.index(words) for words in order] == sorted(part.index(words) for words in order)


def test_help_speaks_of_texts_only_while_they_are_offered(app, plain, monkeypatch):
    assert "Choose Text Message and select Continue." in plain.open("/help").text
    without = replace(app.extensions["settings"], texts=False)
    monkeypatch.setitem(app.extensions, "settings", without)
    assert "text" not in plain.open("/help").text.replace("authentication", "").lower()


@pytest.mark.parametrize("path", ["/help", "/help/ehr"])
def test_help_says_what_works_after_too_many_wrong_codes(plain, path):
    plain.open(path)
    assert "a backup code works right away" in plain.text and "select Unblock" in plain.text


def test_support_says_what_to_have_ready_and_what_never_to_share(plain, maria):
    plain.enter(maria).open("/help/contact")
    assert "support@medximity.example" in plain.text
    assert "registered email address" in plain.text
    assert "Support will never ask for them." in plain.text


def test_who_is_not_signed_in_is_led_to_the_request(plain, maria, sam):
    assert plain.open("/help/contact").path == "/contact-support"
    assert plain.sign_in(sam).open("/help/contact").path == "/contact-support"
    assert plain.another().enter(maria).open("/contact-support").path == "/help/contact"


def test_the_practices_are_listed_with_their_telephone(plain):
    plain.open("/find-a-provider")
    assert "Riverside Family Practice" in plain.text and "Lakeside Clinic" in plain.text
    assert all(link["href"].startswith("tel:") for link in plain.page.one("main").all("a"))


def test_the_account_page_masks_what_others_might_read(browser, maria, jun):
    browser.enter(jun)
    browser.press("Account Settings")
    assert "Jun Park" in browser.text and "j•••@example.test" in browser.text
    assert "••• ••• ••34" in browser.text
    assert "jun@" not in browser.text and "5550" not in browser.text


def test_a_person_without_phone_or_readable_address_sees_a_dash(plain, database, sam):
    from sqlalchemy import update

    from portal.models import User

    database.change(update(User).where(User.username == "sam").values(email_sealed=b"k1\0broken"))
    plain.enter(sam)
    plain.open("/account")
    assert "Sam Okoye" in plain.text and plain.text.count("None on file") == 2


def test_home_shows_what_is_guarded(browser, maria):
    browser.enter(maria)
    for words in ("Appointments", "Provider communications", "Health data", "Check-up", "Your blood test", "182 mg/dL"):
        assert words in browser.text


def test_a_patient_sees_their_own_rows_and_nobody_elses(plain, database, maria):
    from sqlalchemy import update

    from portal.models import Letter

    other = update(Letter).where(Letter.patient_id != database.user(maria).id).values(subject="the letter of another patient")
    database.change(other)
    plain.enter(maria)
    assert "the letter of another patient" not in plain.response.text


def test_a_home_without_rows_says_so_kindly(plain, database, maria):
    from sqlalchemy import delete

    from portal.models import Appointment, Letter, Result

    for model in (Appointment, Letter, Result):
        database.change(delete(model))
    plain.enter(maria)
    assert plain.status == 200 and "You have no appointments booked." in plain.text


def test_what_a_template_prints_is_escaped(plain, database, maria):
    from sqlalchemy import update

    from portal.models import Letter, User

    database.change(update(Letter).values(subject="<script>alert(1)</script>"))
    database.change(update(User).where(User.username == "maria").values(full_name='"><img src=x onerror=alert(1)>'))
    plain.enter(maria)
    assert "<script>alert" not in plain.response.text and "<img" not in plain.response.text
