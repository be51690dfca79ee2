"""Disable: for patients, with the password, in a session that showed a code, and never with a short password alone (C-7, PW-1)."""

import pytest
from sqlalchemy import update

from portal import passwords
from portal.crypto import token_hash
from portal.flows.factors import turn_off
from portal.models import (
    Authenticator,
    BackupCodeSet,
    Binding,
    Event,
    Outbox,
    Session,
    SpentStep,
    TrustedBrowser,
    User,
    user_place,
)
from tests.support.digits import totp
from tests.support.hashing import CHEAP
from tests.support.markup import squeeze
from tests.support.texts import turn_on_texts

SECURITY = "/account/security"
DISABLE = f"{SECURITY}/disable"
LONGER = f"{DISABLE}/password"
BOX = "Don't ask for a code on this browser for 30 days"
CHANGED = "You were signed out here because your two-factor authentication changed. Sign in to continue."
SHORT, LONG = "harbor-lan-14c", "seven calm herons wait"
LONGER_ROUTES = ("replace_password", "submit_replace_password")
UNMOVED = ("sessions.last_seen_at", "sessions.ended_at")


def shorten(database, person, password=SHORT):
    """Gives a person a password that is long enough beside a code only."""
    user = database.user(person)
    sealed = database.keys.seal(CHEAP.hash(password), user_place(user.id, "password"))
    database.change(update(User).where(User.id == user.id).values(password_sealed=sealed))
    person.password = password


def disable(browser, person, password=None):
    """From Security to the end of Disable."""
    browser.open(SECURITY)
    browser.press("Disable")
    return browser.insist("Disable", Current_password=password or person.password)


def state(database, person):
    """Returns what is left of the second factor, in rows."""
    user = database.user(person)
    owned = [Authenticator, Binding, TrustedBrowser]
    counts = [len(database.all(model, model.user_id == user.id)) for model in owned[:2]]
    live = database.all(BackupCodeSet, BackupCodeSet.user_id == user.id, BackupCodeSet.replaced_at.is_(None))
    return user.two_factor, *counts, len(live)


KEPT = "You kept two-factor authentication on after this page was opened. To turn it off after all, enter your password again."


ON, OFF = ("on", 1, 0, 1), ("off", 0, 0, 0)


def post(browser, path=DISABLE, generation=0, **data):
    """Posts a form that no page offered."""
    return browser.post(path, {"generation": str(generation), **data})


# --- the road


def test_the_password_turns_it_off(browser, database, sam):
    browser.enter(sam)
    disable(browser, sam)
    assert browser.path == SECURITY and browser.notices[0] == "Two-factor authentication is off."
    [said] = [part for part in browser.page.walk() if "notice" in part.classes and part["role"] == "status"]
    assert "warn" in said.classes, "off is no success in green"
    assert browser.offers("Enable") and not browser.offers("Disable")
    assert state(database, sam) == OFF


def test_the_page_says_what_it_means_before_it_asks(plain, sam):
    plain.enter(sam).open(DISABLE)
    assert plain.heading == "Disable two-factor authentication"
    assert "Your password alone will protect your health data" in plain.text
    plain.press("Keep it on")
    assert plain.heading == "Security"


def test_the_session_goes_on_with_an_honest_level_and_the_next_sign_in_asks_no_code(plain, database, sam):
    plain.enter(sam)
    disable(plain, sam)
    own = database.all(Session)[-1]
    assert (own.level, own.second_factor_at, own.ended_at) == ("aal1", None, None)
    plain.press("Sign out")
    assert plain.sign_in(sam).path == "/home"


def test_every_other_session_ends_and_says_why_claims_too(plain, sam):
    other, claimant = plain.another().enter(sam), plain.another().sign_in(sam)
    sam.clock.next_code()
    plain.enter(sam)
    disable(plain, sam)
    other.open("/home")
    assert other.path == "/sign-in" and other.notices == [CHANGED]
    claimant.open("/sign-in/code")
    assert claimant.path == "/sign-in"


def test_trust_and_spent_steps_go_with_it(plain, database, sam):
    plain.sign_in(sam)
    plain.tick(BOX)
    plain.fill("Verify", Verification_Code=sam.code())
    own = database.all(Authenticator, Authenticator.user_id == database.user(sam).id)[0]
    database.change(SpentStep.__table__.insert().values(authenticator_id=own.id, step=7))
    disable(plain, sam)
    assert database.all(SpentStep) == []
    assert database.all(TrustedBrowser)[0].ended_at is not None
    assert database.user(sam).generation == 1


def test_nobody_elses_factors_are_touched(plain, database, sam, dr_okafor):
    before = state(database, dr_okafor)
    plain.enter(sam)
    disable(plain, sam)
    assert state(database, dr_okafor) == before == ON


def test_it_is_recorded_and_told(plain, database, sam):
    plain.enter(sam)
    disable(plain, sam)
    told = [event.event for event in database.all(Event, Event.event == "two_factor_off")]
    assert told == ["two_factor_off"]
    assert [row.template for row in database.all(Outbox)].count("two_factor_off") == 1
    plain.open("/test-bench")
    assert "Two-factor authentication is off" in plain.text and "A new password" not in plain.text


def test_old_codes_and_old_trust_are_dead_after_it_is_on_again(plain, clock, sam):
    plain.sign_in(sam)
    plain.tick(BOX)
    plain.fill("Verify", Verification_Code=sam.code())
    old = sam.codes[0]
    disable(plain, sam)
    plain.set_up(sam)
    plain.press("Sign out")
    assert plain.sign_in(sam).path == "/sign-in/code"
    plain.fill("Verify", Verification_Code=old)
    assert "from an older set" in plain.problems[0]


# --- refused, and nothing changed


def test_a_wrong_password_changes_nothing_but_is_counted(browser, database, sam):
    browser.enter(sam)
    disable(browser, sam, "not my password at all")
    assert browser.status == 422
    assert browser.problems == ["That's not your current password. Check it and try again. You have 9 tries left before a pause."]
    assert state(database, sam) == ON
    assert database.user(sam).own_failures == 1
    assert database.all(Event, Event.event == "two_factor_off")[0].result == "refused"


def test_ten_wrong_passwords_pause_and_the_right_one_waits(plain, database, sam):
    plain.enter(sam)
    for _ in range(10):
        disable(plain, sam, "not my password at all")
    disable(plain, sam)
    assert plain.problems == ["Too many attempts. Try again in 10 minutes."]
    assert state(database, sam) == ON
    assert [row.template for row in database.all(Outbox)].count("too_many_codes") == 1


@pytest.mark.parametrize("sent", [{}, {"password": ""}])
def test_a_post_without_the_password_is_refused(plain, database, sam, sent):
    plain.enter(sam).open(DISABLE)
    before = database.everything(*UNMOVED)
    assert post(plain, **sent).status_code == 422
    assert database.everything(*UNMOVED) == before


def test_a_trusted_session_is_asked_for_a_code_first(browser, database, sam):
    browser.sign_in(sam)
    browser.tick(BOX)
    browser.fill("Verify", Verification_Code=sam.code())
    browser.press("Sign out")
    assert browser.sign_in(sam).path == "/home"
    browser.open("/account")
    before = database.everything(*UNMOVED)
    for path in (DISABLE, LONGER):
        assert (
            post(browser, path, password=sam.password, new_password=LONG).headers["Location"] == f"{SECURITY}/confirm?next={path}"
        )
    assert database.everything(*UNMOVED) == before
    browser.open(DISABLE)
    sam.clock.next_code()
    browser.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert browser.path == DISABLE
    browser.fill("Disable", Current_password=sam.password)
    assert state(database, sam) == OFF


@pytest.mark.parametrize("generation", ["", "-1", "1", "x"])
def test_a_stale_form_is_refused(plain, database, sam, generation):
    plain.enter(sam).open(DISABLE)
    before = database.everything(*UNMOVED)
    assert post(plain, generation=generation, password=sam.password).status_code == 422
    assert "changed after you opened this page" in plain.response.text
    assert database.everything(*UNMOVED) == before


def test_a_form_from_before_new_codes_is_refused(browser, database, sam):
    browser.enter(sam).open(DISABLE)
    form = {field["name"]: field["value"] or "" for field in browser.page.one("main").all("input") if "name" in field}
    browser.open(f"{SECURITY}/backup-codes")
    browser.press("Regenerate Backup Codes")
    browser._go("POST", DISABLE, {**form, "password": sam.password})
    assert browser.status == 422 and "nothing was turned off" in browser.problems[0]
    assert state(database, sam) == ON


def test_a_form_of_another_session_is_refused(plain, database, sam):
    plain.enter(sam)
    answer = plain.post(DISABLE, {"password": sam.password, "generation": "0"}, token="0" * 64)
    assert answer.status_code == 403
    assert state(database, sam) == ON


def test_a_double_press_is_harmless(plain, database, sam):
    plain.enter(sam).open(DISABLE)
    assert post(plain, password=sam.password).headers["Location"].startswith(f"{SECURITY}?done=off.")
    assert post(plain, password=sam.password).headers["Location"] == SECURITY
    assert [row.template for row in database.all(Outbox)].count("two_factor_off") == 1
    plain.open("/home")
    assert plain.path == "/home"


def test_who_has_it_off_is_led_to_security(plain, maria):
    plain.enter(maria)
    for path in (DISABLE, LONGER):
        plain.open(path)
        assert plain.path == SECURITY


@pytest.mark.parametrize("name", ["dr_okafor", "admin_lee", "support"])
def test_nobody_but_patients_can(request, plain, database, name):
    person = request.getfixturevalue(name)
    plain.enter(person)
    for path in (DISABLE, LONGER):
        assert post(plain, path, password=person.password).status_code == 403
    assert state(database, person) == ON


# --- a password that was long enough beside a code only


def test_a_short_password_is_replaced_first(browser, database, sam):
    shorten(database, sam)
    browser.enter(sam)
    disable(browser, sam)
    assert browser.heading == "Choose a longer password first"
    assert state(database, sam) == ON
    browser.fill("Disable", New_password=LONG)
    assert browser.path == SECURITY and browser.notices[0] == "Two-factor authentication is off."
    assert state(database, sam) == OFF
    browser.press("Sign out")
    assert browser.sign_in(sam).status == 422
    browser.fill("Sign in", Username="sam", Password=LONG)
    assert browser.path == "/home"


def test_the_new_password_is_recorded_and_told(plain, database, sam):
    shorten(database, sam)
    plain.enter(sam)
    disable(plain, sam).fill("Disable", New_password=LONG)
    assert [event.event for event in database.all(Event)][-3:].count("password_changed") == 1
    plain.open("/test-bench")
    assert "A new password was chosen at the same time." in plain.text


@pytest.mark.parametrize(
    "password, said",
    [
        ("", "Enter a new password."),
        ("fourteen-chars", "Use at least 15 characters."),
        ("x" * 257, "Use at most 256 characters."),
        ("medximity-2026-2026", "Your username and our product names"),
        ("aaaaaaaaaaaaaaaa", "on lists that thieves try first"),
    ],
)
def test_a_password_that_cannot_stand_alone_changes_nothing(browser, database, sam, password, said):
    shorten(database, sam)
    browser.enter(sam)
    disable(browser, sam)
    before = database.everything(*UNMOVED)
    browser.fill("Disable", New_password=password)
    assert browser.status == 422 and said in browser.problems[0]
    assert database.everything(*UNMOVED) == before
    browser.fill("Disable", New_password=LONG)
    assert state(database, sam) == OFF


@pytest.mark.parametrize("password, is_enough", [("harbor-lant-15c", True), ("harbor-lan-14c", False), ("a\u0301" * 15, True)])
def test_15_characters_stand_alone_14_do_not(plain, database, sam, password, is_enough):
    shorten(database, sam, password if "a\u0301" not in password else "\u00e1" * 15)
    plain.enter(sam)
    disable(plain, sam)
    assert (state(database, sam) == OFF) == is_enough


def test_the_second_page_alone_turns_nothing_off(plain, database, sam):
    shorten(database, sam)
    plain.enter(sam)
    assert post(plain, LONGER, new_password=LONG).headers["Location"] == DISABLE
    plain.open(LONGER)
    assert plain.path == DISABLE
    assert state(database, sam) == ON


def test_the_second_page_waits_for_five_minutes(plain, clock, database, sam):
    shorten(database, sam)
    plain.enter(sam)
    disable(plain, sam)
    clock.move(minutes=5, seconds=1)
    plain.fill("Disable", New_password=LONG)
    assert plain.path == DISABLE
    assert state(database, sam) == ON


def test_the_second_page_belongs_to_its_own_session(plain, database, sam):
    shorten(database, sam)
    other = plain.another().enter(sam)
    sam.clock.next_code()
    plain.enter(sam)
    disable(plain, sam)
    assert post(other, LONGER, new_password=LONG).headers["Location"] == DISABLE
    assert state(database, sam) == ON


def test_the_second_page_from_before_a_change_turns_nothing_off(plain, clock, database, sam):
    shorten(database, sam)
    plain.enter(sam)
    disable(plain, sam)
    plain.open(SECURITY).press("Change Authenticator App").press("Continue")  # in another tab
    key = squeeze(plain.page.one("code", id="key").text)
    plain.fill("Verify and Enable", Verification_Code=totp(key, clock.now))
    assert plain.path == SECURITY
    assert post(plain, LONGER, new_password=LONG).headers["Location"] == DISABLE
    assert state(database, sam) == ON


def test_keep_it_on_ends_what_the_password_began(browser, database, sam):
    shorten(database, sam)
    browser.enter(sam)
    disable(browser, sam)
    browser.press("Keep it on")
    assert browser.path == SECURITY and state(database, sam) == ON
    assert post(browser, LONGER, new_password=LONG).headers["Location"] == DISABLE  # Back, and the form that is still there
    assert browser.open(LONGER).path == DISABLE
    assert post(browser, f"{DISABLE}/keep").headers["Location"] == SECURITY  # a second press, in another tab
    assert (state(database, sam), database.all(Event, Event.event == "password_changed")) == (ON, [])


def test_keep_it_on_from_the_first_page_ends_the_second_one_too(plain, database, sam):
    shorten(database, sam)
    plain.enter(sam)
    disable(plain, sam)
    plain.open(DISABLE).press("Keep it on")
    assert post(plain, LONGER, new_password=LONG).headers["Location"] == DISABLE
    disable(plain, sam).fill("Disable", New_password=LONG)  # begun anew, it goes on
    assert state(database, sam) == OFF


def test_keep_it_on_in_another_tab_wins_while_the_new_password_is_hashed(plain, database, monkeypatch, sam):
    shorten(database, sam)
    plain.enter(sam)
    disable(plain, sam)
    hashed, other = passwords.hash_password, plain.app.test_client()
    other.set_cookie("session", plain.cookie())
    token = plain.token

    def meanwhile(password):
        assert other.post(f"{DISABLE}/keep", data={"csrf_token": token}, headers={"User-Agent": plain.agent}).status_code == 303
        return hashed(password)

    monkeypatch.setattr(turn_off.passwords, "hash_password", meanwhile)
    assert post(plain, LONGER, new_password=LONG).headers["Location"] == DISABLE
    assert (state(database, sam), database.all(Event, Event.event == "password_changed")) == (ON, [])


def test_keep_it_on_in_another_tab_wins_while_the_password_is_compared(plain, database, monkeypatch, sam):
    plain.enter(sam)
    compared, other = passwords.verify, plain.app.test_client()
    other.set_cookie("session", plain.cookie())
    plain.open(DISABLE)
    token = plain.token

    def meanwhile(stored, password):
        assert other.post(f"{DISABLE}/keep", data={"csrf_token": token}, headers={"User-Agent": plain.agent}).status_code == 303
        return compared(stored, password)

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "verify", meanwhile)
        plain.insist("Disable", Current_password=sam.password)
    assert plain.path == DISABLE and state(database, sam) == ON
    disable(plain, sam)
    assert state(database, sam) == OFF, "begun anew, it goes on"


def test_a_session_weighs_one_longer_password_at_a_time(plain, database, sam):
    shorten(database, sam)
    plain.enter(sam)
    disable(plain, sam)
    with passwords.take_turn(token_hash(plain.cookie())):
        assert plain.fill("Disable", New_password=LONG).status == 503 and state(database, sam) == ON
    assert post(plain, LONGER, new_password=LONG).status_code == 303 and state(database, sam) == OFF


def test_a_second_press_on_the_second_page_is_harmless(plain, database, sam):
    shorten(database, sam)
    plain.enter(sam)
    disable(plain, sam)
    assert post(plain, LONGER, new_password=LONG).headers["Location"].startswith(f"{SECURITY}?done=off.")
    assert post(plain, LONGER, new_password="quite another long one").headers["Location"] == SECURITY
    assert len(database.all(Event, Event.event == "password_changed")) == 1


def test_only_the_patients_door_has_the_route(app):
    sides = {rule.endpoint for rule in app.url_map.iter_rules() if "disable" in rule.rule}
    assert sides == {f"patient.{name}" for name in ("disable", "submit_disable", "send_to_disable", "keep_on", *LONGER_ROUTES)}


def test_keep_it_on_ends_the_first_page_too(plain, sam, database, clock):
    """With Back, or in another tab: the password of a page opened before that counts no more, and costs no try."""
    plain.enter(sam).open(DISABLE)
    asked_at, generation = (plain.page.one("input", name=name)["value"] for name in ("asked_at", "generation"))
    clock.move(seconds=5)
    plain.press("Keep it on")
    for stale in (asked_at, "", "yesterday"):
        answer = plain.post(DISABLE, {"asked_at": stale, "generation": generation, "password": "not the password"})
        assert answer.status_code == 422 and KEPT in answer.text and "incorrect" not in answer.text
        assert plain.post(DISABLE, {"asked_at": stale, "generation": generation, "password": sam.password}).status_code == 422
    assert state(database, sam) == ON and database.user(sam).own_failures == 0
    clock.move(seconds=5)
    disable(plain, sam)
    assert state(database, sam) == OFF, "begun anew, it goes on"


def test_a_clock_that_was_ahead_keeps_nothing_on_for_ever(plain, sam, database, clock):
    plain.enter(sam).open(DISABLE)
    now = clock.now
    clock.move(minutes=10)
    plain.press("Keep it on")
    clock.now = now
    disable(plain, sam)
    assert state(database, sam) == OFF


# --- a code that counts for this alone


@pytest.fixture
def late(browser, sam, clock):
    """Sam's browser on the page of Disable, six minutes after the sign-in."""
    browser.enter(sam)
    clock.move(minutes=6)
    browser.open(SECURITY).press("Disable")
    return browser


def test_after_five_minutes_the_same_page_asks_for_a_code_too(late, database, sam):
    assert (late.path, late.heading) == (DISABLE, "Disable two-factor authentication")
    code = sam.code()
    late.fill("Disable", Current_password=sam.password, Verification_Code="")
    assert late.problems == ["Enter the 6-digit code."]
    late.fill("Disable", Current_password="not my password", Verification_Code=code)
    assert late.status == 422 and late.problems[0].startswith("That's not your current password.")
    late.fill("Disable", Current_password=sam.password, Verification_Code=sam.wrong_code())
    assert late.status == 422 and state(database, sam) == ON
    late.fill("Disable", Current_password=sam.password, Verification_Code=code)  # none of these has spent it
    assert late.path == SECURITY and state(database, sam) == OFF


def test_a_page_from_the_first_minutes_asks_for_the_code_when_it_is_late(browser, database, sam, clock):
    browser.enter(sam).open(DISABLE)
    assert not [each for each in browser.page.all("label") if each.text == "Verification Code"]
    clock.move(minutes=5, seconds=1)
    browser.fill("Disable", Current_password=sam.password)
    assert browser.problems == ["Enter the 6-digit code."] and state(database, sam) == ON
    browser.fill("Disable", Current_password=sam.password, Verification_Code=sam.code())
    assert state(database, sam) == OFF


def test_a_code_that_was_right_is_not_spent_if_it_was_turned_off_meanwhile(late, database, sam):
    database.change(update(User).where(User.username == "sam").values(generation=User.generation + 1))
    late.fill("Disable", Current_password=sam.password, Verification_Code=sam.code())
    assert late.status == 422 and state(database, sam) == ON
    late.fill("Disable", Current_password=sam.password, Verification_Code=sam.code())
    assert state(database, sam) == OFF


def test_a_short_password_and_a_code_lead_to_the_longer_one_and_no_second_code(late, database, sam):
    shorten(database, sam)
    late.fill("Disable", Current_password=sam.password, Verification_Code=sam.code())
    assert late.path == LONGER
    late.fill("Disable", New_password=LONG)
    assert state(database, sam) == OFF


def test_a_text_for_this_is_asked_for_on_the_page_and_counts_for_nothing_else(browser, database, inbox, maria, clock):
    turn_on_texts(browser.enter(maria), inbox, maria)
    clock.move(minutes=6)
    browser.open(SECURITY)
    browser.press("Disable")
    assert not browser.offers("Disable") and browser.offers("Keep it on") and browser.offers("Use a backup code")
    browser.press("Text me a code")
    assert browser.path == DISABLE
    code = inbox.code(maria)
    browser.open(f"{SECURITY}/backup-codes")
    clock.move(minutes=1)
    browser.press("Text me a code")
    browser.fill("Continue", Current_password=maria.password, Verification_Code=code)
    assert browser.status == 422
    clock.move(minutes=1)
    browser.open(DISABLE)
    browser.fill("Disable", Current_password=maria.password, Verification_Code=code)
    assert browser.path == SECURITY and state(database, maria) == OFF
