"""Before set-up is done, a provider reaches set-up, help and the way out, whatever the address, the method or the header (TO-11)."""

import re

import pytest
from sqlalchemy import update

from portal.models import Authenticator, Binding, ChartNote, Event, User
from tests.support.texts import turn_on_texts

SECURITY = "/ehr/settings/security"
CHOOSE = f"{SECURITY}/two-factor"
CHARTS = "/ehr/charts"
OPEN = (
    "/ehr/settings", SECURITY, CHOOSE, "/help", "/help/provider-set-up", "/help/contact", "/privacy", "/find-a-provider", "/community",
    "/session",
)  # fmt: skip
SHUT = (
    CHARTS, f"{CHARTS}/1", f"{CHARTS}/999", f"{CHARTS}?page=2", "/ehr/settings/team", "/ehr/no-such-page",
    f"{SECURITY}/backup-codes", f"{SECURITY}/sessions", f"{SECURITY}/sessions/1", f"{SECURITY}/activity",
    f"{SECURITY}/authenticators/x/name", f"{SECURITY}/authenticators/x/remove", f"{SECURITY}/sealed-copy",
)  # fmt: skip
once = pytest.mark.once("the guard refuses every address after the query that every page makes")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def where(answer):
    """Returns where an answer leads, by redirect or by htmx."""
    return (answer.headers.get("Location") or answer.headers.get("HX-Redirect") or "").partition("?")[0]


def become(database, person, role, practice_id=1):
    """Gives somebody another role, as the people who run the portal do."""
    database.change(update(User).where(User.username == person.username).values(role=role, practice_id=practice_id))


def knock(browser, method, path, **headers):
    """Sends a bare request with the page's token where one is due."""
    data = None if method in ("GET", "HEAD", "OPTIONS") else {"csrf_token": browser.token}
    return browser._travel(method, path, data, headers)


@pytest.mark.parametrize("path", OPEN)
def test_set_up_help_and_the_way_out_are_open(plain, dr_chen, path):
    plain.enter(dr_chen)
    assert plain.get(path).status_code == 200


@once
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", SHUT)
def test_everything_else_leads_to_set_up(plain, dr_chen, method, path):
    plain.enter(dr_chen)
    answer = knock(plain, method, path)
    assert (answer.status_code, where(answer)) == (303, SECURITY)


@once
@pytest.mark.parametrize("path", SHUT)
def test_htmx_takes_the_whole_browser_there(plain, dr_chen, path):
    plain.enter(dr_chen)
    for method in ("GET", "POST"):
        answer = knock(plain, method, path, HX_Request="true", HX_Target="step", HX_Boosted="true")
        assert (answer.status_code, where(answer), answer.text) == (401, SECURITY, "")


def test_a_method_in_another_header_changes_nothing(plain, dr_chen):
    plain.enter(dr_chen)
    for name in ("X_HTTP_Method_Override", "X_Original_URL", "X_Forwarded_Prefix"):
        assert where(knock(plain, "GET", f"{CHARTS}/1", **{name: "/help"})) == SECURITY


def test_nothing_is_written_on_the_way(plain, dr_chen, database):
    plain.enter(dr_chen)
    before = len(database.all(ChartNote))
    knock(plain, "POST", f"{CHARTS}/1")
    assert len(database.all(ChartNote)) == before


def test_the_patients_pages_lead_there_too_and_take_no_form(plain, dr_chen):
    plain.enter(dr_chen)
    plain.open("/account/security")
    assert plain.path == SECURITY
    assert plain.post("/account/security/disable", {"password": dr_chen.password}).status_code == 403


def test_the_page_says_what_is_to_be_done(plain, dr_chen):
    plain.enter(dr_chen)
    assert (plain.path, plain.heading) == (SECURITY, "Account Security")
    assert plain.offers("Set Up Now") and "Set up two-factor authentication to open charts." in plain.notices
    for section in ("Sessions", "Recent activity", "Backup codes"):
        assert section not in plain.text


def test_signing_out_works(plain, dr_chen):
    plain.enter(dr_chen).press("Sign out")
    assert plain.path == "/sign-in" and "DigitalPatientChart" in plain.page.one("title").text


# --- where they wanted to go


@pytest.mark.parametrize("last", ["Done", "Do this later"])
def test_a_deep_link_is_where_they_land(browser, dr_chen, last):
    browser.enter(dr_chen, f"{CHARTS}/2")
    assert browser.path == SECURITY
    browser.press("Set Up Now")
    browser.press("Continue")
    dr_chen.key = browser.page.one("code", id="key").text.replace(" ", "")
    browser.fill("Confirm and Activate", Verification_Code=dr_chen.code())
    codes = browser.read_codes()
    browser.press("I have saved my backup codes")
    if last == "Done":
        label = browser.page.one("main").all("label")[0].text
        browser.type(label, codes[int(re.search(r"\d+", label)[0]) - 1])
    browser.press(last)
    assert browser.path == f"{CHARTS}/2" and browser.heading.endswith("chart")


def test_a_link_opened_while_signed_in_is_remembered_by_every_way_to_set_up(browser, dr_chen):
    browser.enter(dr_chen).open(f"{CHARTS}/3")
    browser.press("Settings")
    browser.press("Account Security")
    browser.press("Set Up Now")
    browser.press("Continue")
    dr_chen.key = browser.page.one("code", id="key").text.replace(" ", "")
    browser.fill("Confirm and Activate", Verification_Code=dr_chen.code())
    browser.press("I have saved my backup codes")
    browser.press("Do this later")
    assert browser.path == f"{CHARTS}/3"


def test_who_wanted_nothing_in_particular_lands_on_the_charts(browser, dr_chen):
    browser.enter(dr_chen).set_up_ehr(dr_chen)
    browser.press("I have saved my backup codes")
    browser.press("Do this later")
    assert browser.path == CHARTS and "Two-factor authentication is on." in browser.notices


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_no_link_leads_elsewhere(plain, dr_chen, evil):
    plain.enter(dr_chen)
    plain.open(f"{SECURITY}?next={evil}")
    plain.press("Set Up Now")
    plain.press("Continue")
    dr_chen.key = plain.page.one("code", id="key").text.replace(" ", "")
    plain.fill("Confirm and Activate", Verification_Code=dr_chen.code())
    plain.press("I have saved my backup codes")
    plain.press("Do this later")
    assert plain.path == CHARTS


# --- patients who become providers


def test_a_patient_made_provider_is_led_to_set_up_at_the_next_click(plain, maria, database):
    plain.enter(maria)
    become(database, maria, "provider")
    plain.open("/home")
    assert plain.path == SECURITY
    plain.open(f"{CHARTS}/1")
    assert plain.path == SECURITY


def test_a_patient_with_an_app_made_provider_opens_charts_at_once(plain, sam, database):
    plain.enter(sam)
    become(database, sam, "provider")
    plain.open("/home")
    assert plain.path == CHARTS


def test_who_was_let_in_by_a_trusted_browser_shows_a_code_first(plain, sam, database, clock):
    plain.sign_in(sam)
    plain.tick("Don't ask for a code on this browser for 30 days")
    plain.fill("Verify", Verification_Code=sam.code()).press("Sign out")
    plain.sign_in(sam)
    assert plain.path == "/home"
    become(database, sam, "provider")
    plain.open(f"{CHARTS}/1")
    assert plain.path == f"{SECURITY}/confirm"
    clock.next_code()
    plain.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert plain.path == f"{CHARTS}/1"
    plain.press("Sign out")
    plain.sign_in(sam)
    assert plain.path == "/sign-in/code"


def test_a_text_opens_no_chart(browser, jun, database, inbox, clock):
    turn_on_texts(browser.enter(jun), inbox, jun)
    become(database, jun, "provider")
    browser.open(f"{CHARTS}/1")
    assert browser.path == SECURITY and "No app" in browser.text
    clock.move(minutes=1)
    browser.press("Set Up Now")
    assert browser.page.all("input", type="radio")[0]["value"] == "totp"
    browser.press("Continue")
    jun.key = browser.page.one("code", id="key").text.replace(" ", "")
    browser.fill("Confirm and Activate", Verification_Code=jun.code())
    assert browser.path == f"{CHARTS}/1"
    assert [row.method for row in database.all(Authenticator, Authenticator.user_id == database.user(jun).id)] == ["totp"]


def test_a_number_beside_an_app_lets_no_provider_in(plain, jun, database, inbox, clock):
    turn_on_texts(plain.enter(jun), inbox, jun)
    clock.move(minutes=1)
    plain.open("/account/security").press("Add another way to get codes")
    plain.press("Continue")
    jun.key = plain.page.one("code", id="key").text.replace(" ", "")
    plain.fill("Verify and Enable", Verification_Code=jun.code()).press("Sign out")
    become(database, jun, "provider")
    plain.sign_in(jun)
    assert plain.path == "/sign-in/code" and "text" not in plain.text.lower()
    sms = next(row for row in database.all(Authenticator) if row.method == "sms")
    assert plain.post("/sign-in/send", {"authenticator": sms.id}).status_code == 404
    plain.open("/sign-in/code")
    clock.next_code()
    plain.fill("Verify", Verification_Code=jun.code())
    assert plain.path == CHARTS


# --- what a patient may choose and a provider may not


@pytest.mark.parametrize("path", [f"{CHOOSE}?add=1", f"{CHOOSE}/sms/number", f"{CHOOSE}/sms/send"])
def test_texts_are_refused_before_password_and_code_are_asked_again(plain, dr_okafor, database, clock, path):
    plain.enter(dr_okafor).open(CHOOSE)
    clock.move(minutes=6)
    assert plain.post(path, {"method": "sms"}).status_code == 403
    assert database.all(Event)[-1].reason == "method_not_allowed"


@pytest.mark.parametrize("path", [CHOOSE, f"{CHOOSE}/sms/number", f"{CHOOSE}/sms/code", f"{CHOOSE}/sms/send"])
def test_texts_cannot_be_set_up(plain, dr_chen, database, path):
    plain.enter(dr_chen).open(CHOOSE)
    answer = plain.post(path, {"method": "sms", "phone": "+15035550164", "code": "123456"})
    assert answer.status_code == 403
    assert database.all(Binding) == []
    assert database.all(Event)[-1].event == "authz_fail" and database.all(Event)[-1].reason == "method_not_allowed"
