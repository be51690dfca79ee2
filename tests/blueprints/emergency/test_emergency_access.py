"""Emergency access: charts to read for an hour, for a provider without a code, when a second person says yes (AD-6)."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, update

from portal.db import change
from portal.flows.emergency import grants
from portal.models import ChartNote, EmergencyGrant, EmergencyView, Event, Outbox, Session, User, user_place
from portal.names import sort_key
from portal.settings import config
from tests.support.emergency import approve, spoken_number
from tests.support.mailbox import mails, told

END = "/sign-in/emergency/end"
ASK, CODE, CHARTS = "/sign-in/emergency", "/sign-in/code", "/ehr/charts"
TEAM = "/ehr/settings/team"
LISTED, SUPPORTS = f"{TEAM}/emergency", "/support/emergency"
WHY = "My phone fell into the sink, and a patient waits."
LAKESIDE = 7  # a chart
ASKED_SUBJECT, TOLD_SUBJECT = "You asked for emergency access", "Someone is asking for emergency access"


def ask(browser, person, why=WHY):
    """From the password to the page that waits, by what the pages offer."""
    browser.sign_in(person)
    browser.press("Can't access your code?")
    browser.press("Ask for emergency access")
    return browser.fill("Ask for emergency access", Reason=why)


def decide(browser, person, answer="Approve"):
    """An approver signs in, finds what waits and answers."""
    browser.enter(person)
    if person.username == "support":
        browser.press("Waiting for approval").press("View request")
    else:
        browser.open(TEAM).press("See emergency access")
        browser.press("Approve or refuse")
    return approve(browser) if answer == "Approve" else browser.press(answer)


def let_in(browser, person, approver):
    """All of it: asked, approved, charts open."""
    ask(browser, person)
    decide(browser.another(), approver)
    browser.open(ASK)
    return browser.press("Open charts")


def grant(database):
    """Returns the newest grant."""
    return max(database.all(EmergencyGrant), key=lambda row: row.asked_at)


def path_of(database, place=f"{TEAM}/approvals"):
    """Returns where the newest request is decided."""
    return f"{place}/waiting/emergency/{grant(database).id}"


def names(database, person):
    """Returns the emergency's events about a person, in order."""
    user = database.user(person)
    return [row.event for row in database.all(Event, Event.subject_id == user.id) if row.event.startswith("emergency_")]


def colleague(database):
    """A second administrator of Riverside who can sign in, made by a person with the database at hand; returns the id."""
    row = database.all(User, User.username == "admin.lee")[0]
    columns = {column.name: getattr(row, column.name) for column in User.__table__.columns if column.name != "id"}
    database.change(
        insert(User).values(**{**columns, "username": "admin.ito", "full_name": "Kim Ito", "name_key": sort_key("Kim Ito")})
    )
    made = database.all(User, User.username == "admin.ito")[0].id
    sealed = database.keys.seal("admin.ito@example.test", user_place(made, "email"))
    database.change(update(User).where(User.id == made).values(email_sealed=sealed))
    return made


def stay(browser, clock, until):
    """Reads on, a page every ten minutes, up to a moment."""
    while clock.now + timedelta(minutes=10) < until:
        clock.move(minutes=10)
        assert browser.open(CHARTS).status == 200
    clock.now = until


# --- asking


def test_two_others_are_told_and_so_is_who_asks(browser, dr_okafor):
    ask(browser, dr_okafor)
    assert browser.path == ASK and "We notified Robin Lee." in browser.text
    assert told(browser, TOLD_SUBJECT) == ["admin.lee@example.test", "support@example.test"]
    [mine] = mails(browser, subject=ASKED_SUBJECT)
    assert mine.to == "dr.okafor@example.test" and "/not-me/" in mine.links[0]
    [hers] = mails(browser, to="admin.lee@example.test")
    assert "Dr. Ada Okafor at Riverside Family Practice" in hers.text and hers.link.endswith(LISTED)
    assert WHY not in hers.text, "a mail says nothing of what may be about a patient"
    assert mails(browser, to="support@example.test")[0].link.endswith("/support/waiting")


def test_two_administrators_are_two_and_support_is_left_alone(plain, dr_okafor, database):
    colleague(database)
    ask(plain, dr_okafor)
    assert "We notified Kim Ito, Robin Lee." in plain.text
    assert told(plain, TOLD_SUBJECT) == ["admin.ito@example.test", "admin.lee@example.test"]


def test_without_an_administrator_support_is_told_and_approves(plain, dr_novak, support):
    ask(plain, dr_novak)
    assert "We notified our support team." in plain.text and told(plain, TOLD_SUBJECT) == ["support@example.test"]
    desk = decide(plain.another(), support)
    assert desk.path == "/support/waiting" and any(note.startswith("Approved.") for note in desk.notices)
    plain.press("Check if it was approved")
    assert any("Noor Haddad approved it." in note for note in plain.notices)
    plain.press("Open charts")
    assert plain.path == CHARTS and "Olga Petrova" in plain.text


def test_with_nobody_to_approve_it_cannot_be_asked(plain, dr_novak, database):
    database.change(update(User).where(User.role == "support").values(two_factor="off"))
    ask(plain, dr_novak)
    assert plain.status == 422 and "Nobody at your practice" in plain.problems[0] and database.all(EmergencyGrant) == []


def test_without_a_practice_there_are_no_charts_to_ask_for(plain, dr_okafor, database):
    database.change(update(User).where(User.username == dr_okafor.username).values(practice_id=None))
    ask(plain, dr_okafor)
    assert "part of a practice" in plain.problems[0]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Give a reason in a few words."),
        ("\0 ", "Give a reason in a few words."),
        ("x" * 501, "Use at most 500 characters for the reason."),
    ],
)
def test_what_is_no_reason_is_refused_and_kept(browser, dr_okafor, database, typed, said):
    ask(browser, dr_okafor, typed)
    assert (browser.status, browser.problems) == (422, [said])
    assert browser.field("Reason").raw_text.strip() == typed.strip("\0 ") and database.all(EmergencyGrant) == []


def test_patients_have_no_such_page(plain, sam, database):
    plain.sign_in(sam).press("Can't access your code?")
    assert not plain.offers("Ask for emergency access")
    plain.open(CODE)
    for method in (plain.get, plain.post):
        assert method(ASK).status_code == 404
    assert [(row.event, row.reason) for row in database.all(Event)[-2:]] == [
        ("authn_login_success", "code_due"),
        ("authz_fail", "not_ehr"),
    ]


def test_a_code_that_is_found_after_all_signs_in(plain, dr_okafor):
    ask(plain, dr_okafor)
    plain.press("Back to the code")
    assert any("You asked for emergency access." in note for note in plain.notices)
    plain.fill("Verify", Verification_Code=dr_okafor.code())
    assert plain.path == CHARTS and plain.offers("Settings")


@pytest.mark.parametrize("elsewhere", [False, True])
def test_who_signs_in_with_a_code_needs_no_emergency_access(plain, dr_okafor, admin_lee, database, elsewhere):
    ask(plain, dr_okafor)
    boss = plain.another().enter(admin_lee)
    boss.open(path_of(database))
    (plain.another() if elsewhere else plain).enter(dr_okafor)
    approve(boss)
    assert boss.status == 422 and "signed in with a code" in boss.problems[0]
    assert grant(database).approved_at is None and names(database, dr_okafor)[-1] == "emergency_refused"


def test_what_runs_ends_when_its_person_signs_in_with_a_code(plain, dr_okafor, admin_lee, database):
    let_in(plain, dr_okafor, admin_lee)
    assert plain.open(CHARTS).heading == "Charts"
    full = plain.another().enter(dr_okafor)
    assert plain.open(CHARTS).path.startswith("/sign-in")
    assert "Your emergency access has ended because you signed in with a code." in plain.text
    assert names(database, dr_okafor)[-1] == "emergency_ended"
    assert full.open(CHARTS).heading == "Charts"
    full.open("/ehr/settings/security/activity")
    assert "Your emergency access ended." in full.text and "Unknown browser" not in full.text


def test_a_second_press_asks_nobody_again(plain, dr_okafor, database):
    ask(plain, dr_okafor)
    plain.open(CODE)
    assert plain.post(ASK, {"reason": WHY}).status_code == 303
    assert len(database.all(EmergencyGrant)) == 1 and len(told(plain, TOLD_SUBJECT)) == 2


def test_a_claim_that_ended_meanwhile_asks_nobody(plain, dr_okafor, database, monkeypatch):
    real = grants.list_approvers

    def end_the_claim(*who):
        change(update(Session).where(Session.level == "claimant").values(ended_at=moment))
        return real(*who)

    plain.sign_in(dr_okafor)
    plain.open(ASK)
    moment = database.all(Session)[-1].created_at
    monkeypatch.setattr(grants, "list_approvers", end_the_claim)
    plain.fill("Ask for emergency access", Reason=WHY)
    assert plain.status == 422 and "Your sign-in moved on" in plain.problems[0]
    assert database.all(EmergencyGrant) == [] and told(plain, TOLD_SUBJECT) == []


def test_another_browser_waits_for_the_first(plain, dr_okafor):
    ask(plain, dr_okafor)
    other = plain.another()
    other.sign_in(dr_okafor)
    other.open(ASK)
    assert any("You asked in another browser" in note for note in other.notices)
    other.open(CODE)
    assert other.post(ASK, {"reason": WHY}).status_code == 422


def test_whoever_comes_second_sees_no_number_and_reads_how_to_have_it_refused(plain, dr_okafor, dr_novak):
    for person, whom in (
        (dr_okafor, "Call Robin Lee now and ask them to refuse it under Settings, Team Members"),
        (dr_novak, "Call our support team now"),
    ):
        thief = plain.another()
        ask(thief, person)
        owner = plain.another()
        owner.sign_in(person)
        owner.open(ASK)
        number = next(part for part in thief.page.walk() if "spoken" in part.classes).one("code").text
        assert "If that wasn't you" in owner.text and whom in owner.text and "This wasn't me" in owner.text
        assert number.isdigit() and number not in owner.text.split()


# --- waiting


def test_the_page_asks_by_itself_and_without_javascript_by_a_link(plain, dr_okafor, admin_lee):
    ask(plain, dr_okafor)
    news = plain.page.one("div", id="news")
    assert (news["hx-get"], news["hx-target"], news["hx-select"]) == (ASK, "#updates", "#news")
    assert plain.page.one("noscript").one("a")["href"] == ASK
    decide(plain.another(), admin_lee)
    fragment = plain.get(ASK, HX_Request="true", HX_Target="updates", X_Background="1")
    assert fragment.status_code == 200 and "Open charts" in fragment.text and "hx-trigger" not in fragment.text


def test_the_wait_is_thirty_minutes_and_longer_than_a_claim(browser, dr_okafor, admin_lee, clock):
    ask(browser, dr_okafor)
    clock.move(minutes=29, seconds=59)
    assert "0:01" in browser.open(ASK).text
    clock.move(seconds=1)
    browser.open(ASK)
    assert browser.path == "/sign-in" and any("Nobody answered" in note for note in browser.notices)
    boss = browser.another().enter(admin_lee)
    assert "Nobody is waiting for it" in boss.open(LISTED).text
    browser.sign_in(dr_okafor)
    assert any("Nobody answered your request" in note for note in browser.open(ASK).notices)
    browser.fill("Ask for emergency access", Reason=WHY)
    assert "We notified Robin Lee." in browser.text


def test_a_request_that_lapsed_cannot_be_approved(plain, dr_okafor, admin_lee, database, clock):
    ask(plain, dr_okafor)
    clock.move(minutes=29)
    boss = plain.another().enter(admin_lee)
    boss.open(path_of(database))
    clock.move(minutes=1)
    approve(boss)
    assert boss.status == 422 and "Nobody answered within 30 minutes" in boss.problems[0]
    assert grant(database).approved_at is None


def test_a_refusal_is_told_with_the_name(browser, dr_okafor, admin_lee, database):
    ask(browser, dr_okafor)
    decide(browser.another(), admin_lee, "Refuse")
    assert any("Robin Lee refused your request." in note for note in browser.open(ASK).notices)
    assert not browser.offers("Open charts")
    assert browser.post(f"{ASK}/charts").status_code == 422
    assert told(browser, "Emergency access was refused") == ["dr.okafor@example.test"]
    assert names(database, dr_okafor)[-1] == names(database, admin_lee)[-1] == "emergency_refused"


def test_three_requests_in_a_day_are_enough(plain, dr_okafor, clock):
    for _ in range(config.EMERGENCY_ASKS):
        ask(plain, dr_okafor)
        clock.move(minutes=31)
    ask(plain, dr_okafor)
    assert plain.problems == [
        "You've asked 3 times in 24 hours. You can ask again after Tue, Mar 2, 12:00 PM UTC. Until then, Contact Support."
    ]
    clock.move(hours=24 - 1.5)
    ask(plain, dr_okafor)
    assert "We notified Robin Lee." in plain.text


def test_requests_of_a_stranger_with_the_password_do_not_count_where_the_owner_signed_in_before(
    plain, dr_okafor, database, clock
):
    plain.enter(dr_okafor).press("Sign out")
    thief = plain.another()
    for _ in range(config.EMERGENCY_ASKS):
        ask(thief, dr_okafor)
        clock.move(minutes=31)
    ask(thief, dr_okafor)
    assert "You've asked 3 times in 24 hours." in thief.problems[0]
    for _ in range(config.EMERGENCY_ASKS):
        ask(plain, dr_okafor)
        assert "We notified Robin Lee." in plain.text
        clock.move(minutes=31)
    ask(plain, dr_okafor)
    assert "You've asked 3 times in 24 hours." in plain.problems[0]


# --- deciding


def test_approving_asks_who_it_is_once_more(browser, dr_okafor, admin_lee, database, clock):
    boss = browser.another().enter(admin_lee)
    ask(browser, dr_okafor)
    clock.move(minutes=6)
    boss.open(path_of(database))
    assert boss.heading == "Confirm it's you"
    boss.fill("Continue", Current_password=admin_lee.password, Verification_Code=admin_lee.code())
    assert WHY in boss.text and "Riverside Family Practice" in boss.text
    clock.move(minutes=6)
    approve(boss)
    assert boss.heading == "Confirm it's you" and grant(database).approved_at is None


def test_the_one_who_comes_second_is_told_who_was_first(plain, dr_okafor, admin_lee, support, database):
    ask(plain, dr_okafor)
    desk = plain.another().enter(support, "/support/waiting")
    desk.press("View request")
    decide(plain.another(), admin_lee)
    desk.press("Refuse")
    assert (desk.status, desk.problems) == (422, ["Robin Lee already approved this."])
    assert desk.open(path_of(database, "/support")).problems == ["Robin Lee already approved this."]
    assert grant(database).refused_at is None


def test_a_second_press_changes_nothing(plain, dr_okafor, admin_lee, database):
    ask(plain, dr_okafor)
    boss = decide(plain.another(), admin_lee)
    ends = grant(database).ends_at
    for answer in ("approve", "refuse"):
        assert "You already decided on this." in boss.post(path_of(database), {"answer": answer}).text
    assert grant(database).ends_at == ends and grant(database).refused_at is None
    assert len(mails(plain, subject="Emergency access was approved")) == 1


@pytest.mark.parametrize("late", ["approve", "refuse"])
def test_what_was_decided_between_look_and_press_stays(plain, dr_okafor, admin_lee, support, database, monkeypatch, late):
    ask(plain, dr_okafor)
    desk = plain.another().enter(support, "/support/waiting")
    desk.press("View request")
    decide(plain.another(), admin_lee)
    before = grant(database).ends_at
    monkeypatch.setattr("portal.flows.approvals.kinds.find_request", lambda *_: SimpleNamespace(asks_number=True, why_not=""))
    typed = {"answer": late, "number": spoken_number(plain.app)}  # as if desk had looked a moment ago
    assert "Robin Lee</span> already approved this." in desk.post(path_of(database, "/support"), typed).text
    assert desk.post("/support/waiting/emergency/none", typed).status_code == 422
    assert grant(database).ends_at == before and grant(database).refused_at is None


def test_nobody_approves_their_own(plain, admin_lee, support, database, clock):
    boss = plain.another().enter(admin_lee)
    ask(plain, admin_lee)
    assert told(plain, TOLD_SUBJECT) == ["support@example.test"]
    assert "Nobody is waiting for it" in boss.open(LISTED).text
    for answer in (boss.get(path_of(database)), boss.post(path_of(database), {"answer": "approve"})):
        assert answer.status_code == 404
    assert [row.reason for row in database.all(Event)[-2:]] == ["not_own"] * 2 and grant(database).approved_at is None


def test_another_practices_administrator_meets_a_404_that_is_recorded(plain, dr_okafor, dr_novak, database):
    database.change(update(User).where(User.username == dr_novak.username).values(role="administrator"))
    ask(plain, dr_okafor)
    other = plain.another().enter(dr_novak)
    before = len(database.all(Event, Event.event == "authz_fail"))
    assert WHY not in other.open(LISTED).text
    for path in (path_of(database), f"{LISTED}/{grant(database).id}/reviewed"):
        assert other.post(path, {"answer": "approve"}).status_code == 404
    assert other.get(path_of(database)).status_code == 404
    assert len(database.all(Event, Event.event == "authz_fail", Event.reason == "not_own")) == before + 3
    for path in (f"{TEAM}/approvals/waiting/emergency/none", f"{TEAM}/approvals/waiting/none/none", f"{LISTED}/none/reviewed"):
        assert other.post(path, {"answer": "approve"}).status_code == 404
    assert len(database.all(Event, Event.event == "authz_fail")) == before + 3
    assert grant(database).approved_at is None


def test_a_plain_provider_decides_nothing(plain, dr_okafor, dr_novak, database):
    database.change(update(User).where(User.username == dr_novak.username).values(practice_id=1))
    ask(plain, dr_okafor)
    other = plain.another().enter(dr_novak)
    for path in (LISTED, path_of(database)):
        assert other.open(path).status == 403
    other.open(CHARTS)
    assert other.post(path_of(database), {"answer": "approve"}).status_code == 403


def test_without_an_answer_nothing_is_decided(plain, dr_okafor, admin_lee, database):
    ask(plain, dr_okafor)
    boss = plain.another().enter(admin_lee)
    boss.open(path_of(database))
    for form in ({}, {"answer": "maybe"}):
        answer = boss.post(path_of(database), form)
        assert answer.status_code == 422 and "You haven&#39;t decided yet." in answer.text
    assert grant(database).refused_at is None and grant(database).approved_at is None


@pytest.mark.parametrize("change", [{"practice_id": 2}, {"role": "patient"}])
def test_who_left_or_became_a_patient_while_it_waits_is_not_approved(plain, dr_okafor, admin_lee, database, change):
    ask(plain, dr_okafor)
    boss = plain.another().enter(admin_lee)
    boss.open(path_of(database))
    database.change(update(User).where(User.username == dr_okafor.username).values(change))
    approve(boss)
    assert boss.status == 422 and "the account changed" in boss.problems[0]
    assert "Nobody is waiting for it" in boss.open(LISTED).text and grant(database).approved_at is None
    if "role" in change:
        assert plain.open("/home").path == CODE


def test_who_left_after_the_approval_takes_nothing_up(plain, dr_okafor, admin_lee, database):
    ask(plain, dr_okafor)
    decide(plain.another(), admin_lee)
    database.change(update(User).where(User.username == dr_okafor.username).values(practice_id=2))
    plain.open(ASK)
    assert plain.post(f"{ASK}/charts").status_code == 422


@pytest.mark.parametrize("state", ["waiting", "running"])
def test_a_reset_ends_what_waits_or_runs(plain, dr_okafor, admin_lee, database, state):
    boss = plain.another().enter(admin_lee)
    ask(plain, dr_okafor)
    if state == "running":
        approve(boss.open(path_of(database)))
        plain.open(ASK).press("Open charts")
    boss.open(f"{TEAM}/{database.user(dr_okafor).id}/reset")
    boss.post(
        f"{TEAM}/{database.user(dr_okafor).id}/reset",
        {"reason": "Lost", "checks": "photo_id", "generation": database.user(dr_okafor).generation},
    )
    assert database.user(dr_okafor).two_factor == "reset"
    text = boss.open(LISTED).text
    assert "Nobody is waiting for it, and nobody has it right now." in text
    assert names(database, dr_okafor)[-1] == ("emergency_ended" if state == "running" else "emergency_refused")


# --- reading


def test_charts_open_to_read_with_a_banner(browser, dr_okafor, admin_lee, database):
    before = database.all(Session)
    let_in(browser, dr_okafor, admin_lee)
    assert browser.path == CHARTS and "Rosa Alvarez" in browser.text
    banner = next(part for part in browser.page.all("section") if "emergency" in part.classes)
    assert "60:00" in banner.text and "until 5:00 AM Pacific Time." in banner.text
    [row] = [row for row in database.all(Session) if row.level == "emergency"]
    assert row.second_factor_at is None and before == []
    assert not browser.offers("Settings") and not browser.offers("Account Settings") and browser.offers("Help")
    browser.press("Rosa Alvarez")
    assert "Metformin" in browser.text and not browser.offers("Add note")
    assert "60:00" in next(part for part in browser.page.all("section") if "emergency" in part.classes).text


def test_the_token_is_a_new_one(plain, dr_okafor, admin_lee):
    ask(plain, dr_okafor)
    waiting = plain.cookie()
    decide(plain.another(), admin_lee)
    plain.open(ASK).press("Open charts")
    assert plain.cookie() != waiting


def test_every_write_is_refused_and_recorded(browser, dr_okafor, admin_lee, database):
    let_in(browser, dr_okafor, admin_lee)
    browser.open(f"{CHARTS}/1")
    notes, security = len(database.all(ChartNote)), "/ehr/settings/security"
    writes = [
        ("POST", f"{CHARTS}/1"), ("PUT", f"{CHARTS}/1"), ("DELETE", CHARTS), ("POST", "/ehr/nowhere"), ("POST", "/account/name"),
        ("POST", f"{security}/two-factor"), ("POST", f"{security}/confirm"), ("POST", f"{security}/sessions"), ("POST", "/sign-in"),
        ("POST", f"{security}/backup-codes"), ("POST", "/forgot-password"), ("PATCH", f"{TEAM}/emergency"),
    ]  # fmt: skip
    headers = {"HX_Request": "true", "HX_Target": "step"} if browser.guise == "htmx" else {}
    for method, path in writes:
        answer = browser._travel(method, path, {"csrf_token": browser.token, "note": "Hello", "method": "totp"}, headers)
        assert answer.status_code == 403 and "Emergency access is read-only" in answer.text, (method, path)
    assert len(database.all(ChartNote)) == notes
    for person in (dr_okafor, admin_lee):
        assert names(database, person).count("emergency_write_refused") == len(writes)


@pytest.mark.parametrize(
    "path",
    ["/ehr/settings", "/ehr/settings/security", "/ehr/settings/security/two-factor", "/ehr/settings/security/activity",
     "/ehr/settings/security/confirm", TEAM, LISTED, "/account", "/home", "/support", "/forgot-password", "/not-me/x"],
)  # fmt: skip
def test_nothing_but_charts_opens(plain, dr_okafor, admin_lee, database, path):
    let_in(plain, dr_okafor, admin_lee)
    assert plain.open(path).status == 403 and plain.heading == "Emergency access is read-only"
    assert (database.all(Event)[-1].event, database.all(Event)[-1].reason) == ("authz_fail", "read_only")


def test_help_and_the_way_out_stay_open(plain, dr_okafor, admin_lee):
    let_in(plain, dr_okafor, admin_lee)
    for path in ("/help", "/help/emergency-access", "/privacy", "/session"):
        assert plain.get(path).status_code == 200
    assert plain.open("/ehr").path == CHARTS
    assert plain.post("/session/extend").status_code == 200
    plain.open(CHARTS).press("Sign out")
    assert plain.path == "/sign-in"


def test_a_chart_of_another_practice_stays_shut(plain, dr_okafor, admin_lee, database):
    let_in(plain, dr_okafor, admin_lee)
    assert plain.open(f"{CHARTS}/{LAKESIDE}").status == 404 and database.all(EmergencyView) == []


def test_who_left_the_practice_reads_no_charts_of_the_next_one(plain, dr_okafor, admin_lee, database):
    let_in(plain, dr_okafor, admin_lee)
    database.change(update(User).where(User.username == dr_okafor.username).values(practice_id=2))
    assert plain.open(CHARTS).status == 403 and plain.open(f"{CHARTS}/{LAKESIDE}").status == 403
    assert plain.post(f"{CHARTS}/{LAKESIDE}", {"note": "x"}).status_code == 403


def test_somebody_without_saved_codes_is_not_led_away_from_charts(plain, dr_okafor, admin_lee, database):
    from portal.models import BackupCode

    database.change(update(BackupCode).values(used_at=database.all(User)[0].created_at))
    let_in(plain, dr_okafor, admin_lee)
    assert plain.path == CHARTS and not any("backup code" in note for note in plain.notices)


# --- the end


def test_it_ends_at_sixty_minutes_by_the_servers_clock(browser, dr_okafor, admin_lee, database, clock):
    let_in(browser, dr_okafor, admin_lee)
    ends = grant(database).ends_at
    assert ends == grant(database).approved_at + timedelta(minutes=60)
    stay(browser, clock, ends - timedelta(seconds=1))
    assert browser.open(CHARTS).status == 200 and browser.path == CHARTS and "0:01" in browser.text
    assert browser.get(f"{CHARTS}/1").status_code == 200
    clock.move(seconds=1)
    answer = browser.get(f"{CHARTS}/1", HX_Request="true", HX_Target="step")
    assert answer.status_code == 401 and answer.headers["HX-Redirect"].startswith("/sign-in")
    browser.open(CHARTS)
    assert browser.path == "/sign-in" and any("Your emergency access has ended" in note for note in browser.notices)
    assert names(database, dr_okafor)[-1] == names(database, admin_lee)[-1] == "emergency_ended"


def test_the_page_that_asked_for_it_leads_to_the_charts(plain, dr_okafor, admin_lee, database):
    let_in(plain, dr_okafor, admin_lee)
    before = len(database.all(Event))
    for path in (ASK, CODE, "/sign-in"):
        assert plain.open(path).path == CHARTS, path
    assert len(database.all(Event)) == before
    assert plain.post(ASK, {"reason": WHY}).status_code == 403, "nothing can be asked again meanwhile"


@pytest.mark.parametrize("token", [None, "0" * 64])
def test_a_forged_end_changes_nothing(plain, dr_okafor, admin_lee, database, token):
    let_in(plain, dr_okafor, admin_lee)
    assert plain.post(END, token=token).status_code == 403
    assert plain.open(CHARTS).path == CHARTS and grant(database).ended_at is None


def test_nobody_elses_access_ends(plain, dr_okafor, dr_novak, admin_lee, support, database):
    let_in(plain, dr_okafor, admin_lee)
    other = let_in(plain.another(), dr_novak, support)
    assert other.press("End now").path == "/sign-in"
    assert plain.open(CHARTS).path == CHARTS
    claimant = plain.another().sign_in(dr_okafor)
    assert claimant.post(END).headers["Location"] == ASK
    assert [row.provider_id for row in database.all(EmergencyGrant) if row.ended_at] == [database.user(dr_novak).id]


def test_end_now_ends_it_at_once_for_good_and_in_every_tab(browser, dr_okafor, admin_lee, database, clock):
    let_in(browser, dr_okafor, admin_lee)
    clock.move(minutes=7)
    browser.press("Rosa Alvarez").press("End now")
    assert (browser.path, browser.arguments["at"]) == ("/sign-in", "ehr")
    assert browser.notices == ["You ended your emergency access. Sign in with a code to continue."]
    [ended] = [row for row in database.all(Session) if row.level == "emergency"]
    assert (grant(database).ended_at, ended.ended_at, ended.ended_reason) == (clock.now, clock.now, "emergency_ended")
    clock.move(minutes=1)
    assert browser.post(END).headers["Location"] == "/sign-in?at=ehr"  # pressed in another tab, too
    assert browser.open(CHARTS).path == "/sign-in" and browser.notices[0].startswith("You ended your emergency access.")
    assert grant(database).ended_at == clock.now - timedelta(minutes=1)
    token = browser.sign_in(dr_okafor).token
    assert "You had emergency access in the last 24 hours." in browser.open(ASK).text
    assert browser.post(f"{ASK}/charts", token=token).status_code == 422


def test_end_now_is_recorded_by_its_person_and_waits_for_its_review(plain, dr_okafor, admin_lee, database, clock):
    let_in(plain, dr_okafor, admin_lee)
    clock.move(minutes=7)
    plain.press("End now")
    hers, his = database.all(Event, Event.event == "emergency_ended")
    assert (hers.subject_id, hers.reason) == (database.user(dr_okafor).id, "ended_now")
    assert (his.subject_id, his.reason) == (database.user(admin_lee).id, "colleague")
    assert hers.actor_id == his.actor_id == database.user(dr_okafor).id
    assert told(plain, "Emergency access needs your review") == ["admin.lee@example.test"]
    clock.move(minutes=60)
    boss = plain.another().enter(admin_lee).open(LISTED)
    assert "Review: emergency access for Dr. Ada Okafor" in boss.text and "Today, 4:07 AM Pacific Time" in boss.text
    assert len(database.all(Event, Event.event == "emergency_ended")) == 2
    plain.enter(dr_okafor).open("/ehr/settings/security/activity")
    assert "You ended your emergency access before its time was up." in plain.text


def test_the_hour_begins_with_the_approval(plain, dr_okafor, admin_lee, clock):
    ask(plain, dr_okafor)
    decide(plain.another(), admin_lee)
    clock.move(minutes=20)
    plain.open(ASK).press("Open charts")
    assert "40:00" in plain.text


def test_a_quiet_quarter_of_an_hour_asks_for_the_password_again_and_the_rest_goes_on(browser, dr_okafor, admin_lee, clock):
    let_in(browser, dr_okafor, admin_lee)
    clock.move(minutes=15)
    browser.open(CHARTS)
    assert browser.path == "/sign-in"
    browser.sign_in(dr_okafor)
    assert browser.path == CODE
    browser.open(ASK).press("Open charts")
    assert browser.path == CHARTS and "45:00" in browser.text


def test_the_rest_goes_on_in_the_same_browser_alone(plain, dr_okafor, admin_lee):
    let_in(plain, dr_okafor, admin_lee)
    thief = plain.another()
    thief.sign_in(dr_okafor)
    thief.open(ASK)
    assert any("approved for another browser" in note for note in thief.notices)
    assert not thief.offers("Open charts")
    thief.open(CODE)
    assert thief.post(f"{ASK}/charts").status_code == 422
    assert plain.open(CHARTS).status == 200 and plain.path == CHARTS


@pytest.mark.parametrize(("ended_reason", "offered"), [("signed_out", True), ("ended_by_owner", False), ("not_me", False)])
def test_a_session_that_its_owner_ended_hands_nothing_on(plain, dr_okafor, admin_lee, database, ended_reason, offered):
    ask(plain, dr_okafor)
    decide(plain.another(), admin_lee)
    asked_in = Session.id == grant(database).session_id
    database.change(update(Session).where(asked_in).values(ended_at=dr_okafor.clock.now, ended_reason=ended_reason))
    plain.sign_in(dr_okafor)
    assert plain.open(ASK).offers("Open charts") is offered


def test_it_is_not_to_be_had_twice_in_24_hours(browser, dr_okafor, admin_lee, database, clock):
    let_in(browser, dr_okafor, admin_lee)
    clock.move(hours=23, minutes=59, seconds=59)
    browser.sign_in(dr_okafor)
    said = "You had emergency access in the last 24 hours. You can ask for it again after 12:00 PM UTC."
    assert browser.open(ASK).notices == [said] and not browser.offers("Ask for emergency access")
    browser.open(CODE)
    answer = browser.post(ASK, {"reason": WHY})
    assert answer.status_code == 422 and said.partition("12:00")[0] in answer.text
    assert len(database.all(EmergencyGrant)) == 1
    [refused] = database.all(Event, Event.event == "emergency_asked", Event.result == "refused")
    assert refused.reason == "emergency_again"
    clock.move(seconds=1)
    browser.open(ASK)
    browser.fill("Ask for emergency access", Reason=WHY)
    assert "We notified Robin Lee." in browser.text


def test_this_was_not_me_withdraws_it_at_once(plain, dr_okafor, admin_lee, database):
    ask(plain, dr_okafor)
    [mine] = mails(plain, subject=ASKED_SUBJECT)
    owner = plain.another()
    owner.open(mine.link[mine.link.index("/not-me") :])
    owner.press("End sessions")
    assert grant(database).refused_at and plain.open(ASK).path == "/sign-in"
    boss = plain.another().enter(admin_lee)
    assert "This request was withdrawn" in boss.open(path_of(database)).problems[0]


def test_this_was_not_me_ends_what_runs(plain, dr_okafor, admin_lee, database, clock):
    let_in(plain, dr_okafor, admin_lee)
    clock.move(minutes=5)
    [mine] = mails(plain, subject="Emergency access was approved")
    owner = plain.another()
    owner.open(mine.link[mine.link.index("/not-me") :])
    owner.press("End sessions")
    assert plain.open(CHARTS).path == "/sign-in" and grant(database).ended_at == clock.now
    plain.sign_in(dr_okafor)
    assert any("You had emergency access" in note for note in plain.open(ASK).notices)
    assert "Needs review" in plain.another().enter(admin_lee).open(TEAM).text


# --- the review


def test_a_review_waits_for_the_administrator_from_the_end_on(browser, dr_okafor, admin_lee, database, clock):
    let_in(browser, dr_okafor, admin_lee)
    for number in (1, 2, 1):
        browser.open(f"{CHARTS}/{number}")
    boss = browser.another()
    clock.next_code()
    boss.enter(admin_lee).open(TEAM)
    assert not boss.offers("Mark as reviewed") and "Can read charts until 5:00 AM Pacific Time." in boss.open(LISTED).text
    stay(boss, clock, grant(database).ends_at)
    boss.open(TEAM)
    assert "Review: emergency access for Dr. Ada Okafor" in boss.text and WHY in boss.text
    assert "Due by Tue, Mar 2, 5:00 AM Pacific Time." in boss.text and "Overdue" not in boss.text
    opened = [item.text for item in boss.page.one("main").all("li")]
    assert len(opened) == 2 and opened[0] == "Maria Reyes, first opened today, 4:00 AM Pacific Time"
    assert told(browser, "Emergency access needs your review") == ["admin.lee@example.test"]
    boss.press("Mark as reviewed")
    assert "Marked as reviewed." in boss.notices and not boss.offers("Mark as reviewed")
    assert grant(database).reviewed_at == clock.now
    assert names(database, dr_okafor)[-1] == names(database, admin_lee)[-1] == "emergency_reviewed"


def test_a_review_is_overdue_after_a_day(plain, dr_okafor, admin_lee, clock):
    let_in(plain, dr_okafor, admin_lee)
    boss = plain.another()
    clock.move(hours=24, minutes=59, seconds=59)
    boss.enter(admin_lee).open(TEAM)
    assert "Needs review" in boss.text and "Overdue" not in boss.text
    clock.move(seconds=1)
    assert "Overdue" in boss.open(TEAM).text and "None." in boss.text


def test_what_still_runs_is_not_reviewed(plain, dr_okafor, admin_lee, database, clock):
    let_in(plain, dr_okafor, admin_lee)
    clock.next_code()
    boss = plain.another().enter(admin_lee)
    boss.open(LISTED)
    assert "t ended yet" in boss.post(f"{LISTED}/{grant(database).id}/reviewed").text
    assert grant(database).reviewed_at is None


def test_the_second_reviewer_is_told_who_was_first_and_a_second_press_is_fine(plain, dr_okafor, admin_lee, database, clock):
    other = colleague(database)
    let_in(plain, dr_okafor, admin_lee)
    clock.move(hours=2)
    boss = plain.another().enter(admin_lee)
    boss.open(TEAM)
    path = f"{LISTED}/{grant(database).id}/reviewed"
    for _ in range(2):
        assert boss.post(path).status_code == 303
    database.change(update(EmergencyGrant).values(reviewed_by_id=other))
    assert "Kim Ito</span> already reviewed this." in boss.post(path).text
    assert names(database, admin_lee).count("emergency_reviewed") == 1


def test_support_reviews_where_the_practice_has_nobody_and_reads_no_names(plain, dr_novak, support, admin_lee, database, clock):
    let_in(plain, dr_novak, support)
    plain.open(f"{CHARTS}/{LAKESIDE}")
    clock.move(hours=2)
    desk = plain.another().enter(support, "/support/waiting")
    desk.press("Emergency access: who has it and what needs review")
    assert desk.path == SUPPORTS and f"#{LAKESIDE}, first opened" in desk.text and "Petrova" not in desk.text
    assert "Lakeside Clinic" in desk.text, "support serves many practices"
    assert "Petra Novak" not in plain.another().enter(admin_lee).open(LISTED).text
    desk.press("Mark as reviewed")
    assert "Marked as reviewed." in desk.notices and grant(database).reviewed_at == clock.now


def test_support_leaves_the_review_to_the_practices_administrator(plain, dr_okafor, support, database, clock):
    let_in(plain, dr_okafor, support)
    clock.move(hours=2)
    desk = plain.another().enter(support, "/support/waiting")
    desk.open(SUPPORTS)
    assert not desk.offers("Mark as reviewed")
    assert desk.post(f"{SUPPORTS}/{grant(database).id}/reviewed").status_code == 404
    assert (database.all(Event)[-1].event, database.all(Event)[-1].reason) == ("authz_fail", "not_own")
    assert grant(database).reviewed_at is None


def test_the_sweep_records_the_end_when_nobody_comes_by(plain, dr_okafor, admin_lee, app, database, clock):
    let_in(plain, dr_okafor, admin_lee)
    clock.move(minutes=60)
    for _ in range(2):
        app.extensions["queue"].order_due()
    assert names(database, dr_okafor).count("emergency_ended") == names(database, admin_lee).count("emergency_ended") == 1
    assert grant(database).ended_at == grant(database).ends_at
    assert [row.template for row in database.all(Outbox)].count("emergency_review") == 1


# --- every step, recorded about both people; Recent activity tells them all but refused writes


STEPS = ["asked", "told", "approved", "begun", "chart_opened", "write_refused", "ended", "reviewed"]


def test_every_step_is_recorded_about_both_people_and_told_but_for_refused_writes(plain, dr_okafor, admin_lee, database, clock):
    let_in(plain, dr_okafor, admin_lee)
    plain.open(f"{CHARTS}/1")
    plain.post(f"{CHARTS}/1", {"note": "Hello"})
    clock.move(minutes=61)
    plain.open(CHARTS)
    boss = plain.another().enter(admin_lee)
    boss.open(TEAM).press("Mark as reviewed")
    assert names(database, dr_okafor) == names(database, admin_lee) == [f"emergency_{step}" for step in STEPS]
    boss.open("/ehr/settings/security/activity")
    assert "refused" not in boss.text
    for words in (
        "You approved emergency access. For Dr. Ada Okafor.",
        "A chart was opened with emergency access you approved.",
        "By Dr. Ada Okafor.",
    ):
        assert words in boss.text
    plain.enter(dr_okafor).open("/ehr/settings/security/activity")
    assert "refused" not in plain.text
    for words in ("You opened a chart with emergency access.", "Your emergency access was reviewed.", "By Robin Lee."):
        assert words in plain.text
    [case] = {row.case_id for row in database.all(Event) if row.event.startswith("emergency_")}
    assert case == grant(database).id
