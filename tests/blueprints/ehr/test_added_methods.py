"""Passkeys at a practice: its administrator adds them, the operator decides whether they may, and whoever has one keeps it."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from portal import methods
from portal.models import Authenticator, Binding, Event, Practice, User
from tests.support.passkeys import ORIGIN, Passkey, hand_in, options

TEAM = "/ehr/settings/team"
ADDED = f"{TEAM}/methods"
SECURITY = "/ehr/settings/security"
WIZARD = f"{SECURITY}/two-factor"
CREATE, USE = "Create a passkey", "Use your passkey"
WITHDRAWN = "Your practice doesn't offer that way right now. Choose another one, or ask your practice administrator."
KEPT = "Your practice doesn't offer this way, but yours keeps working."
OFF = "Your way to confirm that it's you is turned off right now. Use one of your backup codes."


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.setattr(methods, "ADDITIONAL", ["passkey"])


@pytest.fixture
def offer(database):
    """Returns a function that writes what the practices have added."""
    return lambda names="passkey": database.change(update(Practice).values(added_methods=names))


def add(browser, goal=""):
    """Sets a passkey up at the EHR's door; returns it."""
    browser.open(f"{WIZARD}{goal}")
    browser.choose("Passkey")
    browser.press("Continue")
    made = Passkey(ORIGIN, count=1)
    hand_in(browser, CREATE, made.create(options(browser)))
    return made


@pytest.fixture
def keyed(plain, dr_chen, offer):
    """The browser of dr.chen, whose only method is a passkey, at the code page."""
    offer()
    made = add(plain.enter(dr_chen))
    plain.codes = plain.read_codes()
    plain.press("Sign out")
    plain.sign_in(dr_chen)
    return plain, made


def own(database, person):
    return database.all(Authenticator, Authenticator.user_id == database.user(person).id)


def cards(browser):
    return [each["value"] for each in browser.page.all("input", type="radio")]


# --- what the practice has not added


def test_a_crafted_choice_is_refused_recorded_and_begins_nothing(browser, dr_chen, database):
    browser.enter(dr_chen).open(WIZARD)
    assert cards(browser) == ["totp"] and "passkey" not in browser.response.text.lower() and "Required" in browser.text
    browser.page.one("input", value="totp").attributes["value"] = "passkey"
    browser.press("Continue")
    assert (browser.status, browser.problems) == (422, [WITHDRAWN]) and "checked" in browser.page.one("input", value="totp")
    assert [each.reason for each in database.all(Event, Event.event == "authz_fail")] == ["method_withdrawn"]
    for address in (f"{WIZARD}/passkey/create", f"{WIZARD}/passkey/send"):
        assert browser.post(address, {"passkey": "{}"}).status_code == 303
    assert database.all(Binding) == []


def test_support_has_none_whatever_is_added(plain, support, offer):
    offer()
    plain.enter(support).open("/support/security/two-factor?add=1")
    assert cards(plain) == ["totp"]
    assert plain.post("/support/security/two-factor?add=1", {"method": "passkey"}).status_code == 403


def test_the_end_of_set_up_speaks_of_the_passkey(browser, dr_chen, offer):
    offer()
    add(browser.enter(dr_chen))
    browser.press("I have saved my backup codes")
    browser.press("Do this later")
    assert browser.path == "/ehr/charts" and "Your next sign-in asks for your passkey." in browser.text
    assert "authenticator app" not in browser.text and "your phone" not in browser.text
    assert "Without them, losing a device could lock you out." in browser.text


# --- the administrator's page


def test_the_administrator_offers_it_and_stops_and_both_are_events(browser, admin_lee, database):
    browser.enter(admin_lee).open(TEAM)
    assert "Your people can choose: Authenticator App." in browser.text
    browser.press("Verification methods")
    assert "Always offered" in browser.text and "Not offered" in browser.text
    assert "Verification methods" in browser.get("/help/practice-administrators").text
    browser.press("Offer it")
    assert browser.notices == ["Saved. Your people can choose it from now on."] and not browser.offers("Offer it")
    browser.open(TEAM)
    assert "Your people can choose: Authenticator App, Passkey." in browser.text
    browser.press("Verification methods")
    browser.press("Stop offering it")
    assert browser.notices[0].startswith("Saved. Nobody new can choose it") and browser.offers("Offer it")
    told = [(row.event, row.factor) for row in database.all(Event) if row.event.startswith("method_")]
    assert told == [("method_added", "passkey"), ("method_withdrawn", "passkey")]
    browser.open(f"{SECURITY}/activity")
    assert "You let people at your practice choose another verification method." in browser.text


def test_it_is_for_one_practice_and_a_second_press_changes_nothing(plain, admin_lee, dr_novak, database):
    plain.enter(admin_lee)
    for _ in range(2):
        plain.post(f"{ADDED}/passkey/add")
    rows = {row.name: row.added_methods for row in database.all(Practice)}
    assert sorted(rows.values()) == ["", "passkey"] and len(database.all(Event, Event.event == "method_added")) == 1
    stranger = plain.another()
    stranger.enter(dr_novak).open(f"{WIZARD}?add=1")
    assert cards(stranger) == ["totp"]


def test_both_need_a_fresh_proof(plain, admin_lee, database, clock):
    plain.enter(admin_lee).open(ADDED)
    clock.move(minutes=6)
    plain.press("Offer it")
    assert plain.heading == "Confirm it's you" and database.all(Event, Event.event == "method_added") == []
    plain.fill("Continue", Current_password=admin_lee.password, Verification_Code=admin_lee.code())
    assert plain.path == ADDED
    plain.press("Offer it")
    assert plain.notices


@pytest.mark.parametrize("name", ["totp", "sms", "nobody", "passkeys", ","])
def test_nothing_else_can_be_added(plain, admin_lee, name, database):
    plain.enter(admin_lee)
    for act in ("add", "withdraw"):
        assert plain.post(f"{ADDED}/{name}/{act}").status_code == 404
    assert {row.added_methods for row in database.all(Practice)} == {""}


def test_a_provider_decides_nothing(plain, dr_okafor):
    plain.enter(dr_okafor)
    assert plain.get(ADDED).status_code == plain.post(f"{ADDED}/passkey/add").status_code == 403


def test_where_the_operator_has_none_there_is_no_page(plain, admin_lee, monkeypatch):
    monkeypatch.setattr(methods, "ADDITIONAL", [])
    plain.enter(admin_lee).open(TEAM)
    assert "Verification methods" not in plain.text
    assert plain.get(ADDED).status_code == plain.post(f"{ADDED}/passkey/add").status_code == 404


# --- the door


def test_it_opens_the_ehr_and_confirms(keyed, dr_chen, database, clock):
    plain, made = keyed
    assert plain.heading == "Confirm it's you with your passkey" and "on this browser" not in plain.text
    hand_in(plain, USE, made.answer(options(plain)))
    assert plain.path == "/ehr/charts" and own(database, dr_chen)[0].method == "passkey"
    clock.move(minutes=6)
    plain.open("/ehr/settings/profile/password")
    assert plain.heading == "Confirm it's you"
    hand_in(
        plain, USE, Passkey(ORIGIN, identity=made.identity, count=9).answer(options(plain)), Current_password=dr_chen.password
    )
    assert plain.status == 422, "another key's signature"
    hand_in(plain, USE, made.answer(options(plain)), Current_password=dr_chen.password)
    assert plain.path == "/ehr/settings/profile/password"


def test_the_cards_say_what_is_required(plain, dr_chen, offer):
    offer()
    plain.enter(dr_chen).open(SECURITY)
    assert "once more than a password protects your account" in plain.text
    plain.press("Set Up Now")
    assert cards(plain) == ["totp", "passkey"] and "checked" in plain.page.one("input", value="totp")
    assert plain.heading == "Choose how to confirm it's you" and "One of these is required for EHR access." in plain.text
    assert "Required" not in plain.text and "Recommended" in plain.text
    assert "hidden" in plain.page.one("div", **{"data-unless": "passkey.js"})


def test_beside_an_app_and_in_its_place(plain, dr_okafor, database, offer, clock):
    offer()
    plain.enter(dr_okafor)
    made = add(plain, "?add=1")
    assert {row.method for row in own(database, dr_okafor)} == {"totp", "passkey"}
    plain.press("Remove Authenticator App")
    plain.press("Remove")
    assert [row.method for row in own(database, dr_okafor)] == ["passkey"]
    plain.press("Sign out")
    plain.sign_in(dr_okafor)
    hand_in(plain, USE, made.answer(options(plain)))
    assert plain.path == "/ehr/charts"


def test_security_status_tells_the_method(keyed, admin_lee):
    plain, _ = keyed
    administrator = plain.another()
    administrator.enter(admin_lee).open(f"{TEAM}/security?q=Chen")
    assert "Passkey" in administrator.page.one("table").text and "No app" not in administrator.text
    assert ',"Passkey",' in administrator.get(f"{TEAM}/security/export").text
    administrator.open(ADDED)
    assert "1 person has it." in administrator.text


# --- withdrawn, moved, switched off


@pytest.mark.parametrize("goal", ["", "?add=1"])
def test_withdrawn_while_a_set_up_is_open(browser, dr_chen, dr_okafor, offer, database, goal):
    person = dr_okafor if goal else dr_chen
    offer()
    browser.enter(person).open(f"{WIZARD}{goal}")
    browser.choose("Passkey")
    browser.press("Continue")
    asked, made = options(browser), Passkey(ORIGIN)
    field = browser.page.one("input", name="passkey")["data-send"]
    offer("")
    assert browser.post(field).status_code == 303
    hand_in(browser, CREATE, made.create(asked))
    assert browser.path == WIZARD and browser.notices == [WITHDRAWN] and cards(browser) == ["totp"]
    browser.press("Continue")
    assert browser.path == f"{WIZARD}/totp/scan"
    assert "passkey" not in {row.method for row in own(database, person)}


@pytest.mark.parametrize("how", ["withdrawn", "moved"])
def test_whoever_has_one_keeps_it(keyed, dr_chen, dr_novak, database, offer, how):
    plain, made = keyed
    if how == "moved":
        database.change(update(User).where(User.username == "dr.chen").values(practice_id=database.user(dr_novak).practice_id))
    database.change(update(Practice).where(Practice.id == database.user(dr_chen).practice_id).values(added_methods=""))
    hand_in(plain, USE, made.answer(options(plain)))
    assert plain.path == "/ehr/charts"
    plain.open(SECURITY)
    assert KEPT in plain.text and not plain.offers("Replace Passkey")
    plain.press("Use another way instead")
    assert cards(plain) == ["totp"]
    plain.press("Continue")
    dr_chen.key = "".join(plain.page.one("code", id="key").text.split())
    plain.fill("Confirm and Activate", Verification_Code=dr_chen.code())
    assert [row.method for row in own(database, dr_chen)] == ["totp"]


def test_once_the_operator_switches_it_off_a_backup_code_leads_to_the_app(keyed, dr_chen, database, monkeypatch):
    plain, _ = keyed
    monkeypatch.setattr(methods, "ADDITIONAL", [])
    plain.open("/sign-in/code")
    assert plain.notices[0] == OFF and plain.offers("Can't access your code?")
    plain.fill("Verify", Verification_Code=plain.codes[0])
    plain.open("/ehr/charts")
    assert plain.path == SECURITY and "you need codes from an authenticator app" in plain.text
    plain.press("Set Up Now")
    plain.press("Continue")
    dr_chen.key = "".join(plain.page.one("code", id="key").text.split())
    plain.fill("Confirm and Activate", Verification_Code=dr_chen.code())
    plain.open("/ehr/charts")
    assert plain.path == "/ehr/charts"


def test_beside_an_app_it_is_shown_as_turned_off_and_is_no_way_in(plain, dr_okafor, database, offer, monkeypatch):
    offer()
    plain.enter(dr_okafor)
    add(plain, "?add=1")
    monkeypatch.setattr(methods, "ADDITIONAL", [])
    plain.open(SECURITY)
    assert "Turned off" in plain.text and plain.offers("Remove Passkey")
    plain.press("Remove Authenticator App")
    assert plain.heading == "Authenticator App can't be removed"
    plain.post(plain.path)
    assert len(own(database, dr_okafor)) == 2
    plain.press("Sign out")
    plain.sign_in(dr_okafor)
    assert plain.heading == "Enter your verification code" and not plain.offers(USE)


@pytest.fixture
def listed(app, monkeypatch):
    """Returns a function that sets PORTAL_PROVIDER_METHODS as a restart would."""

    def set_to(*names):
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], provider_methods=names))

    return set_to


def test_a_list_without_it_takes_it_from_practices_and_leads_its_holders_to_the_app(keyed, admin_lee, dr_chen, listed, database):
    plain, made = keyed
    listed("totp")
    administrator = plain.another()
    administrator.enter(admin_lee).open(TEAM)
    assert "Verification methods" not in administrator.text and administrator.get(ADDED).status_code == 404
    assert "Verification methods" not in administrator.get("/help/practice-administrators").text
    assert administrator.post(WIZARD + "?add=1", {"method": "passkey"}).status_code == 403
    administrator.open(f"{TEAM}/security?q=Chen")
    assert "No app" in administrator.text
    hand_in(plain, USE, made.answer(options(plain)))
    assert plain.path == SECURITY and "Set one up to replace what you use now." in plain.text
    plain.press("Set Up Now")
    assert cards(plain) == ["totp"]
    plain.press("Continue")
    dr_chen.key = "".join(plain.page.one("code", id="key").text.split())
    plain.fill("Confirm and Activate", Verification_Code=dr_chen.code())
    assert [row.method for row in own(database, dr_chen)] == ["totp"]


def test_the_list_does_not_bind_patients(plain, maria, listed):
    listed("totp")
    plain.enter(maria).open("/account/security/two-factor")
    assert cards(plain) == ["totp", "sms", "passkey"]


def test_a_list_without_it_beside_an_app(plain, dr_okafor, database, offer, listed):
    offer()
    plain.enter(dr_okafor)
    add(plain, "?add=1")
    listed("totp", "passkey")
    plain.open(SECURITY)
    assert "Turned off" not in plain.text
    listed("totp")
    plain.open(SECURITY)
    assert "Turned off" in plain.text
    plain.press("Remove Authenticator App")
    assert plain.heading == "Authenticator App can't be removed"
    plain.post(plain.path)
    assert len(own(database, dr_okafor)) == 2, "the app is the last way in"
    plain.press("Keep it")
    plain.press("Remove Passkey")
    plain.press("Remove")
    assert [row.method for row in own(database, dr_okafor)] == ["totp"]
