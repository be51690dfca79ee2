"""Settings > Account Security: what a provider changes, and what no provider finds."""

import re

import pytest
from sqlalchemy import update

from portal.models import Authenticator, BackupCode, BackupCodeSet, Event, Outbox, User
from tests.house.source import TEMPLATES
from tests.support.client import DOORS
from tests.support.markup import squeeze

SECURITY = "/ehr/settings/security"
WIZARD = f"{SECURITY}/two-factor"
GIVEN = "I have given the sealed copy to my practice administrator"
NEVER = re.compile(r"\b(disabl\w*|turn(ed|s|ing)? (it )?off|texts?|text messages?|sms|trust\w*)\b", re.IGNORECASE)
PAGES = (
    "/ehr/charts", "/ehr/charts/1", "/ehr/settings", SECURITY, f"{WIZARD}?add=1", f"{SECURITY}/backup-codes", f"{SECURITY}/sessions",
    f"{SECURITY}/activity", f"{SECURITY}/confirm?next=/ehr/charts", "/ehr/settings/team", "/ehr/settings/team/security",
    "/ehr/settings/team/deadline", "/ehr/settings/team/5/reset", "/ehr/settings/team/approvals",
    "/ehr/settings/team/emergency", f"{SECURITY}/two-factor/backup-codes",
)  # fmt: skip
OF_PATIENTS = (
    "/account/security/disable", "/account/security/disable/password", "/account/security/two-factor", "/account/security/confirm",
    "/account/security/backup-codes", "/account/security/trusted-browsers", "/account/phone", "/account/name", "/home/invitation",
    "/account/security/two-factor/sms/number", "/account/security/two-factor/sms/send", "/account/security/two-factor/cancel",
)  # fmt: skip
OF_NOBODY = (
    "disable",
    "disable/password",
    "trusted-browsers",
    "trusted-browsers/1",
    "two-factor/sms/number",
    "two-factor/sms/send",
)


def live_set(database, person):
    """Returns the person's set of backup codes that works."""
    return database.all(BackupCodeSet, BackupCodeSet.user_id == database.user(person).id, BackupCodeSet.replaced_at.is_(None))[0]


def last_event(database):
    row = database.all(Event)[-1]
    return row.event, row.reason


# --- what is not there


@pytest.mark.parametrize("path", PAGES)
def test_no_page_speaks_of_turning_off_or_of_texts(plain, admin_lee, path):
    plain.enter(admin_lee).open(path)
    assert plain.status == 200
    spoken = [element[name] for element in plain.page.walk() for name in ("aria-label", "title", "value") if element[name]]
    assert [match[0] for text in (plain.page.text, *spoken) if (match := NEVER.search(text))] == []


def test_no_page_before_set_up_does_either(plain, dr_chen):
    plain.enter(dr_chen)
    for path in ("/ehr/settings", SECURITY, WIZARD):
        assert NEVER.search(plain.open(path).page.text) is None
    plain.set_up_ehr(dr_chen)
    for path in (f"{WIZARD}/backup-codes", f"{WIZARD}/backup-codes/sealed-copy", f"{WIZARD}/backup-codes/check"):
        assert NEVER.search(plain.open(path).page.text) is None


def test_no_page_of_a_sign_in_at_this_door_does(plain, dr_okafor):
    plain.sign_in(dr_okafor)
    for path in ("/sign-in/code", "/sign-in/backup-code", "/sign-in/no-code", "/sign-in/emergency"):
        assert NEVER.search(plain.open(path).page.one("main").text) is None


def test_no_template_of_this_side_does():
    for folder in ("provider", "practice", "emergency", "approvals"):
        for template in (TEMPLATES / folder).glob("*.html"):
            sentences = re.findall(r'(?:_|ngettext)\("([^"]*)"(?:, "([^"]*)")?', template.read_text())
            assert [words for pair in sentences for words in pair if NEVER.search(words)] == [], template.name


def test_no_route_of_this_side_bears_such_a_name(app):
    mine = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/ehr")]
    assert len(mine) > 20
    shown = [rule.rule.replace("/ehr/settings/profile/phone", "") for rule in mine]  # contact data: no code is sent to it
    assert [path for path in shown if re.search("disable|off|trusted|sms|phone|text", path)] == []


@pytest.mark.parametrize("path", OF_PATIENTS)
@pytest.mark.parametrize("name", ["dr_okafor", "dr_chen"])
def test_the_patients_forms_are_refused_and_that_is_recorded(plain, database, request, name, path):
    person = request.getfixturevalue(name)
    plain.enter(person)
    before = database.everything("sessions.last_seen_at")
    assert plain.post(path, {"password": person.password, "method": "sms", "phone": "+15035550164"}).status_code == 403
    assert last_event(database) == ("authz_fail", "other_side")
    after = database.everything("sessions.last_seen_at")
    before.pop("events"), after.pop("events")
    assert after == before


@pytest.mark.parametrize("name", ["dr_okafor", "dr_chen", "admin_lee"])
def test_no_form_of_the_patients_is_forgotten(plain, app, database, request, name):
    plain.enter(request.getfixturevalue(name))
    forms = [each for each in app.url_map.iter_rules() if each.endpoint.startswith("patient.") and "POST" in each.methods]
    assert len(forms) > 20
    for form in forms:
        before = len(database.all(Event))
        assert plain.post(re.sub(r"<(\w+:)?\w+>", "1", form.rule)).status_code == 403
        assert last_event(database) == ("authz_fail", "other_side") and len(database.all(Event)) == before + 1


@pytest.mark.parametrize("path", OF_NOBODY)
def test_what_patients_have_is_not_found_below_this_door_and_that_is_recorded(plain, dr_okafor, database, path):
    plain.enter(dr_okafor)
    answer = plain.post(f"{SECURITY}/{path}", {"password": dr_okafor.password})
    refused = {404: "no_such_form", 403: "method_not_allowed"}
    assert last_event(database) == ("authz_fail", refused[answer.status_code])


def test_no_text_is_sent_to_confirm(plain, dr_okafor, database, clock):
    plain.enter(dr_okafor)
    clock.move(minutes=6)
    plain.open(f"{SECURITY}/backup-codes")
    assert plain.path == f"{SECURITY}/confirm" and "text" not in plain.text.lower()
    assert plain.post(f"{SECURITY}/confirm/send", {"authenticator": "x"}).status_code == 404
    assert last_event(database) == ("authz_fail", "restricted_method")


# --- the wizard wears this side's words


def test_the_wizard_speaks_as_this_door(browser, dr_chen, database):
    browser.enter(dr_chen)
    browser.press("Set Up Now")
    radios = browser.page.all("input", type="radio")
    assert [radio["value"] for radio in radios] == ["totp"] and "checked" in radios[0]
    assert "required for EHR access" in browser.text and "Required" in browser.text
    browser.press("Continue")
    assert "DigitalPatientChart: dr.chen" in browser.text
    dr_chen.key = squeeze(browser.page.one("code", id="key").text)
    browser.fill("Confirm and Activate", Verification_Code=dr_chen.wrong_code())
    assert browser.status == 422
    browser.fill("Confirm and Activate", Verification_Code=dr_chen.code())
    assert browser.heading == "Save your backup codes"
    assert database.user(dr_chen).two_factor == "on"
    assert "two_factor_on" in [row.template for row in database.all(Outbox)]
    for label in ("Print", "Download", "Print the sealed copy"):
        assert browser.offers(label)


def test_the_file_is_named_after_the_ehr(plain, dr_chen):
    plain.enter(dr_chen).set_up_ehr(dr_chen)
    answer = plain.get(f"{WIZARD}/backup-codes/download")
    assert 'filename="digitalpatientchart-backup-codes-set-1-' in answer.headers["Content-Disposition"]
    assert "Backup codes for DigitalPatientChart" in answer.text


# --- the sealed copy (C-6)


def test_the_sealed_sheet_holds_the_same_codes(plain, dr_chen):
    plain.enter(dr_chen).set_up_ehr(dr_chen)
    plain.press("Print the sealed copy")
    sheet = next(part for part in plain.page.all("section") if "sheet" in part.classes)
    assert [code.text for code in sheet.all("code")] == dr_chen.codes
    assert "d•••n" in sheet.text and "Riverside Family Practice" in sheet.text
    assert "/ehr, and enter" in sheet.text and "Ask your practice administrator, or contact support@" in sheet.text
    assert "Chen" not in sheet.text and "dr.chen" not in sheet.text
    assert "For a sealed envelope." in plain.text
    assert re.fullmatch(f"{DOORS}/backup-codes/sealed-copy", plain.path)


def test_the_sheet_and_the_file_send_nobody_to_an_administrator_there_is_not(plain, dr_chen, admin_lee, clock, database):
    database.change(update(User).where(User.username == admin_lee.username).values(disabled_at=clock.now))
    plain.enter(dr_chen).set_up_ehr(dr_chen)
    for page in ("sealed-copy", "sheet", "download"):
        text = plain.get(f"{WIZARD}/backup-codes/{page}").text
        assert "Need help? Contact" in text and "Riverside Family Practice" in text and "Ask your practice" not in text, page


def test_the_sealed_sheet_is_gone_with_the_codes(plain, dr_chen, clock):
    plain.enter(dr_chen).set_up_ehr(dr_chen)
    clock.move(minutes=14)
    plain.open(SECURITY)
    clock.move(minutes=14)
    plain.open(SECURITY)
    clock.move(minutes=3)
    plain.open(f"{WIZARD}/backup-codes/sealed-copy")
    assert plain.path == SECURITY


def test_patients_have_no_sealed_sheet(plain, maria):
    plain.enter(maria).set_up(maria)
    assert GIVEN not in plain.text
    plain.open("/account/security/two-factor/backup-codes/sealed-copy")
    assert plain.path == "/account/security"


def tick_on_codes_page(browser, person):
    browser.tick(GIVEN)
    browser.press("I have saved my backup codes")


def tick_while_proving(browser, person):
    browser.press("I have saved my backup codes")
    browser.tick(GIVEN)
    label = next(label.text for label in browser.page.one("main").all("label") if label.text.startswith("Code "))
    browser.fill("Done", **{label: person.codes[int(label.split()[1]) - 1]})


def tick_later(browser, person):
    browser.open(SECURITY)
    assert "Not handed over yet" in browser.text
    browser.tick(GIVEN)
    browser.press("Save")
    assert "Got it. Your practice administrator has the sealed copy." in browser.notices


@pytest.mark.parametrize("tick", [tick_on_codes_page, tick_while_proving, tick_later])
def test_the_hand_over_is_remembered_and_recorded_once(browser, dr_chen, database, clock, tick):
    browser.enter(dr_chen).set_up_ehr(dr_chen)
    tick(browser, dr_chen)
    assert live_set(database, dr_chen).sealed_copy_given_at == clock.now
    browser.open(SECURITY)
    assert "Handed over" in browser.text
    browser.post(f"{SECURITY}/sealed-copy", {"sealed_copy": "1"})
    assert [row.event for row in database.all(Event)].count("sealed_copy_given") == 1


def test_a_copy_handed_over_counts_as_kept_where_nothing_is_proved(browser, dr_chen):
    """As Security Status counts it: the two pages do not contradict each other."""
    browser.enter(dr_chen).set_up_ehr(dr_chen)
    browser.open(SECURITY)
    warned = "Without a copy of your codes, losing your phone would lock you out."
    assert warned in browser.text and "n't confirmed that they're saved" in browser.text
    tick_later(browser, dr_chen)
    assert warned not in browser.text and "any of your 10 backup codes would still let you in" in browser.text
    browser.open("/ehr/charts")
    assert "losing your phone would lock you out" not in browser.text


def test_without_the_tick_nothing_is_noted(browser, dr_chen, database):
    browser.enter(dr_chen).set_up_ehr(dr_chen)
    browser.press("I have saved my backup codes")
    browser.open(SECURITY).press("Save")
    assert live_set(database, dr_chen).sealed_copy_given_at is None


def test_a_new_set_needs_a_new_sealed_copy(plain, dr_okafor, database):
    plain.enter(dr_okafor)
    plain.open(SECURITY)
    plain.tick(GIVEN)
    plain.press("Save")
    plain.press("Regenerate Backup Codes")
    plain.press("Regenerate Backup Codes")
    assert plain.heading == "Save your backup codes"
    assert live_set(database, dr_okafor).sealed_copy_given_at is None
    plain.open(SECURITY)
    assert "Not handed over yet" in plain.text


# --- what can be changed


def test_the_app_is_changed_and_the_old_one_ends(browser, dr_okafor, database):
    browser.enter(dr_okafor).open(SECURITY)
    browser.press("Change Authenticator App")
    browser.press("Continue")
    old, dr_okafor.key = dr_okafor.key, squeeze(browser.page.one("code", id="key").text)
    browser.fill("Confirm and Activate", Verification_Code=dr_okafor.code())
    assert browser.path == SECURITY and "Your change is saved." in browser.notices
    assert len(database.all(Authenticator, Authenticator.user_id == database.user(dr_okafor).id)) == 1
    changed = old != dr_okafor.key
    assert changed


def test_a_second_app_is_added_named_and_removed(plain, dr_okafor, database):
    plain.enter(dr_okafor).open(SECURITY).press("Add a second app")
    plain.press("Continue")
    dr_okafor.key = squeeze(plain.page.one("code", id="key").text)
    plain.fill("Confirm and Activate", Verification_Code=dr_okafor.code())
    own = Authenticator.user_id == database.user(dr_okafor).id
    assert len(database.all(Authenticator, own)) == 2
    plain.press("Rename Authenticator App 2")
    plain.fill("Save", Name="Tablet")
    assert plain.path == SECURITY and "Tablet" in plain.text
    plain.press("Remove Tablet")
    plain.press("Remove")
    assert len(database.all(Authenticator, own)) == 1 and plain.path == SECURITY


def test_a_change_asks_again_after_five_minutes_and_comes_back(plain, dr_okafor, clock):
    plain.enter(dr_okafor)
    clock.move(minutes=6)
    plain.open(f"{SECURITY}/backup-codes")
    plain.fill("Continue", Current_password=dr_okafor.password, Verification_Code=dr_okafor.code())
    assert plain.path == f"{SECURITY}/backup-codes"


def test_first_set_up_asks_for_the_password_again_after_five_minutes(plain, dr_chen, clock):
    plain.enter(dr_chen)
    clock.move(minutes=6)
    plain.press("Set Up Now")
    assert plain.path == f"{SECURITY}/confirm"
    plain.fill("Continue", Current_password=dr_chen.password)
    assert plain.path == WIZARD


def test_sessions_are_listed_and_ended(plain, dr_okafor, clock):
    other = plain.another().enter(dr_okafor)
    clock.next_code()
    plain.enter(dr_okafor).open(SECURITY)
    plain.press("End all")
    assert "Ended. You're no longer signed in there." in plain.notices
    other.open("/ehr/charts")
    assert other.path == "/sign-in" and other.page.one("html")["data-brand"] == "ehr"


def test_the_last_backup_code_leads_to_a_new_set(plain, dr_okafor, database, clock):
    live = live_set(database, dr_okafor)
    database.change(update(BackupCode).where(BackupCode.set_id == live.id, BackupCode.number > 1).values(used_at=clock.now))
    plain.sign_in(dr_okafor)
    plain.fill("Verify", Verification_Code=dr_okafor.codes[0])
    assert plain.path == f"{SECURITY}/backup-codes"
    plain.open("/ehr/charts")
    assert plain.path == f"{SECURITY}/backup-codes"


def test_few_codes_are_a_standing_warning_on_the_charts(plain, dr_okafor, database, clock):
    live = live_set(database, dr_okafor)
    database.change(update(BackupCode).where(BackupCode.set_id == live.id, BackupCode.number > 3).values(used_at=clock.now))
    plain.enter(dr_okafor)
    assert any("3 backup codes left." in notice for notice in plain.notices)
