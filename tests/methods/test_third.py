"""A third method is a module and a folder of templates: it runs through the whole portal, and no line elsewhere knows its name."""

import re
from dataclasses import dataclass

import pytest
from jinja2 import TemplateNotFound
from sqlalchemy import insert, update

from portal import methods
from portal.methods import Secret
from portal.models import Authenticator, Binding, Event, SentCode, User
from portal.settings import config
from tests.house.source import PORTAL
from tests.methods.third import sign
from tests.support.client import WIZARD

ORIGIN = "http://127.0.0.1:5000"
LABEL = "Answer of the key"
STEPS = f"{WIZARD}/third"


@dataclass
class Device:
    """What a person holds: it counts up, and answers for one address."""

    key: str
    count: int = 0

    def answer(self, origin=ORIGIN):
        self.count += 1
        return sign(self.key, origin, self.count)


@pytest.fixture(autouse=True)
def third(monkeypatch):
    """The method, switched on by the name of its module."""
    monkeypatch.setattr(config, "METHODS", (*config.METHODS, "tests.methods.third"))


def begin(browser, change=None):
    """From the choice to the last step; returns the device."""
    browser.open(f"{WIZARD}?{change}" if change else WIZARD)
    browser.choose("Third Method")
    browser.press("Continue")
    assert browser.path == f"{STEPS}/label"
    browser.fill("Continue", Name_of_the_key="Blue key")
    browser.fill("Continue", Where_you_keep_it="Drawer")
    assert browser.path == f"{STEPS}/prove"
    return Device(browser.page.one("code", id="device").text)


def answer(browser, button, value, **typed):
    browser.type(LABEL, value)
    return browser.fill(button, **typed)


def set_up(browser):
    """Turns it on with the key; returns the device."""
    device = begin(browser)
    answer(browser, "Verify and Enable", device.answer())
    browser.codes = browser.read_codes()
    return device


@pytest.fixture
def keyed(plain, maria):
    """Maria's browser at the code page, and her device."""
    device = set_up(plain.enter(maria))
    plain.press("Sign out")
    plain.sign_in(maria)
    return plain, device


def failures(database, person):
    row = database.user(person)
    return (
        row.code_failures + row.own_failures,
        row.backup_failures,
        [each.failures + each.own_failures for each in database.all(Authenticator, Authenticator.user_id == row.id)],
    )


def test_a_step_out_of_turn_leads_to_the_one_that_is_due(browser, maria):
    browser.enter(maria).open(WIZARD)
    browser.choose("Third Method")
    browser.press("Continue")
    for step in ("place", "prove"):
        browser.open(f"{STEPS}/{step}")
        assert browser.path == f"{STEPS}/label"
    browser.fill("Continue", Name_of_the_key="Blue key")
    browser.open(f"{STEPS}/prove")
    assert browser.path == f"{STEPS}/place"
    browser.open(f"{STEPS}/label")
    assert browser.field("Name of the key")["value"] == "Blue key"
    browser.fill("Continue", Name_of_the_key="Red key")
    browser.fill("Continue", Where_you_keep_it=" ")
    assert browser.status == 422 and browser.problems == ["Fill this in to go on."]


def test_three_steps_set_it_up_and_a_wrong_answer_counts_for_nothing(browser, database, maria):
    device = begin(browser.enter(maria))
    for wrong in ("123456", "{}", '{"count": "x"}', "[1]", "é", device.answer("http://localhost:5000")):
        answer(browser, "Verify and Enable", wrong)
        assert browser.status == 422 and browser.problems == ["That didn't confirm it's you. Try again, or use a backup code."]
    assert failures(database, maria) == (0, 0, []) and database.all(Binding)[0].step == "prove"
    answer(browser, "Verify and Enable", device.answer())
    assert len(browser.read_codes()) == 10
    row = database.all(Authenticator, Authenticator.user_id == database.user(maria).id)[0]
    assert (row.method, row.name, row.remembered) == ("third", "Blue key", {"count": device.count, "place": "Drawer"})
    assert (row.target_hash, database.all(SentCode)) == (None, [])
    browser.open("/account/security")
    assert "Blue key" in browser.text and browser.offers("Change the key")


def test_its_own_question_signs_in_and_each_answer_once(keyed, database, maria):
    plain, device = keyed
    assert "Let your key answer for 127.0.0.1." in plain.text and not plain.offers("Use a verification code")
    used = sign(device.key, ORIGIN, device.count)
    for wrong, said in (
        (used, "Your key gave that answer before."),
        (device.answer("http://evil.example"), "That didn't confirm"),
        (" ", "Fill"),
    ):
        answer(plain, "Verify", wrong)
        assert plain.status == 422 and plain.problems[0].startswith(said) and "try left" not in plain.text
    assert failures(database, maria) == (0, 0, [0])
    answer(plain, "Verify", device.answer())
    assert plain.path == "/home"
    assert [event.factor for event in database.all(Event) if event.event == "authn_login_success"][-1] == "third"


def test_a_pause_after_wrong_codes_does_not_hold_it_up_and_does_not_end_with_it(keyed, database, maria, clock):
    plain, device = keyed
    until = clock.now.replace(year=clock.now.year + 1)
    database.change(update(User).where(User.username == "maria").values(own_failures=10, own_paused_until=until))
    answer(plain, "Verify", device.answer())
    assert plain.path == "/home"
    assert (database.user(maria).own_failures, database.user(maria).own_paused_until) == (10, until)


def test_a_code_is_not_tried_on_it_and_not_charged_to_it(keyed, database, maria):
    plain, _ = keyed
    plain.post("/sign-in/code", {"code": "123456"})
    assert plain.response.status_code == 422 and "open with that" in plain.response.text
    assert failures(database, maria) == (0, 0, [0])
    plain.post("/sign-in/code", {"authenticator": "nobody's", "signed": "{}"})
    assert plain.response.status_code == 422 and "Enter the 6-digit code" in plain.response.text


def test_backup_codes_still_work_beside_it(keyed):
    plain, _ = keyed
    plain.press("Use a backup code")
    plain.fill("Verify", Backup_code=plain.codes[0])
    assert plain.path == "/home"


def test_it_stands_beside_an_app_and_each_answer_is_for_its_own(plain, database, maria, clock):
    plain.enter(maria).set_up(maria)
    device = begin(plain, "add=1")
    answer(plain, "Verify and Enable", device.answer())
    plain.press("Sign out")
    plain.sign_in(maria)
    assert plain.offers("Use a verification code"), "what resists phishing is asked first"
    answer(plain, "Verify", "{}")
    assert failures(database, maria) == (0, 0, [0, 0])
    plain.press("Use a verification code")
    wrong = maria.wrong_code()
    plain.fill("Verify", Verification_Code=wrong)
    charged = {
        row.method: row.own_failures for row in database.all(Authenticator, Authenticator.user_id == database.user(maria).id)
    }
    assert charged.pop("third") == 0 and list(charged.values()) == [1] and plain.status == 422
    plain.press("Use Blue key")
    answer(plain, "Verify", device.answer())
    assert plain.path == "/home" and database.user(maria).own_failures == 1
    remove(plain, clock, maria, device)


def remove(plain, clock, maria, device):
    """Re-authentication by its question, then its end."""
    clock.move(minutes=6)
    plain.open("/account/security")
    plain.press("Remove Blue key")
    assert plain.heading == "Confirm it's you"
    answer(plain, "Continue", device.answer(), Current_password="not the password")
    assert plain.problems == ["That's not your current password. Check it and try again. You have 8 tries left before a pause."]
    answer(plain, "Continue", "{}", Current_password=maria.password)
    assert plain.status == 422 and "That didn't confirm" in plain.problems[0]
    plain.press("Use a verification code")
    plain.press("Use Blue key")
    answer(plain, "Continue", device.answer(), Current_password=maria.password)
    plain.press("Remove")
    assert "Blue key" not in plain.text and plain.path == "/account/security"


def test_a_password_change_asks_it_on_the_page_before(keyed, clock):
    plain, device = keyed
    answer(plain, "Verify", device.answer())
    clock.move(minutes=6)
    plain.open("/account/password")
    assert plain.heading == "Confirm it's you" and plain.offers("Use a backup code")


def test_the_test_bench_answers_for_it(keyed):
    plain, _ = keyed
    bench = plain.another()
    bench.open("/test-bench")
    entry = next(part for part in bench.page.all("div") if "entry" in part.classes and " maria" in part.text)
    assert "Drawer" in entry.text
    answer(plain, "Verify", entry.one("code").text)
    assert plain.path == "/home"


def test_it_opens_the_ehr_and_an_old_number_beside_it_does_not(plain, database, dr_chen, clock):
    plain.enter(dr_chen).open("/ehr/settings/security/two-factor")
    plain.choose("Third Method")
    plain.press("Continue")
    plain.fill("Continue", Name_of_the_key="Blue key")
    plain.fill("Continue", Where_you_keep_it="Drawer")
    device = Device(plain.page.one("code", id="device").text)
    answer(plain, "Confirm and Activate", device.answer())
    plain.open("/ehr/charts")
    assert plain.path == "/ehr/charts"
    old = {"id": "old", "user_id": database.user(dr_chen).id, "method": "sms", "name": "Text message", "secret_sealed": b""}
    database.change(insert(Authenticator).values(**old, remembered={}, failures=0, created_at=clock.now))
    plain.press("Sign out")
    plain.sign_in(dr_chen)
    plain.post("/sign-in/code", {"code": "123456"})
    assert plain.response.status_code == 422 and "open with that" in plain.response.text
    assert failures(database, dr_chen) == (0, 0, [0, 0])


@pytest.mark.parametrize(
    "template", ["methods/nobody/_ask.html", "methods/third/nothing.html", "methods/totp/nothing.html", "nothing.html"]
)
def test_a_template_that_nobody_brings_is_missed(app, template):
    with pytest.raises(TemplateNotFound):
        app.jinja_env.get_template(template)


def test_a_code_that_is_sent_without_words_goes_out_alone():
    assert methods.code_only(Secret("id", "key", "Medximity", "maria"), "012345") == "012345"


def test_no_line_outside_its_module_and_folder_knows_it():
    files = [path for path in PORTAL.rglob("*") if path.suffix in (".py", ".html", ".txt")]
    assert [path for path in files if re.search(r"methods[./]third", path.read_text())] == []
