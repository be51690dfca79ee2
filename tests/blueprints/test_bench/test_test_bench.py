"""The test bench: simulated phones and the mailbox; not there at all where it is switched off."""

import re

from sqlalchemy import update

from portal import create_app, phones
from portal.models import Authenticator, Outbox
from portal.settings.environment import load_settings
from tests.support.texts import MARIAS, turn_on_texts


def test_the_phone_shows_key_and_live_code_of_each_account_that_is_on(plain, clock, sam, dr_okafor):
    plain.open("/test-bench")
    for person, issuer in ((sam, "Medximity"), (dr_okafor, "DigitalPatientChart")):
        entry = next(part for part in plain.page.all("div") if "entry" in part.classes and person.username in part.text)
        assert issuer in entry.text
        shown = [code.text.replace(" ", "") for code in entry.all("code")]
        assert (shown[0] == person.code(), shown[1] == person.key) == (True, True)
    assert plain.text.count("No accounts in the app.") == 3, "one phone per person, also for who has not set it up"


def test_the_code_of_the_phone_signs_in(plain, sam):
    plain.open("/test-bench")
    entry = next(part for part in plain.page.all("div") if "entry" in part.classes and " sam" in part.text)
    code = entry.all("code")[0].text
    plain.sign_in(sam)
    plain.fill("Verify", Verification_Code=code)
    assert plain.path == "/home"


def test_a_new_set_up_appears_on_the_phone(plain, maria):
    plain.enter(maria).set_up(maria)
    plain.secrets.clear()  # the bench is where they may be read
    plain.open("/test-bench")
    assert "Maria Reyes" in plain.text


def test_a_number_is_no_entry_of_an_app(plain, inbox, maria):
    turn_on_texts(plain.enter(maria), inbox, maria)
    plain.secrets.clear()
    plain.open("/test-bench")
    assert not [part for part in plain.page.all("div") if "entry" in part.classes and " maria" in part.text]
    assert not [code for code in plain.page.all("code") if "+1" in code.text]
    assert f"To {phones.show(MARIAS)}" in plain.text


def test_mails_are_shown_as_their_reader_sees_them(plain, maria):
    plain.enter(maria)
    plain.open("/test-bench")
    mail = plain.page.one("main").all("article")[0]
    assert mail.one("h3").text == "Sign-in from a new browser"
    for words in (
        "To maria@example.test",
        "Mon, Mar 1, 2027, 4:00 AM Pacific Time",
        "Hello Maria Reyes,",
        "Chrome on Linux, IP address 127.0.0.1",
    ):
        assert words in mail.text
    assert "support@medximity.example" in mail.text and "If it wasn't you" in mail.text


def test_before_the_first_mail_the_box_says_it_is_empty(plain):
    plain.open("/test-bench")
    assert "No emails sent yet." in plain.text


def test_what_cannot_be_opened_is_shown_without_a_code(plain, database, maria, sam):
    plain.enter(maria)
    database.change(update(Authenticator).values(secret_sealed=b"k1\0broken"))
    database.change(update(Outbox).values(to_sealed=b"k1\0broken"))
    plain.open("/test-bench")
    assert plain.status == 200
    assert sam.code() not in plain.text


def test_the_gallery_shows_the_parts(plain):
    assert plain.get("/test-bench/gallery").status_code == 200


def test_the_footer_leads_there(plain):
    plain.open("/sign-in")
    plain.press("Test bench")
    assert plain.path == "/test-bench"


def test_switched_off_there_is_no_such_page(world):
    """Each route of the bench, with each method that it has."""
    rules = [rule for rule in world.app.url_map.iter_rules() if rule.endpoint.startswith("test_bench.")]
    asked = [
        (method, re.sub(r"<(?:\w+:)?\w+>", "1", rule.rule)) for rule in rules for method in rule.methods - {"HEAD", "OPTIONS"}
    ]
    app = create_app(load_settings(world.site.environment | {"PORTAL_TEST_BENCH": "0"}))
    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    answers = {(method, path): client.open(path, method=method, data={"csrf_token": token}).status_code for method, path in asked}
    assert len(answers) > 30 and set(answers.values()) == {404}
    assert "Test bench" not in client.get("/sign-in").text
    app.extensions["engine"].dispose()
