"""The set-up wizard, with and without htmx: four pages and five clicks, and what happens when somebody leaves that road."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.models import Authenticator, BackupCodeSet, Binding, Event, User
from tests.support import phone
from tests.support.client import CODES, SCAN, WIZARD
from tests.support.markup import squeeze

EXPIRED = "Setup was open for more than 30 minutes, so it ended. Start again here."
SIX_DIGITS = "The code must be 6 numbers."
SHAPES = {
    "nothing": ("", "Enter the 6-digit code."),
    "blank space": ("   ", "Enter the 6-digit code."),
    "five digits": ("12345", SIX_DIGITS),
    "seven digits": ("1234567", SIX_DIGITS),
    "letters": ("abcdef", SIX_DIGITS),
    "NUL": ("12345\0", SIX_DIGITS),
    "10,000 digits": ("1" * 10_000, SIX_DIGITS),
    "a backup code": ("ABCD-EFGH-JKMN-PQRS", SIX_DIGITS),
}
SCRIPTS = {"Arabic-Indic": 0x660, "Devanagari": 0x966, "full-width": 0xFF10}


def key_of(browser):
    """Returns the setup key that the page shows."""
    return squeeze(browser.page.one("code", id="key").text)


def is_on(database, person):
    """Returns whether every part of "on" is there; fails when some are and some are not."""
    user = database.user(person)
    parts = {
        user.two_factor == "on",
        bool(database.all(Authenticator, Authenticator.user_id == user.id)),
        bool(database.all(BackupCodeSet, BackupCodeSet.user_id == user.id)),
    }
    assert len(parts) == 1, "half on"
    return parts.pop()


# --- the straight road


def test_four_pages_and_five_clicks_from_enable_to_on(browser, database, maria):
    browser.enter(maria)
    browser.open("/account/security")
    assert "Off" in browser.text
    pages = []
    browser.press("Enable")
    pages.append(browser.heading)
    browser.press("Continue")
    pages.append(browser.heading)
    maria.key = key_of(browser)
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    pages.append(browser.heading)
    maria.codes = browser.read_codes()
    browser.press("I have saved my backup codes")
    number = int(re.search(r"\d+", browser.heading)[0])
    pages.append(browser.heading)
    browser.fill("Done", **{f"Code {number}": maria.codes[number - 1]})
    assert pages == [
        "Choose how to get your codes",
        "Connect your authenticator app",
        "Save your backup codes",
        f"Type code {number} from your copy",
    ]
    assert browser.heading == "Security"
    assert "Two-factor authentication is on." in browser.notices
    assert is_on(database, maria)


def test_the_steps_are_counted_for_the_person(browser, maria):
    browser.enter(maria).open(WIZARD)
    assert "Step 1 of 3" in browser.text
    browser.press("Continue")
    assert "Step 2 of 3" in browser.text


def test_the_app_is_recommended_and_chosen_first(browser, maria):
    browser.enter(maria).open(WIZARD)
    radios = browser.page.all("input", type="radio")
    assert "checked" in radios[0] and radios[0]["value"] == "totp"
    assert "Recommended" in browser.text


def test_nothing_chosen_is_told(browser, maria, database):
    browser.enter(maria).open(WIZARD)
    for radio in browser.page.all("input", type="radio"):
        radio.attributes.pop("checked", None)
    browser.press("Continue")
    assert browser.status == 422
    assert browser.problems == ["Choose how to get your codes."]
    assert database.all(Binding) == []


def test_a_method_that_is_not_offered_cannot_be_chosen(browser, maria, database):
    browser.enter(maria).open(WIZARD)
    browser.page.all("input", type="radio")[0].attributes["value"] = "carrier-pigeon"
    browser.press("Continue")
    assert browser.status == 422
    assert database.all(Binding) == []


def test_the_page_has_all_that_an_app_needs(browser, maria):
    browser.enter(maria).begin_set_up(maria)
    entry = phone.read_otpauth(next(link["href"] for link in browser.page.all("a") if link["href"].startswith("otpauth:")))
    assert (entry.issuer, entry.account, entry.digits, entry.period) == ("Medximity", "maria", 6, 30)
    assert entry.secret == maria.key
    groups = [part.text for part in browser.page.one("code", id="key").all("span")]
    assert [len(group) for group in groups] == [4] * 8
    for app in ("Google Authenticator", "Microsoft Authenticator", "Authy"):
        assert app in browser.text
    picture = next(part for part in browser.page.all("div", role="img"))
    assert picture.all("svg") and not squeeze(picture["aria-label"]).count(maria.key)


def test_the_field_takes_a_code_from_paste_and_autofill(browser, maria):
    browser.enter(maria).begin_set_up(maria)
    field = browser.field("Verification Code")
    assert (field["type"], field["inputmode"], field["autocomplete"]) == ("text", "numeric", "one-time-code")


def test_the_countdown_says_what_is_left_of_the_step(browser, clock, maria):
    browser.enter(maria)
    clock.move(seconds=7)  # the clock begins ten seconds into a step
    browser.begin_set_up(maria)
    count = next(part for part in browser.page.all("p") if "countdown" in part.classes)
    assert (count["data-left"], count["data-period"]) == ("13", "30")


# --- codes


@pytest.mark.parametrize(("typed", "sentence"), SHAPES.values(), ids=SHAPES)
def test_a_code_of_another_shape_is_told_and_costs_no_try(browser, database, maria, typed, sentence):
    browser.enter(maria).begin_set_up(maria)
    browser.fill("Verify and Enable", Verification_Code=typed)
    assert (browser.status, browser.path) == (422, SCAN)
    assert browser.problems == [sentence]
    assert browser.field("Verification Code")["value"] is None
    assert database.user(maria).own_failures == 0
    assert not is_on(database, maria)


@pytest.mark.parametrize("zero", SCRIPTS.values(), ids=SCRIPTS)
def test_digits_of_any_script_with_spaces_are_accepted(browser, database, maria, zero):
    browser.enter(maria).begin_set_up(maria)
    typed = "".join(chr(zero + int(digit)) for digit in maria.code())
    browser.fill("Verify and Enable", Verification_Code=f" {typed[:3]} {typed[3:]} ")
    assert browser.path == CODES
    assert is_on(database, maria)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_the_codes_around_now_turn_it_on(plain, database, maria, steps):
    plain.enter(maria).begin_set_up(maria)
    plain.fill("Verify and Enable", Verification_Code=maria.code(steps))
    assert is_on(database, maria)


@pytest.mark.parametrize(
    ("steps", "words"), [(-2, "1 minute slow"), (2, "1 minute fast"), (-20, "10 minutes slow"), (7, "4 minutes fast")]
)
def test_a_phone_whose_clock_is_off_is_told_by_how_much(browser, database, maria, steps, words):
    browser.enter(maria).begin_set_up(maria)
    browser.fill("Verify and Enable", Verification_Code=maria.code(steps))
    assert browser.status == 422
    assert f"Your phone's clock is about {words}." in browser.problems[0]
    assert "Set Automatically" in browser.problems[0]
    assert not is_on(database, maria)


def test_whoever_sets_the_clock_right_gets_on_at_once(browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    browser.fill("Verify and Enable", Verification_Code=maria.code(2))
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    assert is_on(database, maria)


@pytest.mark.parametrize("entry", ["set-up", "sign-in"])
def test_a_hinted_step_is_spent_when_its_time_comes(plain, clock, database, maria, entry):
    plain.enter(maria).begin_set_up(maria)
    hinted = maria.code(2)
    plain.fill("Verify and Enable", Verification_Code=hinted)
    if entry == "sign-in":
        plain.fill("Verify and Enable", Verification_Code=maria.code())
        assert is_on(database, maria)
        plain.press("Sign out")
        clock.move(seconds=60)
        plain.sign_in(maria)
        plain.fill("Verify", Verification_Code=hinted)
    else:
        clock.move(seconds=60)
        plain.fill("Verify and Enable", Verification_Code=hinted)
        assert not is_on(database, maria)
    assert "already used" in plain.problems[0]


def test_advice_after_wrong_codes_follows_the_guides_order(browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    said = []
    for code, _ in zip(maria.wrong_codes(), range(5), strict=False):
        browser.fill("Verify and Enable", Verification_Code=code)
        assert key_of(browser) == maria.key
        said.append(browser.problems[0])
    wanted = [
        "time on your phone",
        "fresh code",
        "labeled for Medximity",
        "scan the QR code again",
        "scan the QR code again",
    ]
    assert [word for word, sentence in zip(wanted, said, strict=True) if word not in sentence] == []
    assert not is_on(database, maria)


def test_the_code_that_turned_it_on_cannot_sign_in(browser, clock, maria):
    browser.enter(maria).set_up(maria)
    spent = maria.code()
    other = browser.another()
    other.sign_in(maria)
    other.fill("Verify", Verification_Code=spent)
    assert "already used" in other.problems[0]
    clock.next_code()
    other.fill("Verify", Verification_Code=spent)
    assert "already used" in other.problems[0]
    other.fill("Verify", Verification_Code=maria.code())
    assert other.path == "/home"


# --- the key stays


def test_the_key_stays_through_reloads_wrong_codes_and_choosing_again(browser, maria):
    browser.enter(maria).begin_set_up(maria)
    browser.open(SCAN)
    assert key_of(browser) == maria.key
    browser.fill("Verify and Enable", Verification_Code=maria.wrong_code())
    assert key_of(browser) == maria.key
    browser.open(WIZARD)
    browser.press("Continue")
    assert key_of(browser) == maria.key


def test_the_key_stays_through_a_second_sign_in_elsewhere(browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    other = browser.another().enter(maria)
    other.open("/account/security")
    other.press("Enable")
    other.press("Continue")
    assert key_of(other) == maria.key
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    assert is_on(database, maria)


def test_two_tabs_hold_one_key_and_the_second_press_lands_on_the_codes(browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    tab = browser.another()
    tab.client = browser.client
    tab.open(SCAN)
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    codes = browser.read_codes()
    tab.fill("Verify and Enable", Verification_Code=maria.code())
    assert tab.read_codes() == codes
    assert len(database.all(BackupCodeSet, BackupCodeSet.user_id == database.user(maria).id)) == 1


def test_cancel_forgets_the_key(browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    old = maria.key
    browser.press("Cancel")
    assert browser.path == "/account/security"
    assert database.all(Binding) == []
    assert not is_on(database, maria)
    browser.begin_set_up(maria)
    assert maria.key != old


def test_cancelling_nothing_changes_nothing(browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    tab = browser.another()
    tab.client = browser.client
    tab.open(SCAN)
    browser.press("Cancel")
    tab.press("Cancel")
    assert tab.path == "/account/security"
    assert len(database.all(Event, Event.event == "authenticator_binding_cancelled")) == 1


def test_leaving_at_the_qr_code_leaves_it_off(plain, clock, database, maria):
    plain.enter(maria).begin_set_up(maria)
    plain.press("Sign out")
    plain.enter(maria)
    assert plain.path == "/home"
    assert not is_on(database, maria)


# --- out of turn, too late


@pytest.mark.parametrize("page", [SCAN, CODES, f"{CODES}/sheet", f"{CODES}/download", f"{CODES}/check", f"{WIZARD}/totp/nothing"])
def test_before_the_choice_every_later_step_leads_to_the_choice(browser, maria, page):
    browser.enter(maria).open(page)
    assert browser.path == WIZARD


@pytest.mark.parametrize("page", [CODES, f"{CODES}/check", f"{WIZARD}/sms/number", f"{WIZARD}/totp/nothing"])
def test_at_the_qr_code_every_later_step_leads_back_to_it(browser, maria, page):
    browser.enter(maria).begin_set_up(maria)
    browser.open(page)
    assert browser.path == SCAN


@pytest.mark.parametrize("page", [WIZARD, SCAN])
def test_with_the_codes_unsaved_earlier_steps_lead_to_them(browser, maria, page):
    browser.enter(maria).set_up(maria)
    browser.open(page)
    assert browser.path == CODES


@pytest.mark.parametrize("page", [WIZARD, SCAN, CODES, f"{CODES}/check"])
def test_when_all_is_done_the_wizard_leads_to_security(browser, sam, page):
    browser.enter(sam).open(page)
    assert browser.path == "/account/security"


@pytest.mark.parametrize("path", [SCAN, f"{WIZARD}/sms/number", f"{CODES}/check"])
def test_answers_out_of_turn_change_nothing_and_lead_to_the_step_that_is_due(plain, database, maria, path):
    plain.enter(maria)
    before = database.everything("sessions.last_seen_at")
    answer = plain.post(path, {"code": "123456"})
    assert (answer.status_code, answer.headers["Location"]) == (303, WIZARD)
    after = database.everything("sessions.last_seen_at")
    assert {name for name in after if after[name] != before[name]} <= {"events"}


def test_choosing_again_when_it_is_on_makes_no_second_key(plain, database, maria):
    plain.enter(maria).set_up(maria)
    answer = plain.post(WIZARD, {"method": "totp"})
    assert answer.headers["Location"] == CODES
    assert database.all(Binding) == []


def test_a_binding_that_ran_out_between_page_and_answer_says_so(browser, clock, database, maria):
    browser.enter(maria).begin_set_up(maria)
    for _ in range(3):
        clock.move(minutes=10, seconds=1)
        browser.get("/account")
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    assert browser.path.startswith(("/account/security/confirm", WIZARD))
    if browser.path.startswith("/account/security/confirm"):
        browser.fill("Continue", Current_password=maria.password)
    assert browser.path == WIZARD
    assert EXPIRED in browser.notices
    assert not is_on(database, maria)


def test_just_before_30_minutes_the_code_still_counts(browser, clock, database, maria):
    browser.enter(maria).begin_set_up(maria)
    for _ in range(2):
        clock.move(minutes=14)
        browser.get("/account")
    clock.move(minutes=1, seconds=59)
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    assert is_on(database, maria)


def test_a_binding_that_ran_out_is_not_shown_any_more(browser, clock, maria):
    browser.enter(maria).begin_set_up(maria)
    for _ in range(3):
        clock.move(minutes=10, seconds=1)
        browser.get("/account")
    browser.open(SCAN)
    assert browser.path in (WIZARD, "/account/security/confirm")
    assert not browser.page.all("code", id="key")


def test_a_seal_that_does_not_open_begins_afresh(browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    old = maria.key
    database.change(update(Binding).values(secret_sealed=b"k1\0" + b"broken" * 8))
    browser.open(SCAN)
    assert browser.path == WIZARD
    assert EXPIRED in browser.notices
    browser.press("Continue")
    assert key_of(browser) != old


def test_a_code_for_a_seal_that_does_not_open_turns_nothing_on(browser, database, maria):
    browser.enter(maria).begin_set_up(maria)
    database.change(update(Binding).values(secret_sealed=b"k1\0" + b"broken" * 8))
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    assert browser.path == WIZARD
    assert not is_on(database, maria)


# --- whose set-up it is (RA-4)


def test_a_sign_in_of_six_minutes_ago_is_asked_for_the_password_first(browser, clock, maria):
    browser.enter(maria)
    clock.move(minutes=5, seconds=1)
    browser.open("/account/security")
    browser.press("Enable")
    assert browser.heading == "Confirm it's you"
    browser.fill("Continue", Current_password="not the password")
    assert browser.problems[0].startswith("That's not your current password.")
    browser.fill("Continue", Current_password=maria.password)
    assert browser.path == WIZARD


def test_choosing_with_an_old_sign_in_makes_no_key(plain, clock, database, maria):
    plain.enter(maria)
    clock.move(minutes=5, seconds=1)
    answer = plain.post(WIZARD, {"method": "totp"})
    assert answer.headers["Location"].startswith("/account/security/confirm")
    assert database.all(Binding) == []


def test_an_old_session_elsewhere_sees_no_key_that_another_one_made(browser, clock, database, maria):
    old = browser.another().enter(maria)
    clock.move(minutes=6)
    browser.enter(maria).begin_set_up(maria)
    old.open(SCAN)
    assert old.heading == "Confirm it's you"
    answer = old.post(SCAN, {"code": maria.code()})
    assert answer.headers["Location"].startswith("/account/security/confirm")
    assert not is_on(database, maria)


def test_the_session_that_began_may_take_its_time(browser, clock, database, maria):
    browser.enter(maria).begin_set_up(maria)
    clock.move(minutes=12)
    browser.open(SCAN)
    assert key_of(browser) == maria.key
    browser.fill("Verify and Enable", Verification_Code=maria.code())
    assert is_on(database, maria)


# --- the session ends in mid-wizard (HX-6)


@pytest.mark.parametrize("ending", ["idle", "signed out", "cookie lost"])
def test_a_session_that_ended_in_mid_wizard_leads_to_sign_in_and_back(browser, clock, database, maria, ending):
    browser.enter(maria).begin_set_up(maria)
    if ending == "idle":
        clock.move(minutes=16)
    elif ending == "signed out":
        browser.get("/sign-in")
        tab = browser.another()
        tab.client = browser.client
        tab.open("/home")
        tab.press("Sign out")
    else:
        browser.client.delete_cookie("session")
    answer = browser.post(SCAN, {"code": maria.code()}, **({"HX_Request": "true"} if browser.guise == "htmx" else {}))
    target = answer.headers.get("HX-Redirect") or answer.headers["Location"]
    assert answer.status_code == (401 if browser.guise == "htmx" else 303)
    assert target == "/sign-in?next=" + SCAN
    assert not is_on(database, maria)
    browser.open(target)
    browser.fill("Sign in", Username="maria", Password=maria.password)
    assert browser.path == SCAN and key_of(browser) == maria.key


def test_htmx_without_a_session_is_sent_away_and_not_given_a_form(plain):
    answer = plain.get("/account/security", HX_Request="true")
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/account/security"


def test_another_side_has_no_wizard_of_patients(plain, dr_chen):
    plain.enter(dr_chen)
    plain.open(WIZARD)
    assert plain.path == "/ehr/settings/security"


def test_a_key_that_waited_for_a_day_is_deleted_by_the_sweep(plain, app, clock, database, maria):
    plain.enter(maria).begin_set_up(maria)
    clock.move(days=1, minutes=29)
    app.extensions["queue"].order_due()
    assert len(database.all(Binding)) == 1
    clock.move(minutes=1)
    app.extensions["queue"].order_due()
    assert database.all(Binding) == []


def test_a_key_that_waited_for_a_day_counts_as_gone_before_the_sweep(plain, clock, database, maria):
    plain.enter(maria).begin_set_up(maria)
    path = plain.path
    clock.move(days=1, minutes=30)
    plain.enter(maria)
    assert plain.post(path, {"code": maria.code()}).headers["Location"] == WIZARD
    assert [row.reason for row in database.all(Event, Event.event == "sequence_fail")] == ["out_of_turn"]
    plain.post(f"{WIZARD}/cancel")
    assert len(database.all(Binding)) == 1
    assert database.all(Event, Event.event == "authenticator_binding_cancelled") == []
    assert plain.begin_set_up(maria).path == path and len(database.all(Binding)) == 1


def test_the_state_lasts_in_the_database_not_in_the_browser(plain, database, maria):
    plain.enter(maria).begin_set_up(maria)
    binding = database.all(Binding)[0]
    assert binding.expires_at - binding.created_at == timedelta(minutes=30)
    assert maria.key not in str(database.everything())
    assert database.all(User, User.username == "maria")[0].two_factor == "off"
