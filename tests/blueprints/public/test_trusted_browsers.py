"""Trusted browsers: for patients who tick the box, for thirty days, for one person and one set-up (TB-1 to TB-6, SE-9)."""

from dataclasses import replace
from hashlib import sha256

import pytest
from sqlalchemy import update

from portal.models import Authenticator, Event, Session, TrustedBrowser, User
from tests.support.mailbox import mails
from tests.support.markup import parse, squeeze

BOX = "Don't ask for a code on this browser for 30 days"
PROVIDERS = ("dr_okafor", "admin_lee", "support")


@pytest.fixture
def allow(app, monkeypatch):
    """Returns a function that sets PORTAL_TRUSTED_BROWSER_DAYS as a restart would."""

    def set_days(days):
        monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], trusted_browser_days=days))

    return set_days


def trust(browser, person):
    """Signs in with a code and the box ticked."""
    person.clock.next_code()
    browser.sign_in(person)
    browser.tick(BOX)
    browser.fill("Verify", Verification_Code=person.code())
    assert browser.path == "/home"
    return browser


def is_asked(browser, person):
    """Returns whether the password leads to the code page; otherwise the person is in."""
    browser.sign_in(person)
    assert browser.path in ("/home", "/sign-in/code")
    return browser.path == "/sign-in/code"


def leave(browser):
    """Signs out and returns the browser."""
    browser.press("Sign out")
    return browser


def level(database):
    """Returns the level of the newest session."""
    return database.all(Session)[-1].level


# --- the box


def test_the_box_is_never_ticked_beforehand(browser, sam):
    browser.sign_in(sam)
    assert "checked" not in browser.field(BOX)
    browser.press("Use a backup code")
    assert "checked" not in browser.field(BOX)


def test_without_the_tick_every_sign_in_asks(browser, clock, sam):
    browser.enter(sam)
    assert browser.cookie("trusted") is None
    assert is_asked(leave(browser), sam)


def test_with_the_tick_this_browser_is_not_asked_and_another_is(browser, sam):
    trust(browser, sam)
    assert not is_asked(leave(browser), sam)
    assert is_asked(browser.another(), sam)


def test_the_tick_works_beside_a_backup_code(browser, sam):
    browser.sign_in(sam)
    browser.press("Use a backup code")
    browser.tick(BOX)
    browser.fill("Verify", Backup_code=sam.codes[0])
    assert not is_asked(leave(browser), sam)


def test_the_tick_is_kept_beside_a_wrong_code_and_trusts_nothing_yet(browser, database, sam):
    browser.sign_in(sam)
    browser.tick(BOX)
    browser.fill("Verify", Verification_Code=sam.wrong_code())
    assert browser.status == 422
    assert "checked" in browser.field(BOX)
    assert browser.cookie("trusted") is None
    assert database.all(TrustedBrowser) == []


def test_a_session_without_a_code_is_marked_as_such(browser, database, sam):
    trust(browser, sam)
    assert level(database) == "aal2"
    assert not is_asked(leave(browser), sam)
    assert level(database) == "aal1+trusted"
    assert database.all(Session)[-1].second_factor_at is None


def test_a_wrong_password_is_wrong_on_a_trusted_browser_too(browser, sam):
    leave(trust(browser, sam))
    browser.open("/sign-in")
    browser.fill("Sign in", Username="sam", Password="not this one")
    assert browser.status == 422


# --- how long


def test_the_thirtieth_day_is_trusted_and_day_31_asks_again(plain, clock, sam):
    trust(plain, sam)
    clock.move(days=29, hours=23)
    assert not is_asked(plain, sam)
    clock.move(hours=1)
    assert is_asked(plain, sam)


def test_using_it_does_not_lengthen_it(plain, clock, sam):
    trust(plain, sam)
    for _ in range(29):
        clock.move(days=1)
        assert not is_asked(plain, sam)
    clock.move(days=1)
    assert is_asked(plain, sam)


def test_the_operator_may_offer_fewer_days(plain, allow, clock, sam):
    allow(7)
    plain.sign_in(sam)
    plain.tick("Don't ask for a code on this browser for 7 days")
    plain.fill("Verify", Verification_Code=sam.code())
    clock.move(days=6)
    assert not is_asked(plain, sam)
    clock.move(days=1)
    assert is_asked(plain, sam)


def test_the_operator_may_offer_none_and_old_trust_ends_with_it(plain, allow, database, sam):
    trust(plain, sam)
    allow(0)
    assert is_asked(leave(plain), sam)
    assert not [label for label in plain.page.all("label") if "browser" in label.text]
    sam.clock.next_code()
    plain.post("/sign-in/code", {"code": sam.code(), "trust": "1"})
    assert len(database.all(TrustedBrowser)) == 1


def test_fewer_days_hold_for_trust_that_was_given_before(plain, allow, clock, sam):
    trust(plain, sam)
    clock.move(days=8)
    allow(7)
    assert is_asked(plain, sam)


# --- the cookie


def test_the_token_is_256_random_bits_and_only_its_hash_is_kept(plain, database, sam):
    trust(plain, sam)
    token = plain.cookie("trusted")
    assert len(token) == 43
    kept = str(database.everything())
    assert token not in kept
    assert sha256(token.encode()).hexdigest() in kept


@pytest.mark.parametrize("address, name", [("http://localhost", "trusted"), ("https://portal.example", "__Host-trusted")])
def test_the_cookie_is_for_this_site_alone_and_ends_after_30_days(app, monkeypatch, sam, address, name):
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], base_url=address))
    monkeypatch.setitem(app.config, "TRUSTED_HOSTS", ["localhost", "portal.example"])
    client = app.test_client()

    def post(path, **data):
        page, _ = parse(client.get(path, base_url=address).text)
        token = page.all("input", name="csrf_token")[0]["value"]
        return client.post(path, data={"csrf_token": token, **data}, base_url=address)

    post("/sign-in", username="sam", password=sam.password)
    sent = post("/sign-in/code", code=sam.code(), trust="1").headers.getlist("Set-Cookie")
    [cookie] = [each for each in sent if each.startswith(name + "=")]
    flags = {flag.strip() for flag in cookie.split(";")[1:] if not flag.strip().startswith("Expires")}
    secure = {"Secure"} if address.startswith("https") else set()
    assert flags == {"HttpOnly", "Path=/", "SameSite=Lax", f"Max-Age={30 * 24 * 3600}"} | secure


def test_it_is_sent_once_and_not_with_every_page(plain, sam):
    trust(plain, sam)
    assert "trusted" not in str(plain.get("/home").headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(
    "made_up", ["", ".", "x", "x" * 43, ".".join("x" * 43 for _ in range(5)), "x" * 600, "\u00e4", "a.b.c.d.e.f.g"]
)
def test_a_cookie_that_means_nothing_opens_nothing(plain, sam, made_up):
    plain.client.set_cookie("trusted", made_up)
    assert is_asked(plain, sam)


def test_signing_out_keeps_the_trust(plain, sam):
    trust(plain, sam)
    kept = plain.cookie("trusted")
    leave(plain)
    assert plain.cookie("trusted") == kept


# --- several people


def turn_on(browser, person):
    """Has a patient set up an app and sign in anew with the box ticked."""
    browser.enter(person).set_up(person)
    leave(browser)
    return trust(browser, person)


def test_several_people_trust_one_browser_each_for_themselves(plain, maria, sam):
    trust(plain, sam)
    turn_on(leave(plain), maria)
    assert not is_asked(leave(plain), sam)
    assert not is_asked(leave(plain), maria)


def test_a_cookie_copied_to_another_person_asks(plain, maria, sam):
    turn_on(plain, maria)
    thief = plain.another()
    thief.client.set_cookie("trusted", plain.cookie("trusted"))
    assert is_asked(thief, sam)


def test_a_token_planted_in_a_browser_opens_nothing_of_who_trusts_it_later(plain, maria, sam):
    planted = trust(plain.another(), sam).cookie("trusted")
    plain.client.set_cookie("trusted", planted)
    turn_on(plain, maria)
    thief = plain.another()
    thief.client.set_cookie("trusted", planted)
    assert is_asked(thief, maria)


def test_trusting_again_replaces_the_row_of_this_browser(plain, database, sam):
    trust(plain, sam)
    old = plain.cookie("trusted")
    plain.client.delete_cookie("session")
    database.change(update(User).where(User.username == "sam").values(generation=User.generation + 1))
    trust(plain, sam)
    assert plain.cookie("trusted") != old
    assert len(plain.cookie("trusted")) == 43
    assert len(database.all(TrustedBrowser)) == 1


def test_a_cookie_keeps_five_people_at_most(plain, app, database, sam):
    trust(plain, sam)
    row = database.all(TrustedBrowser)[0]
    others = [f"{number}" * 43 for number in range(1, 6)]
    users = [user.id for user in database.all(User) if user.id != row.user_id][:5]
    for token, user_id in zip(others, users, strict=True):
        database.change(
            TrustedBrowser.__table__.insert().values(
                user_id=user_id, token_hash=sha256(token.encode()).hexdigest(), generation=0, ip="", user_agent="",
                created_at=row.created_at, last_used_at=row.created_at, expires_at=row.expires_at,
            )
        )  # fmt: skip
    leave(plain)
    plain.client.set_cookie("trusted", ".".join(others))
    trust(plain, sam)
    tokens = plain.cookie("trusted").split(".")
    assert tokens[:-1] == others[1:] and len(tokens) == 5


# --- never for providers


@pytest.mark.parametrize("name", PROVIDERS)
def test_others_than_patients_have_no_box_and_no_trust(request, plain, database, name):
    person = request.getfixturevalue(name)
    plain.sign_in(person)
    assert not [label for label in plain.page.all("label") if "browser" in label.text]
    plain.post("/sign-in/code", {"code": person.code(), "trust": "1"})
    assert plain.status == 303
    assert plain.cookie("trusted") is None
    assert database.all(TrustedBrowser) == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_others_than_patients_are_asked_whatever_cookie_comes(request, plain, database, sam, name):
    person = request.getfixturevalue(name)
    trust(plain, sam)
    database.change(update(TrustedBrowser).values(user_id=database.user(person).id))
    assert is_asked(leave(plain), person)


def test_a_patient_who_became_a_provider_reads_no_chart_by_trust(plain, database, sam):
    assert not is_asked(leave(trust(plain, sam)), sam)
    database.change(update(User).where(User.username == "sam").values(role="provider", practice_id=1))
    assert plain.open("/ehr/charts").heading == "Confirm it's you"


# --- what ends it


def test_new_backup_codes_end_it(plain, sam):
    other = trust(plain.another(), sam)
    sam.clock.next_code()
    plain.enter(sam)
    plain.open("/account/security/backup-codes")
    plain.press("Regenerate Backup Codes")
    assert is_asked(other, sam)


def test_a_new_app_ends_it(plain, clock, sam):
    other = trust(plain.another(), sam)
    clock.next_code()
    plain.enter(sam)
    plain.open("/account/security").press("Change Authenticator App")
    plain.press("Continue")
    sam.key = squeeze(plain.page.one("code", id="key").text)
    plain.fill("Verify and Enable", Verification_Code=sam.code())
    assert is_asked(other, sam)


def test_its_beginning_and_end_are_recorded(plain, database, sam):
    trust(plain, sam)
    plain.open("/account/security/backup-codes")
    plain.press("Regenerate Backup Codes")
    told = [(event.event, event.reason) for event in database.all(Event) if event.factor == "trusted_browser"]
    assert told == [("trusted_browser_added", None), ("trusted_browser_removed", "two_factor_changed")]


def test_a_sign_in_without_a_code_is_recorded_as_such(plain, database, sam):
    leave(trust(plain, sam))
    plain.sign_in(sam)
    event = database.all(Event, Event.event == "authn_login_success")[-1]
    assert (event.factor, event.result) == ("trusted_browser", "ok")


# --- before any change


@pytest.mark.parametrize("path", ["/account/security", "/account/security/backup-codes"])
def test_a_trusted_session_shows_a_code_before_security(browser, sam, path):
    leave(trust(browser, sam))
    browser.sign_in(sam)
    browser.open(path)
    assert browser.heading == "Confirm it's you"
    sam.clock.next_code()
    browser.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert browser.path == path


def test_a_trusted_session_changes_nothing_by_a_direct_post(plain, database, sam):
    leave(trust(plain, sam))
    plain.sign_in(sam)
    before = database.everything("sessions.last_seen_at")
    assert plain.post("/account/security/backup-codes").status_code == 303
    assert "/account/security/confirm" in plain.response.headers["Location"]
    assert database.everything("sessions.last_seen_at") == before


def test_a_trusted_session_names_no_authenticator_without_a_code(browser, database, sam):
    user = database.user(sam).id
    path = f"/account/security/authenticators/{database.all(Authenticator, Authenticator.user_id == user)[0].id}/name"
    leave(trust(browser, sam))
    browser.sign_in(sam)
    answer = browser.post(path, {"name": "Not his"})
    assert answer.status_code == 303 and "/account/security/confirm" in answer.headers["Location"]
    browser.open(path)
    assert browser.heading == "Confirm it's you"
    assert database.all(Authenticator, Authenticator.user_id == user)[0].name == "Authenticator App"
    sam.clock.next_code()
    browser.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert browser.path == path


def test_who_will_not_show_a_code_gets_back_to_their_account(browser, sam):
    leave(trust(browser, sam))
    browser.sign_in(sam)
    browser.open("/account/security")
    browser.press("Cancel")
    assert browser.path == "/account"


def test_a_trusted_browser_changes_the_name_without_a_code_and_nothing_that_ra_1_lists(browser, database, sam):
    """RA-1 names factors, contacts, and backup codes. A name is none of these, and every address is told of it."""
    leave(trust(browser, sam))
    browser.sign_in(sam)
    assert level(database) == "aal1+trusted"
    browser.open("/account/name").fill("Save", Name="Samuel Okoye")
    assert database.user(sam).full_name == "Samuel Okoye" and browser.path == "/account"
    assert mails(browser, to="sam@example.test", subject="Your name was changed")
    for path in ("email", "addresses", "phone", "security/two-factor", "security/backup-codes"):
        assert "/confirm" in browser.open(f"/account/{path}").path, path
