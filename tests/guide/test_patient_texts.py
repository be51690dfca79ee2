"""The help article's steps for patients with text messages, and for a new phone or number, walked by the words on the page alone."""

import re
import time

import pytest

from tests.support.reader import Reader

LOOKS = {"light": {}, "without JavaScript": {"script": False}}
TEXT = re.compile(r"^(\d{6}) is your Medximity code", re.MULTILINE)


@pytest.fixture(params=LOOKS)
def reader(request, town, browsers):
    """Somebody with the help article at hand, with and without JavaScript."""
    return Reader(browsers.open(town.url, **LOOKS[request.param]))


@pytest.fixture
def phone(town, browsers):
    """The test bench: the newest text to a number."""
    bench = browsers.open(town.url).page

    def read(number):
        bench.goto("/test-bench")
        mine = bench.get_by_role("article").filter(has_text=f"To {number},")
        return TEXT.search(mine.first.inner_text())[1]

    return read


def number_of(patient):
    """Returns a number of the patient's own, as people write it, and as the text's envelope has it."""
    last = int(re.search(r"\d+", patient.username)[0]) % 90 + 100
    return f"(503) 555-0{last}", f"+15035550{last}"


def to_security(reader, patient):
    """Steps 1 to 3."""
    reader.sign_in(patient)
    reader.open_account_menu(patient)
    reader.press("Account Settings")
    reader.press("Security")


def by_text(reader, phone, number):
    """Step 7, with the number: the code comes from the phone."""
    typed, full = number
    reader.type("Mobile phone number", typed)
    reader.press("Send Code")
    reader.type("Verification Code", phone(full))
    reader.press("Verify and Enable")


def turn_on(reader, phone, patient, number):
    """Steps 4, 5, 7 and 8."""
    to_security(reader, patient)
    reader.press("Enable")
    assert reader.sees("The app is the stronger choice")
    reader.page.get_by_label("Text Message (SMS)").check()
    reader.press("Continue")
    by_text(reader, phone, number)
    codes = reader.backup_codes()
    reader.press("I have saved my backup codes")
    asked = reader.asked_number()
    reader.type(f"Code {asked}", codes[asked])
    reader.press("Done")
    return codes


def test_whoever_chooses_text_messages_gets_a_code_each_time(reader, town, phone, browsers):
    patient = town.newcomer()
    number = number_of(patient)
    turn_on(reader, phone, patient, number)
    assert reader.sees("Two-factor authentication is on.")
    reader.sign_out(patient)
    reader.sign_in(patient)
    assert reader.sees(f"••{number[1][-2:]}") and not reader.sees(number[1][-4:])
    reader.type("Verification Code", phone(number[1]))
    reader.press("Verify")
    assert reader.sees("Appointments")


def test_a_new_number_by_update_phone(reader, town, phone):
    patient = town.newcomer()
    old = number_of(patient)
    turn_on(reader, phone, patient, old)
    new = (old[0].replace("(503)", "(608)"), old[1].replace("+1503", "+1608"))
    reader.press("Update Phone")
    assert reader.page.get_by_label("Text Message (SMS)").is_checked()
    reader.press("Continue")
    by_text(reader, phone, new)
    assert reader.headline == "Security" and reader.sees("Your change is saved.")
    reader.sign_out(patient)
    reader.sign_in(patient)
    reader.type("Verification Code", phone(new[1]))
    reader.press("Verify")
    assert reader.sees("Appointments")


def test_a_new_phone_by_change_authenticator_app(reader, town):
    patient = town.regular()
    reader.sign_in(patient)
    at = time.time()
    reader.type("Verification Code", patient.phone.code(at))
    reader.press("Verify")
    reader.open_account_menu(patient)
    reader.press("Account Settings")
    reader.press("Security")
    reader.press("Change Authenticator App")
    reader.press("Continue")
    entry = reader.scan()[1]
    same = entry.secret == patient.phone.secret
    assert not same
    reader.type("Verification Code", entry.code())
    reader.press("Verify and Enable")
    assert reader.headline == "Security" and reader.sees("Your change is saved.")
    reader.sign_out(patient)
    reader.sign_in(patient)
    reader.type("Verification Code", patient.phone.code(at + 30))
    reader.press("Verify")
    assert reader.refusal()
    reader.type("Verification Code", entry.code(time.time() + 30))
    reader.press("Verify")
    assert reader.sees("Appointments")


def test_a_number_that_gets_no_texts_is_told_beside_the_field_and_kept(reader, town):
    patient = town.newcomer()
    to_security(reader, patient)
    reader.press("Enable")
    reader.page.get_by_label("Text Message (SMS)").check()
    reader.press("Continue")
    reader.type("Mobile phone number", "503 FLOWERS")
    reader.press("Send Code")
    assert "digits only" in reader.refusal()
    assert reader.page.get_by_label("Mobile phone number").input_value() == "503 FLOWERS"


def test_send_again_too_early_says_how_long_to_wait(reader, town):
    patient = town.newcomer()
    to_security(reader, patient)
    reader.press("Enable")
    reader.page.get_by_label("Text Message (SMS)").check()
    reader.press("Continue")
    reader.type("Mobile phone number", number_of(patient)[0])
    reader.press("Send Code")
    reader.press("Send again")
    assert re.search(r"Wait \d+ seconds?, then press Send again", reader.text)
