"""Approve, Refuse, Ask for more: by one agent, by two people, and by nobody who may not (AD-3)."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from portal.flows.recovery import decide as flow
from portal.models import Event, Link, RecoveryCase, RecoveryNote, User, recovery_place
from tests.support.cases import begin_case, case_of, give_ticket
from tests.support.mailbox import mails, told
from tests.support.meanwhile import just_before
from tests.support.moving import START

WAITING = "/support/waiting"
ENOUGH = ["video_id"]


def page_of(case_id, deed=""):
    return f"/support/recovery/{case_id}{deed and '/decide/' + deed}"


def open_case(database, person, agent, state="checking", **columns):
    """Returns the id of a person's case that the agent has taken, with enough checks."""
    now = person.clock.now
    due = {"asked_support_at": now, "due_at": now + timedelta(days=1), "checks": ENOUGH, "agent_id": database.user(agent).id}
    case_id = begin_case(database, person, state, **{**due, **columns})
    give_ticket(database, case_id, "7K2MQ9TX4WRB", "My phone fell off a boat.", "", now)
    return case_id


@pytest.fixture
def patients(database, sam, support):
    """Sam's case: one agent decides."""
    return open_case(database, sam, support)


@pytest.fixture
def staffs(database, dr_okafor, support):
    """Dr. Okafor's case: two people decide."""
    return open_case(database, dr_okafor, support)


@pytest.fixture
def desk(plain, support):
    return plain.enter(support)


def approve(browser, case_id, reason="Video call, passport."):
    browser.open(page_of(case_id, "approve"))
    return browser.fill("Approve", Reason=reason)


def links_of(database):
    return database.all(Link, Link.purpose == "recovery_set_up", Link.used_at.is_(None))


def untouched(database, person):
    """Whether the person's factors are as they were, and no link leads to set-up."""
    return database.user(person).two_factor == "on" and not links_of(database)


# --- by one agent


def test_an_approval_mails_the_link_and_changes_nothing_yet(browser, database, patients, sam, support):
    approve(browser.enter(support), patients)
    assert browser.path == page_of(patients)
    assert browser.notices[0] == "Approved. We emailed them a link to set up again."
    row = case_of(database, patients)
    assert (row.state, row.decided_by_id) == ("ready", database.user(support).id)
    assert row.identity_at == row.answered_at == sam.clock.now
    assert database.user(sam).two_factor == "on" and len(links_of(database)) == 1
    assert told(browser, "Support approved your request") == ["sam@example.test"]


def test_what_was_checked_and_why_is_kept(desk, database, patients):
    approve(desk, patients)
    (note,) = database.all(RecoveryNote)
    assert database.keys.open(note.text_sealed, recovery_place("note", note.id, "text")) == "Video call, passport."
    proofs = database.all(Event, Event.event == "recovery_proof")
    assert [(each.factor, each.case_id) for each in proofs] == [("identity", patients)]


def test_the_agent_never_sees_the_link(desk, database, patients):
    approve(desk, patients)
    (mail,) = mails(desk, to="sam@example.test", subject="Support approved your request")
    assert all("/recovery/stop/" in link for link in mail.links)
    assert "/recovery/set-up/" not in desk.open(page_of(patients)).response.text


@pytest.mark.parametrize("checks", [[], ["call_back"], ["colleague"], ["unknown", "call_back", "call_back"]])
def test_too_few_checks_approve_nothing(desk, database, patients, sam, checks):
    database.change(update(RecoveryCase).values(checks=checks))
    desk.open(page_of(patients, "approve"))
    assert not desk.offers("Approve") and "of 2 points" in desk.text
    answer = desk.post(page_of(patients, "approve"), {"reason": "I believe them."})
    assert answer.status_code == 422 and "That isn&#39;t enough yet: 2 points are due." in answer.text
    assert untouched(database, sam)


def test_two_checks_of_one_point_are_enough(desk, database, patients):
    database.change(update(RecoveryCase).values(checks=["call_back", "colleague"]))
    assert approve(desk, patients).notices[0].startswith("Approved.")


@pytest.mark.parametrize("deed", ["approve", "refuse", "ask"])
def test_who_has_not_taken_it_decides_nothing(plain, database, patients, sam, other_agent, support, deed):
    plain.enter(other_agent).open(page_of(patients, deed))
    assert "Take the case to check and decide." in plain.text
    answer = plain.post(page_of(patients, deed), {"reason": "Quick.", "question": "Quick?"})
    assert answer.status_code == 422 and f"{support.name}</span> has this request. Take it over first." in answer.text
    assert case_of(database, patients).state == "checking" and untouched(database, sam)


@pytest.mark.parametrize(("deed", "field"), [("approve", "Reason"), ("refuse", "Reason"), ("ask", "What you need")])
def test_each_needs_words_and_not_too_many(desk, database, patients, sam, deed, field):
    button = {"approve": "Approve", "refuse": "Refuse", "ask": "Ask for more"}[deed]
    for typed in ("", "a" * 501):
        desk.open(page_of(patients, deed)).type(field, typed)
        desk.press(button)
        assert desk.status == 422 and len(desk.problems) == 1 and desk.field(field).raw_text.strip() == typed
    assert case_of(database, patients).state == "checking" and untouched(database, sam)


# --- fresh proof


@pytest.mark.parametrize(("deed", "field"), [("approve", "Reason"), ("refuse", "Reason"), ("ask", "What you need")])
def test_a_decision_needs_fresh_proof_and_what_was_typed_is_kept(browser, database, patients, sam, support, clock, deed, field):
    button = {"approve": "Approve", "refuse": "Refuse", "ask": "Ask for more"}[deed]
    browser.enter(support).open(page_of(patients, deed)).type(field, "Passport, seen on video.")
    clock.move(minutes=6)
    browser.press(button)
    assert browser.heading == "Confirm it's you" and case_of(database, patients).state == "checking"
    browser.fill("Continue", Current_password=support.password, Verification_Code=support.code())
    assert browser.path == page_of(patients, deed)
    assert browser.field(field).raw_text.strip() == "Passport, seen on video."
    assert "Passport" not in str(database.all(RecoveryCase)[0].draft_sealed)
    browser.press(button)
    assert browser.path == page_of(patients) and case_of(database, patients).draft_sealed is None


def test_a_draft_is_for_its_decision_its_agent_and_half_an_hour(desk, database, patients, support, other_agent, clock):
    desk.open(page_of(patients, "approve")).type("Reason", "Mine.")
    clock.move(minutes=6)
    desk.press("Approve")
    desk.fill("Continue", Current_password=support.password, Verification_Code=support.code())
    assert desk.field("Reason").raw_text.strip() == "Mine."
    assert desk.open(page_of(patients, "refuse")).field("Reason").raw_text.strip() == ""
    colleague = desk.another().enter(other_agent).open(page_of(patients))
    colleague.press("Take over this case")
    assert colleague.open(page_of(patients, "approve")).field("Reason").raw_text.strip() == ""


def test_looking_at_a_decision_needs_fresh_proof_too(desk, patients, clock):
    clock.move(minutes=6)
    assert desk.open(page_of(patients, "approve")).heading == "Confirm it's you"


# --- refuse


@pytest.mark.parametrize("state", ["proving", "waiting", "checking", "answering", "ready"])
def test_support_refuses_in_every_state(desk, database, sam, support, state):
    case_id = open_case(database, sam, support, state)
    desk.open(page_of(case_id, "refuse"))
    desk.fill("Refuse", Reason="Someone else's voice.")
    assert desk.notices[0] == "Refused. Nothing was changed, and we've notified the account's owner."
    row = case_of(database, case_id)
    assert (row.state, row.ended_at, row.decided_by_id) == ("refused", sam.clock.now, database.user(support).id)
    (mail,) = mails(desk, to="sam@example.test", subject="Support refused the request for your account")
    assert "voice" not in mail.text and "your codes and backup codes still work" in mail.text
    assert untouched(database, sam)


def test_a_refusal_voids_the_link(desk, database, patients, sam):
    approve(desk, patients)
    assert len(links_of(database)) == 1
    desk.open(page_of(patients, "refuse"))
    desk.fill("Refuse", Reason="They called: it wasn't them.")
    assert case_of(database, patients).state == "refused" and untouched(database, sam)


def test_a_refusal_during_set_up_ends_its_session(desk, database, sam, support):
    case_id = open_case(database, sam, support, "setting_up")
    intruder = desk.another().enter(sam)
    desk.open(page_of(case_id, "refuse"))
    desk.fill("Refuse", Reason="They called: it wasn't them.")
    assert intruder.open("/home").path == "/sign-in"
    (mail,) = mails(desk, to="sam@example.test", subject="Support refused the request for your account")
    assert "nobody can sign in for now" in mail.text


# --- ask for more


def test_the_question_is_on_their_page_and_not_in_the_email(desk, database, patients, sam):
    desk.open(page_of(patients, "ask"))
    desk.fill("Ask for more", What_you_need="When can we call you by video?")
    row = case_of(database, patients)
    assert (row.state, row.answered_at) == ("answering", sam.clock.now)
    assert "Their answer is due" in desk.text and "When can we call you by video?" in desk.text
    (mail,) = mails(desk, to="sam@example.test", subject="Support needs more from you")
    assert "video" not in mail.text and "/recovery/7K2M-Q9TX-4WRB" in mail.links
    assert any("/recovery/stop/" in link for link in mail.links)


# --- two people


def test_staff_need_a_second_person(desk, database, staffs, dr_okafor, admin_lee, support):
    desk.open(page_of(staffs, "approve"))
    assert "A second person decides first." in desk.text
    desk.fill("Approve", Reason="Video call, passport.")
    assert desk.notices[0].startswith("You approved it. A second person decides now")
    row = case_of(database, staffs)
    assert (row.state, row.approved_by_id, row.decided_by_id) == ("deciding", database.user(support).id, None)
    assert row.due_at > dr_okafor.clock.now and untouched(database, dr_okafor)
    assert told(desk, "A recovery request is waiting for your approval") == ["admin.lee@example.test"]


@pytest.mark.parametrize(
    ("event", "factor"), [("email_changed", None), ("notice_address_added", None), ("password_changed", "link")]
)
@pytest.mark.parametrize("hours", [71, 73])
def test_so_do_patients_whose_contacts_or_password_changed_lately(
    desk, database, patients, sam, clock, other_agent, event, factor, hours
):
    at = clock.now - timedelta(hours=hours)
    row = {"at": at, "event": event, "factor": factor, "result": "ok", "subject_id": database.user(sam).id, "request_id": "r"}
    database.change(insert(Event).values(**row, ip="", user_agent="", app_version="0"))
    approve(desk, patients)
    assert case_of(database, patients).state == ("deciding" if hours < 72 else "ready")


def test_where_nobody_could_be_the_second_person_nothing_is_approved(desk, database, staffs, dr_okafor, admin_lee):
    database.change(update(User).where(User.username == admin_lee.username).values(two_factor="off"))
    approve(desk, staffs)
    assert desk.status == 422 and desk.problems[0].startswith("A second person has to approve this, and there is nobody")
    assert case_of(database, staffs).state == "checking" and untouched(database, dr_okafor)
    assert not database.all(Event, Event.event == "recovery_proof"), "nothing was recorded as checked"


@pytest.fixture
def deciding(desk, staffs):
    """Dr. Okafor's case, approved by `support`."""
    approve(desk, staffs)
    return staffs


def second_page(case_id, side=WAITING):
    return f"{side}/recovery/{case_id}"


TEAM = "/ehr/settings/team/approvals/waiting"


@pytest.mark.parametrize("answer", ["Approve", "Refuse"])
def test_the_practices_administrator_is_a_second_person(desk, browser, database, deciding, dr_okafor, admin_lee, answer):
    browser.enter(admin_lee).open("/ehr/settings/team/approvals")
    browser.press("View request")
    assert browser.path == second_page(deciding, TEAM)
    for fact in ("Video call, passport.", "Compared their photo ID with them on a video call", "Noor Haddad", dr_okafor.name):
        assert fact in browser.text
    browser.press(answer)
    row = case_of(database, deciding)
    assert row.decided_by_id == database.user(admin_lee).id
    assert row.state == {"Approve": "ready", "Refuse": "refused"}[answer]
    assert len(links_of(database)) == (answer == "Approve") and database.user(dr_okafor).two_factor == "on"


def test_another_agent_is_a_second_person(desk, database, deciding, other_agent):
    colleague = desk.another().enter(other_agent).open(page_of(deciding))
    colleague.press("Approve or refuse")
    colleague.press("Approve")
    assert case_of(database, deciding).state == "ready" and len(links_of(database)) == 1


def test_the_first_approver_approves_no_second_time(desk, database, deciding, dr_okafor):
    assert "There's nothing waiting for you." in desk.open(WAITING).text
    said = "You already approved this. Someone else has to decide now."
    assert desk.open(second_page(deciding)).problems == [said]
    assert said in desk.post(second_page(deciding), {"answer": "approve"}).text
    assert said in desk.post(page_of(deciding, "approve"), {"reason": "Once more."}).text
    assert case_of(database, deciding).state == "deciding" and untouched(database, dr_okafor)


def test_the_owner_of_the_account_cannot_be_the_second_person(desk, database, deciding, dr_okafor):
    database.change(update(User).where(User.username == dr_okafor.username).values(role="administrator"))
    owner = desk.another().enter(dr_okafor)
    assert "There's nothing waiting for you." in owner.open("/ehr/settings/team/approvals").text
    assert owner.get(second_page(deciding, TEAM)).status_code == 404
    assert owner.post(second_page(deciding, TEAM), {"answer": "approve"}).status_code == 404
    assert {each.reason for each in database.all(Event, Event.event == "authz_fail")} == {"not_own"}
    assert case_of(database, deciding).state == "deciding" and untouched(database, dr_okafor)


def test_an_administrator_elsewhere_is_not_asked(desk, database, deciding, dr_novak):
    database.change(update(User).where(User.username == dr_novak.username).values(role="administrator"))
    stranger = desk.another().enter(dr_novak)
    assert "There's nothing waiting for you." in stranger.open("/ehr/settings/team/approvals").text
    assert stranger.post(second_page(deciding, TEAM), {"answer": "approve"}).status_code == 404
    assert case_of(database, deciding).state == "deciding"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("refused", "Robin Lee already refused this."),
        ("stopped", "This request was stopped, so nothing was done."),
        ("ready", "Robin Lee already approved this."),
    ],
)
def test_what_is_closed_is_approved_by_nobody(desk, database, deciding, dr_okafor, admin_lee, other_agent, clock, state, said):
    colleague = desk.another().enter(other_agent).open(second_page(deciding))
    over = {"decided_by_id": None if state == "stopped" else database.user(admin_lee).id}
    ended_at = None if state == "ready" else clock.now
    database.change(update(RecoveryCase).values(state=state, ended_at=ended_at, **over))
    colleague.press("Approve")
    assert (colleague.status, colleague.problems) == (422, [said])
    assert case_of(database, deciding).state == state and untouched(database, dr_okafor)
    assert desk.open(second_page(deciding)).problems == [said]


def test_what_lapsed_is_approved_by_nobody(desk, database, deciding, dr_okafor, other_agent, clock):
    clock.move(days=14)
    colleague = desk.another().enter(other_agent)
    assert colleague.open(second_page(deciding)).problems == ["This request expired, so nothing was done."]
    assert untouched(database, dr_okafor)


@pytest.mark.parametrize("change", [{"role": "provider"}, {"practice_id": 2}, {"disabled_at": True}])
def test_who_lost_the_right_a_second_ago_decides_nothing(
    desk, database, deciding, dr_okafor, admin_lee, clock, monkeypatch, change
):
    second = desk.another().enter(admin_lee).open(second_page(deciding, TEAM))
    values = {name: clock.now if value is True else value for name, value in change.items()}
    lost = update(User).where(User.username == admin_lee.username).values(**values)
    just_before(monkeypatch, flow, "begin_write", lambda: database.change(lost))
    second.press("Approve")
    assert second.status == 422 and second.problems == [
        "Your own access just changed, so nothing was done. Sign in again to see what you can do now."
    ]
    assert case_of(database, deciding).state == "deciding" and untouched(database, dr_okafor)


def test_an_agent_who_lost_the_role_a_second_ago_decides_nothing(desk, database, patients, sam, support, monkeypatch):
    from portal.flows.recovery import case

    desk.open(page_of(patients, "approve"))
    lost = update(User).where(User.username == support.username).values(role="patient")
    just_before(monkeypatch, case, "begin_write", lambda: database.change(lost))
    desk.fill("Approve", Reason="Passport.")
    assert desk.status == 422 and "Your own access just changed" in desk.problems[0]
    assert case_of(database, patients).state == "checking" and untouched(database, sam)


@pytest.mark.parametrize("gone", [{"role": "patient"}, {"disabled_at": START}])
def test_what_somebody_approved_who_is_gone_is_checked_anew(app, desk, database, deciding, dr_okafor, other_agent, support, gone):
    due_at = case_of(database, deciding).due_at
    database.change(update(User).where(User.username == support.username).values(**gone))
    colleague = desk.another().enter(other_agent)
    assert "There's nothing waiting for you." in colleague.open(WAITING).text
    assert colleague.post(second_page(deciding), {"answer": "approve"}).status_code == 422
    app.extensions["queue"].order_due()
    row = case_of(database, deciding)
    assert (row.state, row.agent_id, row.approved_by_id, row.checks, row.due_at) == ("checking", None, None, [], due_at)
    colleague.open(page_of(deciding)).press("Take this case")
    assert "Checked so far: 0 of 2 points." in colleague.text and untouched(database, dr_okafor)


def test_what_waits_for_a_second_person_stays_while_the_first_one_may_approve(app, database, deciding):
    app.extensions["queue"].order_due()
    assert case_of(database, deciding).state == "deciding"


@pytest.mark.parametrize(
    ("change", "said"),
    [({"generation": User.generation + 1}, "changed after the request began"), ({"disabled_at": True}, "This account is closed")],
)
def test_an_account_that_changed_is_not_recovered(desk, database, patients, sam, clock, change, said):
    """Its owner has set up another app, or an operator closed it."""
    values = {name: clock.now if value is True else value for name, value in change.items()}
    desk.open(page_of(patients, "approve"))
    database.change(update(User).where(User.username == sam.username).values(**values))
    desk.fill("Approve", Reason="Passport.")
    assert desk.status == 422 and said in desk.problems[0]
    assert case_of(database, patients).state == "checking" and untouched(database, sam)
