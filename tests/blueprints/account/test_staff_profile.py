"""The EHR's Profile page: what staff keep up to date, by the flows of the patients' one, without a word of texts (TO-11, RA-1)."""

import pytest

from portal.models import Authenticator, NoticeAddress
from tests.support.emergency import approve
from tests.support.mailbox import mails, told

PROFILE, SETTINGS = "/ehr/settings/profile", "/ehr/settings"
SECURITY = f"{SETTINGS}/security"
OLD, NEW = "dr.okafor@example.test", "ada.okafor@post.example"
FORMS = {
    "name": {"full_name": "Somebody Else"},
    "email": {"email": NEW},
    "addresses": {"email": NEW},
    "phone": {"phone": "503 555 0199"},
    "password": {"new_password": "seven calm herons wait"},
}


def own(database, person):
    user = database.user(person)
    return user.full_name, user.email_sealed, user.phone_sealed, user.password_sealed


def test_before_set_up_nothing_of_it_is_open(plain, dr_chen, database):
    plain.enter(dr_chen).open(SETTINGS)
    assert not plain.offers("Profile")
    before = own(database, dr_chen)
    for page, data in FORMS.items():
        assert plain.post(f"{PROFILE}/{page}", data).headers["Location"].startswith(SECURITY)
        assert plain.open(f"{PROFILE}/{page}").path == SECURITY
    assert plain.open(PROFILE).path == SECURITY
    assert own(database, dr_chen) == before and database.all(NoticeAddress) == []


@pytest.mark.parametrize("page", ["email", "addresses", "phone"])
def test_contacts_are_changed_only_after_a_fresh_code(browser, dr_okafor, clock, database, page):
    browser.enter(dr_okafor)
    clock.move(minutes=6)
    browser.open(f"{PROFILE}/{page}")
    assert browser.heading == "Confirm it's you"
    before = own(database, dr_okafor)
    assert f"{SECURITY}/confirm?next={PROFILE}/{page}" in browser.post(f"{PROFILE}/{page}", FORMS[page]).headers["Location"]
    assert own(database, dr_okafor) == before and database.all(NoticeAddress) == []
    browser.fill("Continue", Current_password=dr_okafor.password, Verification_Code=dr_okafor.code())
    assert browser.path == f"{PROFILE}/{page}"


def test_nobody_touches_the_addresses_of_a_colleague(plain, dr_okafor, admin_lee, database):
    plain.enter(dr_okafor).open(f"{PROFILE}/addresses").fill("Send link", Email_address=NEW)
    (row,) = database.all(NoticeAddress)
    other = plain.another().enter(admin_lee).open(f"{PROFILE}/phone")
    assert other.post(f"{PROFILE}/addresses/{row.id}/remove").status_code == 404
    assert other.get(f"{PROFILE}/addresses/{row.id}/remove").status_code == 404
    assert len(database.all(NoticeAddress)) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter your mobile phone number."),
        ("555 0164", "That number is too short. Enter all its digits, with the area code."),
        ("503 555 0164 x3", "That number has an extension. Enter a mobile phone number without one."),
        ("+44 20 7946 0958", "We can't use numbers from that country. Enter a number from another country."),
    ],
)
def test_a_number_is_refused_without_a_word_of_texts(browser, dr_okafor, database, typed, sentence):
    before = own(database, dr_okafor)
    browser.enter(dr_okafor).open(f"{PROFILE}/phone")
    browser.fill("Save", Mobile_phone_number=typed)
    assert browser.status == 422 and browser.problems == [sentence]
    assert (browser.field("Mobile phone number")["value"] or "") == typed
    assert "text" not in browser.text.lower().replace("next", "")
    assert own(database, dr_okafor) == before


def test_a_number_gets_no_codes_and_is_no_method(plain, dr_okafor, database):
    plain.enter(dr_okafor).open(PROFILE)
    assert "None on file" in plain.text
    plain.press("Add phone number")
    assert "No verification codes are sent to it." in plain.text and "by text" not in plain.text
    plain.fill("Save", Mobile_phone_number="(503) 555-0199")
    assert (plain.path, plain.notices) == (PROFILE, ["Your mobile phone number has been saved."])
    assert "••• ••• ••99" in plain.text and "not confirmed" not in plain.text
    assert database.user(dr_okafor).unseal(database.keys, "phone") == "+15035550199"
    assert [row.method for row in database.all(Authenticator, Authenticator.user_id == database.user(dr_okafor).id)] == ["totp"]
    assert told(plain, "Your phone number was changed") == [OLD]


@pytest.mark.parametrize("name", ["dr_okafor", "admin_lee"])
def test_settings_lead_to_the_profile_and_a_name_changes(request, browser, name):
    person = request.getfixturevalue(name)
    browser.enter(person).open(SETTINGS).press("Profile")
    assert (browser.path, browser.heading) == (PROFILE, "Profile")
    browser.press("Change name")
    assert "Your colleagues and our emails use this name." in browser.text
    browser.fill("Save", Name="Dr. Nuria Vidal")
    assert (browser.path, browser.notices) == (PROFILE, ["Your name has been saved."]) and "Dr. Nuria Vidal" in browser.text
    assert told(browser, "Your name was changed") == [f"{person.username}@example.test"]
    assert browser.press("Back to Settings").path == SETTINGS


def test_an_address_counts_once_its_link_was_opened_and_leads_back_to_the_ehr(browser, dr_okafor, database):
    browser.enter(dr_okafor).open(PROFILE).press("Change email address")
    browser.fill("Send link", Email_address=NEW)
    link = mails(browser, to=NEW, subject="Confirm this address")[0].link
    assert browser.open(link).press("Not now").path == PROFILE
    browser.open(link).press("Confirm")
    assert (browser.path, browser.notices) == (PROFILE, ["The address is confirmed."])
    assert database.user(dr_okafor).unseal(database.keys, "email") == NEW
    assert told(browser, "Your email address was changed") == [NEW, OLD]
    assert browser.open(link).status == 404 and browser.press("Account Settings").path == PROFILE


def test_a_password_is_changed_without_a_word_of_trust(plain, dr_okafor):
    other = plain.another().enter(dr_okafor)
    dr_okafor.clock.next_code()
    plain.enter(dr_okafor).open(PROFILE).press("Change password")
    assert "trusted" not in plain.text
    plain.fill("Change password", Current_password=dr_okafor.password, New_password="seven calm herons wait")
    assert (plain.path, plain.notices) == (PROFILE, ["Your password has been changed. All other browsers are signed out."])
    assert other.open(PROFILE).path == "/sign-in"


def test_emergency_access_leaves_it_shut(plain, dr_okafor, admin_lee):
    plain.sign_in(dr_okafor).press("Can't access your code?").press("Ask for emergency access")
    plain.fill("Ask for emergency access", Reason="My phone is gone.")
    boss = plain.another().enter(admin_lee).open("/ehr/settings/team")
    boss.press("See emergency access").press("Approve or refuse")
    approve(boss)
    plain.open("/sign-in/emergency").press("Open charts")
    assert plain.open(PROFILE).status == 403 and plain.open(f"{PROFILE}/phone").status == 403
