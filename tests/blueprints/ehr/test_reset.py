"""Reset two-factor authentication of a colleague: what it needs, what it ends, and the way back (AD-1 to AD-5, product rule 1)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.models import (
    Authenticator,
    BackupCodeSet,
    Binding,
    Event,
    Link,
    Outbox,
    ResetRequest,
    SentCode,
    Session,
    TrustedBrowser,
    User,
)
from tests.support.mailbox import mails, told
from tests.support.markup import squeeze

TEAM = "/ehr/settings/team"
SECURITY = "/ehr/settings/security"
CHOOSE = f"{SECURITY}/two-factor"
LINK_MAIL = "Set up two-factor authentication again"
NOTICE = "Two-factor authentication was reset"
DEED = "Reset two-factor authentication"


def page_of(database, person):
    """Returns the address of the page that resets somebody."""
    return f"{TEAM}/{database.user(person).id}/reset"


def ask(browser, database, person, reason="Phone lost on Friday.", check="Saw them in person"):
    """Opens the page of a person and presses Reset."""
    browser.open(page_of(database, person))
    browser.tick(check)
    return browser.fill("Reset", Reason=reason)


def link_of(browser, person):
    """Returns the path of the newest link that was mailed to somebody."""
    return mails(browser, to=f"{person.username}@example.test", subject=LINK_MAIL)[0].link


def events(database, name, **columns):
    """Returns the events of a name."""
    return [row for row in database.all(Event, Event.event == name) if all(getattr(row, key) == columns[key] for key in columns)]


def refusals(database, reason):
    """Returns how often something was refused: one row a minute counts them."""
    return sum(row.times for row in events(database, "authz_fail", reason=reason))


def make(database, person, **columns):
    """Changes columns of a person, as the people who run the portal do."""
    database.change(update(User).where(User.username == person.username).values(**columns))


def state(database, person):
    return database.user(person).two_factor


@pytest.fixture
def lee(plain, admin_lee):
    """The administrator's browser."""
    return plain.another().enter(admin_lee)


# --- the page


def test_team_members_lead_to_the_page_and_it_says_what_will_happen(lee, database, dr_okafor):
    lee.open(TEAM).press("Security Status")
    lee.press(f"{DEED} {dr_okafor.name}")
    assert (lee.path, lee.heading) == (page_of(database, dr_okafor), f"{DEED} for {dr_okafor.name}")
    for words in (dr_okafor.name, "Provider", "Authenticator App", "signed out everywhere", "You never see it", "24 hours"):
        assert words in lee.text
    assert dr_okafor.key not in squeeze(lee.text)


def test_nobody_is_offered_to_reset_themselves(lee, database, admin_lee):
    lee.open(f"{TEAM}/security")
    assert not lee.offers(f"{DEED} {admin_lee.name}")
    assert lee.open(page_of(database, admin_lee)).status == 403
    assert lee.post(page_of(database, admin_lee), {"reason": "x", "checks": "photo_id"}).status_code == 403
    assert refusals(database, "own_reset") == 2 and state(database, admin_lee) == "on"


@pytest.mark.parametrize("name", ["dr_novak", "sam"])
def test_somebody_of_another_practice_is_not_there_and_that_is_recorded(lee, request, database, name):
    person = request.getfixturevalue(name)
    path = page_of(database, person)
    for page in (path, f"{path}/done"):
        assert lee.open(page).status == 404
    lee.open(TEAM)
    assert lee.post(path, {"reason": "x", "checks": "photo_id", "generation": "0"}).status_code == 404
    assert refusals(database, "not_own") == 3
    assert state(database, person) == "on"


@pytest.mark.parametrize("number", ["0", "999", "9" * 30])
def test_somebody_who_is_nobody_is_not_there(lee, database, number):
    assert lee.open(f"{TEAM}/{number}/reset").status == 404
    assert not events(database, "authz_fail")


def test_a_closed_account_is_not_there(lee, database, clock, dr_okafor):
    make(database, dr_okafor, disabled_at=clock.now)
    assert lee.open(page_of(database, dr_okafor)).status == 404


def test_a_role_that_is_not_below_is_refused(lee, database, support, dr_okafor):
    for role in ("support", "patient"):
        make(database, dr_okafor, role=role)
        assert lee.open(page_of(database, dr_okafor)).status == 403
    assert refusals(database, "higher_role") == 2


@pytest.mark.parametrize("name", ["dr_chen", "dr_okafor"])
def test_providers_reset_nobody(plain, request, database, admin_lee, name):
    plain.enter(request.getfixturevalue(name))
    answer = plain.post(page_of(database, admin_lee), {"reason": "x", "checks": "photo_id", "generation": "0"})
    assert answer.status_code in (303, 403) and state(database, admin_lee) == "on"


def test_a_demoted_administrator_with_an_open_page_resets_nobody(lee, database, admin_lee, dr_okafor):
    lee.open(page_of(database, dr_okafor))
    make(database, admin_lee, role="provider")
    lee.tick("Saw them in person")
    lee.fill("Reset", Reason="Phone lost.")
    assert lee.status == 403 and state(database, dr_okafor) == "on"


def test_where_it_is_off_there_is_nothing_to_reset(lee, database, dr_chen):
    lee.open(page_of(database, dr_chen))
    assert not lee.offers("Reset") and "nothing to reset" in lee.text
    lee.post(page_of(database, dr_chen), {"reason": "x", "checks": "photo_id", "generation": "0"})
    assert lee.response.status_code == 422 and "nothing to reset" in lee.response.text
    assert state(database, dr_chen) == "off" and not database.all(ResetRequest)


# --- what it needs


@pytest.fixture
def lee_twice(browser, admin_lee):
    """The administrator's browser in both guises."""
    return browser.enter(admin_lee)


def test_without_reason_and_tick_nothing_happens(lee_twice, database, dr_okafor):
    lee_twice.open(page_of(database, dr_okafor)).press("Reset")
    assert lee_twice.status == 422
    assert lee_twice.problems == ["Give a reason in a few words.", "Select at least one way you checked who they are."]
    lee_twice.tick("Compared their photo ID with the person")
    lee_twice.fill("Reset", Reason=" \n ")
    assert lee_twice.problems == ["Give a reason in a few words."]
    assert "checked" in lee_twice.field("Compared their photo ID with the person")
    assert state(database, dr_okafor) == "on"


def test_too_long_a_reason_is_refused_and_kept(lee, database, dr_okafor):
    ask(lee, database, dr_okafor, "x" * 501)
    assert lee.status == 422 and lee.problems[0] == "Use at most 500 characters for the reason."
    assert lee.field("Reason").raw_text.strip() == "x" * 501
    assert state(database, dr_okafor) == "on"


@pytest.mark.parametrize(
    "typed",
    [
        "Lost that blue phon in a taxi",
        "Telephone 503-555-0142 rung, x" * 10,
        "新しい電話",
        "a-b 1234-5678",
        "Code was 0123-4567-89AB-CDEF.",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    ],
)
def test_plain_words_are_a_reason(lee, database, dr_okafor, typed):
    ask(lee, database, dr_okafor, typed)
    assert lee.path.endswith("/done") and database.all(ResetRequest)[0].reason == typed


def test_a_check_of_ones_own_invention_counts_for_nothing(lee, database, dr_okafor):
    lee.open(page_of(database, dr_okafor))
    answer = lee.post(page_of(database, dr_okafor), {"reason": "Lost", "checks": "mothers_maiden_name", "generation": "0"})
    assert answer.status_code == 422 and state(database, dr_okafor) == "on"


def test_after_five_minutes_password_and_code_come_first_and_what_was_typed_is_kept(
    lee_twice, database, clock, admin_lee, dr_okafor
):
    lee_twice.open(page_of(database, dr_okafor))
    clock.move(minutes=6)
    lee_twice.tick("Compared their photo ID with the person")
    lee_twice.fill("Reset", Reason="Phone stolen.\nPolice told.")
    assert lee_twice.heading == "Confirm it's you" and state(database, dr_okafor) == "on"
    lee_twice.fill("Continue", Current_password=admin_lee.password, Verification_Code=admin_lee.code())
    assert lee_twice.path == page_of(database, dr_okafor)
    assert lee_twice.field("Reason").raw_text.strip() == "Phone stolen.\nPolice told."
    assert "checked" in lee_twice.field("Compared their photo ID with the person")
    lee_twice.press("Reset")
    assert state(database, dr_okafor) == "reset"
    [row] = database.all(ResetRequest)
    assert (row.status, row.reason, row.checks) == ("done", "Phone stolen.\nPolice told.", ["photo_id"])


def test_a_draft_is_its_authors_and_lasts_half_an_hour(lee, plain, database, clock, admin_lee, dr_okafor, dr_chen):
    lee.open(page_of(database, dr_okafor))
    clock.move(minutes=6)
    lee.tick("Saw them in person")
    lee.fill("Reset", Reason="Phone stolen.")
    lee.fill("Continue", Current_password=admin_lee.password, Verification_Code=admin_lee.code())
    assert lee.open(page_of(database, dr_chen)).status == 200
    clock.move(minutes=31)
    plain.enter(admin_lee).open(page_of(database, dr_okafor))
    assert plain.field("Reason").raw_text.strip() == ""


def test_the_page_itself_opens_to_a_fresh_proof(lee, clock, database, dr_okafor):
    clock.move(minutes=6)
    lee.open(page_of(database, dr_okafor))
    assert lee.heading == "Confirm it's you"


def test_without_an_address_a_link_has_nowhere_to_go(lee, database, dr_okafor):
    for sealed in (None, b"old:broken"):
        make(database, dr_okafor, email_sealed=sealed)
        lee.open(page_of(database, dr_okafor))
        assert "no email address" in lee.text and "We email a link to" not in lee.text and not lee.offers("Reset")
    assert state(database, dr_okafor) == "on"


def test_an_address_lost_while_the_page_was_open_is_refused(lee, database, dr_okafor):
    lee.open(page_of(database, dr_okafor)).tick("Saw them in person")
    make(database, dr_okafor, email_sealed=None)
    lee.fill("Reset", Reason="Phone lost on Friday.")
    assert lee.status == 422 and "no email address" in lee.problems[0]
    assert state(database, dr_okafor) == "on"


# --- what it does


def test_everything_that_let_the_person_in_is_void_at_the_next_request(lee_twice, database, dr_okafor):
    at_work = lee_twice.another().enter(dr_okafor)
    half_way = lee_twice.another()
    half_way.sign_in(dr_okafor)
    before = database.user(dr_okafor).generation
    ask(lee_twice, database, dr_okafor)
    assert lee_twice.heading == f"Two-factor authentication was reset for {dr_okafor.name}"
    user = database.user(dr_okafor)
    assert (user.two_factor, user.two_factor_since, user.generation) == ("reset", None, before + 1) and user.reset_at
    for model in (Authenticator, Binding, TrustedBrowser):
        assert not database.all(model, model.user_id == user.id)
    assert all(
        row.replaced_at and row.codes_sealed is None for row in database.all(BackupCodeSet, BackupCodeSet.user_id == user.id)
    )
    assert not [row for row in database.all(Session, Session.user_id == user.id) if row.ended_at is None]
    assert at_work.open("/ehr/charts").path == "/sign-in" and "was reset" in at_work.text
    half_way.fill("Verify", Verification_Code=dr_okafor.code())
    assert half_way.path == "/sign-in"


def test_texts_and_links_under_way_are_void_and_failures_forgotten(lee, plain, database, clock, dr_okafor):
    user = database.user(dr_okafor)
    plain.open("/forgot-password").fill("Send link", Username_or_email_address=dr_okafor.username)
    old = mails(plain, to="dr.okafor@example.test", subject="Choose a new password")[0].link
    database.change(
        SentCode.__table__.insert().values(
            id="s" * 32, user_id=user.id, attempt="session:1", authenticator_id="a" * 32, to_hash=b"x", prefix="+1503", ip="",
            code_hash=b"x", outbox_id=database.all(Outbox)[0].id, created_at=clock.now, expires_at=clock.now,
        )
    )  # fmt: skip
    make(database, dr_okafor, code_failures=9, codes_paused_until=clock.now.replace(hour=23))
    ask(lee, database, dr_okafor)
    assert plain.open(old).status == 404
    assert database.all(SentCode)[0].replaced_at
    user = database.user(dr_okafor)
    assert (user.code_failures, user.codes_paused_until) == (0, None)


def test_the_person_alone_gets_the_link_and_all_their_addresses_the_notice(lee, plain, database, clock, dr_okafor, admin_lee):
    from portal.flows.messages.notices import address_place
    from portal.models import NoticeAddress

    user = database.user(dr_okafor)
    database.change(
        NoticeAddress.__table__.insert().values(
            id="n" * 32, user_id=user.id, email_sealed=database.keys.seal("ada@home.example", address_place("n" * 32)),
            is_first=False, created_at=clock.now, confirmed_at=clock.now,
        )
    )  # fmt: skip
    ask(lee, database, dr_okafor, "Phone lost on Friday.")
    assert told(plain, NOTICE) == ["ada@home.example", "dr.okafor@example.test"]
    assert told(plain, LINK_MAIL) == ["dr.okafor@example.test"]
    notice = mails(plain, subject=NOTICE)[0]
    assert f"{admin_lee.name} reset two-factor authentication" in notice.text and "/not-me/" in notice.link
    assert "Friday" not in notice.text
    assert mails(plain, to="admin.lee@example.test", subject=LINK_MAIL) == []


def test_the_person_reads_who_did_it_and_why(lee, plain, database, dr_okafor, admin_lee):
    ask(lee, database, dr_okafor, "Phone lost on Friday.")
    come_back(plain, dr_okafor)
    plain.open(f"{SECURITY}/activity")
    assert "Your two-factor authentication was reset. By Robin Lee. Reason: Phone lost on Friday." in plain.text
    assert "You signed in with a reset link and your password." in plain.text
    lee.open(f"{SECURITY}/activity")
    assert "You reset someone's two-factor authentication. For Dr. Ada Okafor. Reason: Phone lost on Friday." in lee.text
    [event] = events(database, "two_factor_reset")
    assert (event.actor_id, event.subject_id) == (database.user(admin_lee).id, database.user(dr_okafor).id)


# --- the way back


def come_back(browser, person):
    """Opens the link, shows the password and sets up; ends on the page of backup codes."""
    browser.open(link_of(browser, person))
    browser.fill("Continue", Password=person.password)
    browser.press("Continue")
    person.key = squeeze(browser.page.one("code", id="key").text)
    browser.fill("Confirm and Activate", Verification_Code=person.code())
    person.codes = browser.read_codes()
    return browser


@pytest.fixture
def reset_okafor(lee, database, dr_okafor):
    """Dr. Okafor after a reset; the app and the codes are the old ones."""
    ask(lee, database, dr_okafor)
    return dr_okafor


def test_link_and_password_lead_into_set_up_and_then_to_normal_life(browser, database, clock, reset_okafor):
    old_code = reset_okafor.codes[0]
    come_back(browser, reset_okafor)
    assert (browser.path, state(database, reset_okafor)) == (f"{CHOOSE}/backup-codes", "on")
    assert old_code not in browser.text
    browser.post(f"{CHOOSE}/backup-codes/later")
    assert browser.open("/ehr/charts").status == 200 and browser.path == "/ehr/charts"
    assert told(browser, "Two-factor authentication is on") == ["dr.okafor@example.test"]
    clock.next_code()
    again = browser.another()
    again.sign_in(reset_okafor)
    again.fill("Verify", Verification_Code=old_code)
    assert again.status == 422
    again.fill("Verify", Verification_Code=reset_okafor.code())
    assert again.path == "/ehr/charts"


def test_they_lead_nowhere_else(plain, database, reset_okafor):
    plain.open(link_of(plain, reset_okafor))
    assert plain.response.headers["Referrer-Policy"] == "no-referrer" and plain.page.one("html")["data-brand"] == "ehr"
    plain.fill("Continue", Password=reset_okafor.password)
    assert plain.path == CHOOSE
    for path in (
        "/ehr/charts",
        "/ehr/charts/1",
        TEAM,
        f"{SECURITY}/activity",
        f"{SECURITY}/backup-codes",
        "/account/security",
        "/home",
    ):
        assert plain.open(path).path == SECURITY, path
        assert plain.offers("Set Up Now")
    for path in ("/ehr/charts/1", f"{SECURITY}/backup-codes", f"{SECURITY}/sessions"):
        assert plain.post(path).headers["Location"].startswith(SECURITY)


def test_a_closed_tab_costs_no_new_reset(plain, reset_okafor):
    plain.open(link_of(plain, reset_okafor)).fill("Continue", Password=reset_okafor.password)
    plain.press("Continue")
    key = squeeze(plain.page.one("code", id="key").text)
    other = plain.another()
    other.open(link_of(plain, reset_okafor)).fill("Continue", Password=reset_okafor.password)
    other.press("Continue")
    assert squeeze(other.page.one("code", id="key").text) == key


def test_the_password_is_asked_again_after_five_minutes_in_set_up(plain, clock, reset_okafor):
    plain.open(link_of(plain, reset_okafor)).fill("Continue", Password=reset_okafor.password)
    clock.move(minutes=6)
    plain.open(CHOOSE)
    assert plain.heading == "Confirm it's you"
    plain.fill("Continue", Current_password="wrong on purpose")
    assert plain.status == 422
    plain.fill("Continue", Current_password=reset_okafor.password)
    assert plain.path == CHOOSE


def test_the_link_without_the_password_opens_nothing(plain, database, reset_okafor):
    path = link_of(plain, reset_okafor)
    plain.open(path)
    assert plain.heading == "Set up two-factor authentication again" and not plain.page.all("details")
    plain.press("Continue")
    assert plain.problems == ["Enter your password."]
    plain.fill("Continue", Password="wrong on purpose")
    assert plain.problems == ["That's not your current password. Check it and try again. You have 9 tries left before a pause."]
    assert plain.open(CHOOSE).path == "/sign-in"
    assert events(database, "authn_login_fail", reason="reset_link")


def test_wrong_passwords_beside_the_link_pause(plain, clock, database, reset_okafor):
    plain.open(link_of(plain, reset_okafor))
    for _ in range(10):
        plain.fill("Continue", Password="wrong on purpose")
    assert plain.problems == ["Too many attempts. Try again in 10 minutes."]
    plain.fill("Continue", Password=reset_okafor.password)
    assert plain.problems == ["Too many attempts. Try again in 10 minutes."]
    assert events(database, "authn_login_lock") and events(database, "authn_login_fail", reason="throttled")
    clock.move(minutes=10)
    plain.fill("Continue", Password=reset_okafor.password)
    assert plain.path == CHOOSE and database.user(reset_okafor).code_failures < 10


def test_the_password_without_the_link_opens_nothing_and_says_so(plain, database, reset_okafor, admin_lee):
    plain.sign_in(reset_okafor)
    assert plain.status == 422 and plain.problems[0].startswith(
        "Two-factor authentication for this account was reset. Open the link"
    )
    assert plain.problems[0].endswith("No email? Ask your practice administrator, or Contact Support.")
    make(database, admin_lee, two_factor="off")
    plain.sign_in(reset_okafor)
    assert plain.problems[0].endswith("It works together with your password. No email? Contact Support.")
    assert plain.open("/ehr/charts").path == "/sign-in"
    assert events(database, "authn_login_fail", reason="reset_link_due")
    reset_okafor.password = "not the password"
    plain.sign_in(reset_okafor)
    assert plain.problems == ["Your username or password is incorrect. Check both and try again."]


def test_a_forgotten_password_is_no_way_around_the_link(plain, reset_okafor):
    plain.open("/forgot-password").fill("Send link", Username_or_email_address=reset_okafor.username)
    assert mails(plain, to="dr.okafor@example.test", subject="Choose a new password") == []


def test_a_link_that_was_used_says_so(plain, reset_okafor):
    path = link_of(plain, reset_okafor)
    come_back(plain, reset_okafor)
    other = plain.another()
    assert other.open(path).status == 404 and "already used" in other.text and other.offers("Sign in")
    assert other.post(path, {"password": reset_okafor.password}, token=plain.token).status_code in (403, 404)
    other.open("/sign-in")
    assert other.post(path, {"password": reset_okafor.password}).status_code == 404


def test_a_link_of_yesterday_says_so(plain, clock, reset_okafor, database, admin_lee):
    path = link_of(plain, reset_okafor)
    plain.open(path)
    clock.move(hours=23, minutes=59, seconds=59)
    assert plain.get(path).status_code == 200
    clock.move(seconds=1)
    assert plain.fill("Continue", Password=reset_okafor.password).status == 404
    assert "has expired" in plain.text and state(database, reset_okafor) == "reset"
    assert "If not, ask your practice administrator or support for a new link." in plain.text
    make(database, admin_lee, two_factor="off")
    assert "If not, ask support for a new link." in plain.open(path).text, "nobody is sent to an administrator there isn't"


def test_an_address_that_was_never_mailed_says_so(plain):
    assert plain.open("/set-up-again/" + "x" * 43).status == 404 and "t complete" in plain.text
    assert "ask support for a new link" in plain.text, "whose it was is unknown"


def test_a_link_dies_between_page_and_press(plain, database, clock, reset_okafor, monkeypatch):
    from portal import passwords

    verify = passwords.verify

    def meanwhile(stored, password):
        database.change(update(Link).values(used_at=clock.now))
        return verify(stored, password)

    plain.open(link_of(plain, reset_okafor))
    monkeypatch.setattr(passwords, "verify", meanwhile)
    plain.fill("Continue", Password=reset_okafor.password)
    assert plain.status == 404 and "already used" in plain.text


def test_another_reset_sends_a_new_link_and_ends_the_one_before(lee, plain, database, clock, reset_okafor):
    first = link_of(plain, reset_okafor)
    inside = plain.another()
    inside.open(first).fill("Continue", Password=reset_okafor.password)
    clock.move(seconds=1)
    lee.open(page_of(database, reset_okafor))
    assert "Another reset sends a new link" in lee.text
    ask(lee, database, reset_okafor, "The mail is gone.")
    second = link_of(plain, reset_okafor)
    assert second != first
    assert plain.open(first).status == 404
    assert inside.open(CHOOSE).path == "/sign-in"
    come_back(plain, reset_okafor)
    assert state(database, reset_okafor) == "on"


def test_a_patient_who_was_reset_reaches_set_up_alone(plain, database, app, sam, support):
    reset_directly(app, database, sam, support)
    plain.open(link_of(plain, sam))
    assert plain.page.one("html")["data-brand"] == "portal"
    plain.fill("Continue", Password=sam.password)
    choose = "/account/security/two-factor"
    assert plain.path == choose
    for path in ("/home", "/account", "/account/security", "/account/security/activity", "/account/email"):
        assert plain.open(path).path == choose, path
    plain.open(choose).press("Continue")
    sam.key = squeeze(plain.page.one("code", id="key").text)
    plain.fill("Verify and Enable", Verification_Code=sam.code())
    plain.read_codes()
    assert plain.open("/home").path == "/home" and state(database, sam) == "on"


def reset_directly(app, database, person, by):
    """Resets a patient, which no page does: account recovery leads to the same state."""
    from portal.db import begin_write, db
    from portal.flows.base.context import LEVEL_TWO, RequestContext
    from portal.flows.resets import reset as reset_flow
    from portal.flows.sessions import sessions

    subject, now = database.user(person), person.clock.now
    about = {"practice_id": None, "subject_id": subject.id, "generation": subject.generation, "asked_by_id": database.user(by).id}
    row = ResetRequest(asked_at=now, reason="Phone lost", checks=["photo_id"], status="done", **about)
    seen = {"now": now, "keys": app.extensions["keys"], "ip": "127.0.0.1", "user_agent": "x", "request_id": "x"}
    with app.test_request_context():
        begin_write()
        token, _ = sessions.begin_session(RequestContext(**seen), db.session.get(User, database.user(by).id), LEVEL_TWO, None)
        db.session.add(row)
        db.session.flush()
        assert reset_flow.reset_two_factor(RequestContext(**seen, visitor=sessions.find_session(token, now)), row)
        db.session.commit()


# --- two who press, and a second person


def two_administrators(plain, database, dr_okafor):
    """Makes Dr. Okafor an administrator, too; returns that browser."""
    make(database, dr_okafor, role="administrator")
    return plain.another().enter(dr_okafor)


def set_up_chen(plain, dr_chen, clock):
    plain.enter(dr_chen).set_up_ehr(dr_chen)
    plain.press("Sign out")
    clock.next_code()


def test_who_comes_second_is_told_who_did_it(lee, plain, database, clock, dr_chen, dr_okafor):
    set_up_chen(plain, dr_chen, clock)
    other = two_administrators(plain, database, dr_okafor)
    other.open(page_of(database, dr_chen))
    ask(lee, database, dr_chen)
    other.tick("Saw them in person")
    other.fill("Reset", Reason="Lost, too.")
    assert other.status == 422 and other.problems == [
        "Robin Lee reset this account just before you, so we didn't reset it again."
    ]
    assert len(events(database, "two_factor_reset")) == 1
    assert told(plain, LINK_MAIL) == ["dr.chen@example.test"]


def test_a_second_press_is_one_reset(lee, database, plain, dr_okafor):
    lee.open(page_of(database, dr_okafor))
    data = {"reason": "Lost", "checks": "photo_id", "generation": str(database.user(dr_okafor).generation)}
    for _ in range(2):
        assert lee.post(page_of(database, dr_okafor), data).headers["Location"].endswith("/done")
    assert len(events(database, "two_factor_reset")) == 1 and len(told(plain, LINK_MAIL)) == 1


@pytest.mark.parametrize("seen", ["", "-1", "x", "99"])
def test_an_account_that_changed_meanwhile_is_looked_at_again(lee, database, dr_okafor, seen):
    lee.open(page_of(database, dr_okafor))
    answer = lee.post(page_of(database, dr_okafor), {"reason": "Lost", "checks": "photo_id", "generation": seen})
    assert answer.status_code == 422 and "changed after you opened the page" in answer.text
    assert state(database, dr_okafor) == "on"


def test_the_last_administrator_needs_a_second_person(lee, plain, database, dr_okafor, support):
    other = two_administrators(plain, database, dr_okafor)
    lee.open(page_of(database, dr_okafor))
    assert "A second person decides first." in lee.text and "only administrator" in lee.text
    ask(lee, database, dr_okafor, "Phone lost.")
    assert lee.heading == "Waiting for a second person"
    assert state(database, dr_okafor) == "on" and told(plain, LINK_MAIL) == []
    assert told(plain, "Someone asked to reset your two-factor authentication") == ["dr.okafor@example.test"]
    assert "There's nothing waiting for you." in lee.open(f"{TEAM}/approvals").text, "who asks does not decide"
    assert "There's nothing waiting for you." in other.open(f"{TEAM}/approvals").text, "nobody decides about themselves"
    [mail] = mails(plain, subject="A reset is waiting for your approval")
    assert mail.to == "support@example.test" and "Robin Lee asked" in mail.text and dr_okafor.name not in mail.text
    agent = plain.another().enter(support)
    agent.open(mail.link)
    agent.press("View request")
    for words in (dr_okafor.name, "Robin Lee", "Phone lost.", "Saw them in person", "Riverside Family Practice"):
        assert words in agent.text
    agent.press("Approve")
    assert "Approved." in agent.notices[0] and state(database, dr_okafor) == "reset"
    assert "Noor Haddad approved it." in mails(plain, subject=NOTICE)[0].text
    come_back(plain, dr_okafor)
    plain.open(f"{SECURITY}/activity")
    assert "was reset. By Noor Haddad, requested by Robin Lee. Reason: Phone lost." in plain.text
    assert "A reset you asked for was approved. By Noor Haddad." in lee.open(f"{SECURITY}/activity").text


def test_with_a_third_administrator_one_is_enough(lee, plain, database, clock, dr_okafor, dr_chen):
    set_up_chen(plain, dr_chen, clock)
    make(database, dr_chen, role="administrator")
    make(database, dr_okafor, role="administrator")
    ask(lee, database, dr_okafor)
    assert state(database, dr_okafor) == "reset"


CHANGES = ("email_changed", "phone_changed", "notice_address_added", "notice_address_removed")


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_of_contact_a_colleague_approves(plain, database, clock, admin_lee, dr_okafor, dr_chen, change):
    set_up_chen(plain, dr_chen, clock)
    changed(database, clock, dr_chen, change)
    clock.move(hours=71, minutes=59)
    make(database, dr_okafor, role="administrator")
    ask(plain.enter(admin_lee), database, dr_chen)
    assert state(database, dr_chen) == "on"
    assert told(plain, "A reset is waiting for your approval") == ["dr.okafor@example.test"]
    approver = plain.another().enter(dr_okafor)
    approver.open("/ehr/settings").press("Waiting for your approval")
    approver.press("View request")
    approver.press("Approve")
    assert state(database, dr_chen) == "reset" and approver.path == f"{TEAM}/approvals"
    assert told(plain, LINK_MAIL) == ["dr.chen@example.test"]


def changed(database, clock, person, name):
    """Records a change of contact, as the person's profile does."""
    row = {"at": clock.now, "event": name, "result": "ok", "subject_id": database.user(person).id, "role": "provider"}
    database.change(Event.__table__.insert().values(request_id="x", ip="", user_agent="x", app_version="x", **row))


def test_after_a_password_by_mail_the_mailbox_alone_opens_nothing(plain, database, clock, admin_lee, dr_okafor):
    """A new password by one link, set-up by the other: a second person looks first (RC-1)."""
    row = {"at": clock.now, "event": "password_changed", "factor": "link", "result": "ok", "role": "provider"}
    row["subject_id"] = database.user(dr_okafor).id
    database.change(Event.__table__.insert().values(request_id="x", ip="", user_agent="x", app_version="x", **row))
    lee = plain.enter(admin_lee).open(page_of(database, dr_okafor))
    assert "reset by email less than 72 hours ago" in lee.text
    ask(lee, database, dr_okafor)
    assert state(database, dr_okafor) == "on"


def test_three_days_after_a_change_of_contact_one_is_enough(lee, plain, database, clock, admin_lee, dr_okafor):
    changed(database, clock, dr_okafor, "email_changed")
    clock.move(hours=72)
    ask(plain.enter(admin_lee), database, dr_okafor)
    assert state(database, dr_okafor) == "reset"


def test_the_sixth_reset_within_an_hour_needs_a_second_person(lee, plain, database, clock, dr_okafor):
    for _ in range(5):
        ask(lee, database, dr_okafor)
        clock.move(seconds=1)
    assert len(events(database, "two_factor_reset")) == 5
    lee.open(page_of(database, dr_okafor))
    assert "several accounts within the last hour" in lee.text
    ask(lee, database, dr_okafor)
    assert lee.heading == "Waiting for a second person" and len(events(database, "two_factor_reset")) == 5


@pytest.fixture
def waiting(lee, database, clock, dr_okafor):
    """A reset of Dr. Okafor that waits for a second person."""
    changed(database, clock, dr_okafor, "email_changed")
    ask(lee, database, dr_okafor, "Phone lost.")
    [row] = database.all(ResetRequest)
    assert row.status == "waiting"
    return row


def test_a_refusal_changes_nothing_and_everybody_is_told(plain, lee, database, dr_okafor, support, waiting):
    plain.enter(support, "/support/waiting").press("View request")
    plain.press("Refuse")
    assert "Refused." in plain.notices[0] and state(database, dr_okafor) == "on"
    assert told(plain, "Your two-factor authentication was not reset") == ["dr.okafor@example.test"]
    assert "A reset you asked for was refused. By Noor Haddad." in lee.open(f"{SECURITY}/activity").text
    mine = plain.another().enter(dr_okafor).open(f"{SECURITY}/activity").text
    assert "was refused, so nothing changed. By Noor Haddad, requested by Robin Lee. Reason: Phone lost." in mine
    assert (
        "You refused a reset of someone's two-factor authentication. Requested by Robin Lee. For Dr. Ada Okafor."
        in plain.open("/support/security/activity").text
    )


def test_a_second_request_is_told_of_the_first(lee, plain, database, clock, dr_okafor, dr_chen, admin_lee, waiting):
    set_up_chen(plain, dr_chen, clock)
    make(database, dr_chen, role="administrator")
    other = plain.another().enter(dr_chen)
    other.open(page_of(database, dr_okafor))
    assert not other.offers("Reset") and "Robin Lee asked for a reset" in other.text
    data = {"reason": "Lost", "checks": "photo_id", "generation": str(waiting.generation)}
    answer = other.post(page_of(database, dr_okafor), data)
    assert answer.status_code == 422 and "Robin Lee</span> already asked for a reset of this account." in answer.text
    lee.open(page_of(database, dr_okafor))
    assert lee.post(page_of(database, dr_okafor), data).status_code == 303, "the same press once more"
    assert len(database.all(ResetRequest)) == 1


def approve(browser, waiting):
    return browser.post(f"/support/waiting/reset/{waiting.id}", {"answer": "approve"})


def is_gone(browser, waiting):
    """Whether somebody who may decide is told that there is nothing more to decide."""
    answer = approve(browser, waiting)
    return answer.status_code == 422 and "This request is no longer open" in answer.text


def test_after_a_day_nobody_approves_it(plain, database, clock, dr_okafor, support, waiting):
    clock.move(hours=24)
    plain.enter(support, "/support/waiting")
    assert "There's nothing waiting for you." in plain.text and is_gone(plain, waiting)
    assert state(database, dr_okafor) == "on"


def test_who_was_demoted_meanwhile_asked_for_nothing(plain, database, dr_okafor, admin_lee, support, waiting):
    make(database, admin_lee, role="provider")
    assert is_gone(plain.enter(support), waiting) and state(database, dr_okafor) == "on"


@pytest.mark.parametrize("change", [{"practice_id": 2}, {"practice_id": None}, {"role": "support"}])
def test_who_has_left_the_practice_or_risen_is_not_reset(plain, database, dr_okafor, support, waiting, change):
    database.change(update(User).where(User.username == dr_okafor.username).values(**change))
    plain.enter(support, "/support/waiting")
    assert "There's nothing waiting for you." in plain.open("/support/waiting").text
    assert is_gone(plain, waiting) and state(database, dr_okafor) == "on"


@pytest.mark.parametrize("generation", ["9" * 40, "99999999999", "-1", "x", ""])
def test_a_number_that_no_account_has_is_a_form_of_a_while_ago(lee, database, dr_okafor, generation):
    data = {"reason": "Lost", "checks": "photo_id", "generation": generation}
    assert lee.post(page_of(database, dr_okafor), data).status_code in (303, 422)
    assert state(database, dr_okafor) == "on"


@pytest.mark.parametrize("path", ["/ehr/settings/team/approvals/waiting/emergency/%00", f"{CHOOSE}?change=%00"])
def test_a_nul_in_an_address_is_not_there(lee, path):
    assert lee.get(path).status_code in (303, 404)


def test_a_session_of_the_link_ends_with_the_link(plain, lee, database, clock, dr_okafor):
    ask(lee, database, dr_okafor)
    link = mails(plain, subject=LINK_MAIL)[0].link
    clock.move(hours=23, minutes=55)
    plain.open(link)
    plain.fill("Continue", Password=dr_okafor.password)
    user = database.user(dr_okafor).id
    (row,) = database.all(Session, Session.user_id == user, Session.ended_at.is_(None))
    assert row.ends_at - clock.now <= timedelta(minutes=5)


def test_an_account_that_changed_since_is_not_reset(plain, database, dr_okafor, support, waiting):
    make(database, dr_okafor, generation=waiting.generation + 1)
    assert is_gone(plain.enter(support), waiting) and state(database, dr_okafor) == "on"


def test_approving_needs_a_fresh_proof(plain, database, clock, dr_okafor, support, waiting):
    plain.enter(support, "/support/waiting")
    clock.move(minutes=6)
    answer = approve(plain, waiting)
    assert answer.status_code == 303 and "/support/security/confirm" in answer.headers["Location"]
    plain.open("/support/waiting").press("View request")
    assert plain.heading == "Confirm it's you" and state(database, dr_okafor) == "on"


def test_an_administrator_elsewhere_decides_nothing(plain, database, dr_novak, dr_okafor, waiting):
    make(database, dr_novak, role="administrator")
    plain.enter(dr_novak)
    assert "There's nothing waiting for you." in plain.open(f"{TEAM}/approvals").text
    assert_not_theirs(plain, database, waiting)
    assert state(database, dr_okafor) == "on"


def assert_not_theirs(browser, database, waiting):
    """Neither looked at nor decided, and recorded."""
    path = f"{TEAM}/approvals/waiting/reset/{waiting.id}"
    before = refusals(database, "not_own")
    assert (browser.get(path).status_code, browser.post(path, {"answer": "approve"}).status_code) == (404, 404)
    assert refusals(database, "not_own") == before + 2


def test_neither_of_the_two_decides(lee, plain, database, dr_okafor, waiting):
    make(database, dr_okafor, role="administrator")
    for browser in (lee, plain.another().enter(dr_okafor)):
        assert_not_theirs(browser, database, waiting)
    assert state(database, dr_okafor) == "on"


@pytest.mark.parametrize("answer", ["approve", "refuse"])
def test_who_comes_second_to_decide_is_told_who_was_first(plain, database, clock, dr_okafor, dr_chen, support, waiting, answer):
    set_up_chen(plain, dr_chen, clock)
    make(database, dr_chen, role="administrator")
    plain.enter(dr_chen).open(f"{TEAM}/approvals").press("View request")
    plain.another().enter(support).post(f"/support/waiting/reset/{waiting.id}", {"answer": answer})
    plain.press("Approve")
    said = [f"Noor Haddad already {answer}d this."]
    assert (plain.status, plain.problems) == (422, said)
    assert plain.open(f"{TEAM}/approvals/waiting/reset/{waiting.id}").problems == said
    assert state(database, dr_okafor) == ("reset" if answer == "approve" else "on")


def test_what_another_decided_first_is_told(plain, database, dr_okafor, support, waiting, monkeypatch):
    """Between the look at it and the deed somebody else refuses it."""
    from portal.flows.resets import decide as decide_reset_flow

    plain.enter(support, "/support/waiting").press("View request")
    decide = decide_reset_flow.decide_reset

    def meanwhile(context, row_id, status):
        database.change(update(ResetRequest).values(status="refused"))
        return decide(context, row_id, status)

    monkeypatch.setattr(decide_reset_flow, "decide_reset", meanwhile)
    plain.press("Approve")
    assert plain.status == 422 and plain.problems[0].startswith("This request is no longer open")
    assert state(database, dr_okafor) == "on"


# --- "This wasn't me"


def test_the_person_stops_a_reset_that_is_not_theirs(plain, database, reset_okafor):
    link = link_of(plain, reset_okafor)
    inside = plain.another()
    inside.open(link).fill("Continue", Password=reset_okafor.password)
    plain.open(mails(plain, subject=NOTICE)[0].link)
    assert plain.heading == "This wasn't me"
    plain.press("Stop the reset")
    assert plain.heading == "The reset was stopped"
    assert plain.open(link).status == 404
    assert inside.open(CHOOSE).path == "/sign-in"
    assert state(database, reset_okafor) == "reset" and events(database, "two_factor_reset_refused", reason="not_me")


@pytest.mark.parametrize("has_administrator", [True, False])
def test_the_person_is_sent_to_an_administrator_that_there_is(plain, database, reset_okafor, admin_lee, has_administrator):
    if not has_administrator:
        make(database, admin_lee, two_factor="off")
    plain.open(mails(plain, subject=NOTICE)[0].link)
    assert ("Ask your practice administrator or support for a new link" in plain.text) is has_administrator
    assert ("Ask support for a new link." in plain.text) is not has_administrator
    plain.press("Stop the reset")
    assert ("Tell your practice administrator and write to" in plain.text) is has_administrator
    assert ("administrator" in plain.text) is has_administrator and "you'll get a new link" in plain.text


def test_the_person_stops_a_reset_that_waits(plain, database, dr_okafor, support, waiting):
    plain.open(mails(plain, subject="Someone asked to reset your two-factor authentication")[0].link).press("Stop the reset")
    assert database.all(ResetRequest)[0].status == "refused"
    assert "There's nothing waiting for you." in plain.enter(support, "/support/waiting").text


# --- what nobody sees


def test_the_link_is_on_no_page_in_no_row_in_no_log_and_in_no_mail_to_others(lee, plain, database, dr_okafor, caplog):
    caplog.set_level("DEBUG")
    pages = [ask(lee, database, dr_okafor).response.text]
    for path in (page_of(database, dr_okafor), TEAM, "/ehr/settings", f"{SECURITY}/activity", SECURITY, f"{TEAM}/approvals"):
        pages.append(lee.open(path).response.text)
    token = link_of(plain, dr_okafor).rpartition("/")[2]
    assert re.fullmatch(r"[\w-]{43}", token)
    rows = str(database.everything())
    others = "".join(mail.text + str(mail.links) for mail in mails(plain) if mail.subject != LINK_MAIL)
    places = {"page": "".join(pages), "row": rows, "log": caplog.text, "another mail": others}
    secrets = (token, dr_okafor.key, *map(squeeze, dr_okafor.codes))
    assert {name for name, text in places.items() for secret in secrets if secret in text or secret in squeeze(text)} == set()
