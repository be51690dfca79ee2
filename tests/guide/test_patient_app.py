"""The help article's steps for patients with an authenticator app, walked in a browser by the words on the page alone."""

import time

import pytest

from tests.support.browser import PHONE
from tests.support.let_in import let_in
from tests.support.phone import code_for
from tests.support.reader import Reader

LOOKS = {
    "light": {},
    "dark, 320 px": {"scheme": "dark", "size": (320, 640)},
    "without JavaScript": {"script": False},
}
SECURITY = "/account/security"
TROUBLESHOOTING = ("Check the time on your phone", "Wait for a fresh code", "the right account")


@pytest.fixture(params=LOOKS)
def reader(request, town, browsers):
    """Somebody with the help article at hand: in light, in dark on a narrow phone, without JavaScript."""
    return Reader(browsers.borrow(town.url, **LOOKS[request.param]))


# For what the look does not change.
with_and_without_javascript = pytest.mark.parametrize("reader", ("light", "without JavaScript"), indirect=True)


def connect(reader):
    """Steps 4 to 6, up to the code: returns what the phone's app keeps."""
    reader.press("Enable")
    assert reader.page.get_by_label("Authenticator App").is_checked()
    reader.press("Continue")
    return reader.scan()[1]


def to_security(reader, patient):
    """Steps 1 to 3."""
    reader.sign_in(patient)
    place = reader.open_account_menu(patient)
    width = reader.page.viewport_size["width"]
    assert place["x"] > width / 2 and place["y"] < 100
    reader.press("Account Settings")
    reader.press("Security")
    assert reader.sees("Two-Factor Authentication")


def save_codes(reader):
    """Step 8: returns the codes, once the page believes that they are saved."""
    codes = reader.backup_codes()
    different = len(set(codes.values()))
    assert list(codes) == list(range(1, 11)) and different == 10
    for label in ("Print", "Download"):
        reader.find(label)
    reader.press("I have saved my backup codes")
    asked = reader.asked_number()
    reader.type(f"Code {asked}", codes[asked])
    reader.press("Done")
    return codes


def test_whoever_follows_the_steps_turns_it_on_in_five_clicks_and_is_asked_for_a_code_next_time(reader, town, browsers):
    patient = town.newcomer()
    to_security(reader, patient)
    reader.clicks, reader.pages = 0, []
    entry = connect(reader)
    assert (entry.issuer, entry.account) == ("Medximity", patient.username)
    enabled_at = time.time()
    reader.type("Verification Code", entry.code(enabled_at))
    reader.press("Verify and Enable")
    save_codes(reader)
    assert reader.sees("Two-factor authentication is on.")
    assert (reader.clicks, len(set(reader.pages[:-1]))) == (5, 4)
    reader.sign_out(patient)

    elsewhere = Reader(browsers.borrow(town.url))
    elsewhere.sign_in(patient)
    elsewhere.type("Verification Code", entry.code(enabled_at))
    elsewhere.press("Verify")
    assert "already used" in elsewhere.refusal()
    elsewhere.type("Verification Code", entry.code(enabled_at + 30))
    elsewhere.press("Verify")
    assert elsewhere.sees("Appointments")


@with_and_without_javascript
def test_the_setup_key_typed_by_hand_does_the_same_as_the_qr_code(reader, town):
    let_in(reader, town, town.newcomer(), SECURITY)
    entry = connect(reader)
    key = reader.setup_key()
    same = "".join(key.split()) == entry.secret  # a failing test prints no secret
    assert same
    reader.type("Verification Code", code_for(key))
    reader.press("Verify and Enable")
    assert len(reader.backup_codes()) == 10


def test_on_the_phone_itself_a_link_opens_the_app_with_what_the_qr_code_says(town, browsers):
    reader = Reader(browsers.borrow(town.url, size=PHONE))
    let_in(reader, town, town.newcomer(), SECURITY)
    connect(reader)
    same = reader.find("Open in your authenticator app").get_attribute("href") == reader.scan()[0]
    assert same


@with_and_without_javascript
@pytest.mark.parametrize("way", [(), ("Use a backup code",), ("Can't access your code?", "Use a backup code")])
def test_a_backup_code_opens_the_account_by_every_way_that_the_article_names(reader, town, way):
    patient = town.regular()
    reader.sign_in(patient)
    for label in way:
        reader.press(label)
    reader.type("Backup code" if way else "Verification Code", patient.codes[7].lower())
    reader.press("Verify")
    assert reader.sees("Appointments") and reader.sees("9 left")
    reader.sign_out(patient)
    reader.sign_in(patient)
    reader.type("Verification Code", patient.codes[7])
    reader.press("Verify")
    assert "already used" in reader.refusal()


@with_and_without_javascript
def test_who_has_lost_everything_is_led_to_support(reader, town):
    patient = town.regular()
    reader.sign_in(patient)
    reader.press("Can't access your code?")
    order = [reader.text.index(words) for words in TROUBLESHOOTING]
    assert order == sorted(order)
    assert reader.sees("Use a backup code")
    reader.press("Contact Support")
    assert reader.sees("registered email address") and reader.sees("Practice")


def test_wrong_codes_tell_what_to_try_in_the_articles_order(town, browsers):
    patient = town.regular()
    reader = Reader(browsers.borrow(town.url))
    reader.sign_in(patient)
    said = []
    for code in wrong_codes(patient.phone, 4):
        reader.type("Verification Code", code)
        reader.press("Verify")
        said.append(reader.refusal())
    for sentence, words in zip(said, ("time on your phone", "fresh code", "labeled for Medximity", "backup codes"), strict=True):
        assert words in sentence


def wrong_codes(entry, count):
    """Returns codes that the app shows at no moment within half an hour."""
    near = {entry.code(time.time() + step * 30) for step in range(-25, 26)}
    return [code for code in map(str, range(100_000, 100_200)) if code not in near][:count]


@with_and_without_javascript
def test_a_new_set_of_backup_codes_replaces_the_old_one(reader, town):
    patient = town.regular()
    let_in(reader, town, patient, SECURITY)
    reader.press("Regenerate Backup Codes")
    reader.press("Regenerate Backup Codes")
    codes = save_codes(reader)
    kept = len(set(codes.values()) & set(patient.codes.values()))
    assert kept == 0
    reader.sign_out(patient)
    reader.sign_in(patient)
    reader.type("Verification Code", patient.codes[1])
    reader.press("Verify")
    assert "older set" in reader.refusal()
    reader.type("Verification Code", codes[1])
    reader.press("Verify")
    assert reader.sees("Appointments")


def test_a_code_from_a_phone_whose_clock_is_slow_says_by_how_much(town, browsers):
    patient = town.regular()
    reader = Reader(browsers.borrow(town.url))
    reader.sign_in(patient)
    reader.type("Verification Code", patient.phone.code(time.time() - 270))  # still "5" if the next step begins meanwhile
    reader.press("Verify")
    assert "about 5 minutes slow" in reader.refusal()
