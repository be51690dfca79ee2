"""The help article's steps for patients with an authenticator app, walked in a browser by the words on the page alone."""

import time

import pytest

from tests.support.browser import PHONE
from tests.support.guide import step
from tests.support.let_in import let_in
from tests.support.native import looks, reading
from tests.support.phone import code_for
from tests.support.reader import Reader

LOOKS = {
    "light": {},
    "dark, 320 px": {"scheme": "dark", "size": (320, 640)},
    "without JavaScript": {"script": False},
    "Spanish, 390 px": {"language": "es", "size": PHONE},
    "Korean, 390 px": {"language": "ko", "size": PHONE},
}
SECURITY = "/account/security"


@pytest.fixture(params=looks(LOOKS))
def reader(request, town, browsers):
    """Somebody with the help article at hand: in light, in dark on a narrow phone, without JavaScript, in other languages."""
    with reading(town, browsers, **LOOKS[request.param]) as reader:
        yield reader


# For what the look does not change.
with_and_without_javascript = pytest.mark.parametrize("reader", ("light", "without JavaScript"), indirect=True)


def connect(reader):
    """Steps 4 to 6, up to the code: returns what the phone's app keeps."""
    with step(reader, "patient 4"):
        reader.press("Enable")
    with step(reader, "patient 5", "patient 5.b1"):
        assert reader.field("Authenticator App").is_checked()
        reader.choose("Authenticator App")
        reader.press("Continue")
    with step(reader, "patient 6", "patient 6.1", "patient 6.1.picture", "patient 6.2", "patient 6.3a"):
        return reader.scan()[1]


def confirm(reader, code):
    """The rest of step 6."""
    with step(reader, "patient 6.4"):
        reader.type("Verification Code", code)
    with step(reader, "patient 6.5"):
        reader.press("Verify and Enable")


def to_security(reader, patient):
    """Steps 1 to 3."""
    with step(reader, "patient 1"):
        reader.sign_in(patient)
    with step(reader, "patient 2"):
        place = reader.open_account_menu(patient)
    width = reader.page.viewport_size["width"]
    assert place["x"] > width / 2 and place["y"] < 100
    with step(reader, "patient 3", "patient 3.picture"):
        reader.press("Account Settings")
        reader.press("Security")


def test_whoever_follows_the_steps_turns_it_on_in_five_clicks_and_is_asked_for_a_code_next_time(reader, town, browsers):
    patient = town.newcomer()
    to_security(reader, patient)
    reader.clicks, reader.pages = 0, []
    entry = connect(reader)
    assert (entry.issuer, entry.account) == ("Medximity", patient.username)
    enabled_at = time.time()
    confirm(reader, entry.code(enabled_at))
    with step(reader, "patient 8"):
        codes = reader.save_codes()
    different = len(set(codes.values()))
    assert list(codes) == list(range(1, 11)) and different == 10
    assert reader.sees("Two-factor authentication is on.")
    assert (reader.clicks, len(set(reader.pages[:-1]))) == (5, 4)
    reader.sign_out(patient)

    elsewhere = reader.beside(browsers.borrow(town.url))
    elsewhere.sign_in(patient)
    with step(elsewhere, "patient p2"):
        elsewhere.type("Verification Code", entry.code(enabled_at))
        elsewhere.press("Verify")
    used = "That code was already used. Wait for the next code in your app, then enter that one."
    assert elsewhere.refusal().startswith(reader.say(used))
    elsewhere.type("Verification Code", entry.code(enabled_at + 30))
    elsewhere.press("Verify")
    assert elsewhere.sees("Appointments")


@with_and_without_javascript
def test_the_setup_key_typed_by_hand_does_the_same_as_the_qr_code(reader, town):
    let_in(reader, town, town.newcomer(), SECURITY)
    entry = connect(reader)
    with step(reader, "patient 6.3b"):
        key = reader.setup_key()
    same = "".join(key.split()) == entry.secret  # a failing test prints no secret
    assert same
    confirm(reader, code_for(key))
    assert len(reader.backup_codes()) == 10


def test_on_the_phone_itself_a_link_opens_the_app_with_what_the_qr_code_says(town, browsers):
    reader = Reader(browsers.borrow(town.url, size=PHONE))
    let_in(reader, town, town.newcomer(), SECURITY)
    connect(reader)
    same = reader.find("Open in your authenticator app").get_attribute("href") == reader.scan()[0]
    assert same
