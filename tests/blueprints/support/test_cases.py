"""Recovery requests in the support console: the queue, the page of a case, and what an agent does there before a decision."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from portal.models import Event, RecoveryCase, RecoveryNote, RecoveryTicket, User, recovery_place
from portal.settings import config
from tests.support.cases import begin_case, case_of, give_ticket
from tests.support.moving import START

QUEUE = "/support"


def page_of(case_id):
    return f"/support/recovery/{case_id}"


@pytest.fixture
def checking(database, sam, clock):
    """Sam's case, which support has to answer within a day."""
    due = {"asked_support_at": clock.now, "due_at": clock.now + timedelta(days=1)}
    case_id = begin_case(database, sam, "checking", **due)
    give_ticket(database, case_id, "7K2MQ9TX4WRB", "My phone fell off a boat.", "Riverside?", clock.now)
    return case_id


@pytest.fixture
def desk(plain, support):
    """The agent's browser."""
    return plain.enter(support)


def take(browser, case_id):
    browser.open(page_of(case_id))
    return browser.press("Take this case")


# --- the queue


def test_the_queue_is_the_consoles_first_page(plain, support):
    plain.enter(support)
    assert (plain.path, plain.heading) == (QUEUE, "Recovery requests")
    assert "No recovery requests are open." in plain.text
    for tab in ("Waiting for approval", "Emergency reviews"):
        assert plain.open(QUEUE).press(tab).status == 200


def test_a_row_names_nobody_and_says_how_old_it_is_and_by_when(desk, checking, sam):
    desk.open(QUEUE)
    assert "7K2M-Q9TX-4WRB" in desk.text and "Nobody has it yet." in desk.text and "Your turn" in desk.text
    assert "Asked today" in desk.text and "Answer promised by" in desk.text
    assert sam.name not in desk.text and sam.username not in desk.text


def test_who_has_it_stands_in_the_row(desk, checking):
    take(desk, checking)
    assert "You have it." in desk.open(QUEUE).text


def test_overdue_comes_first_and_what_waits_without_support_comes_last(desk, database, clock, checking, maria, jun, dr_okafor):
    begin_case(database, maria, "waiting", now=clock.now - timedelta(hours=3), password_at=clock.now)
    late = {"asked_support_at": clock.now - timedelta(days=2), "due_at": clock.now - timedelta(minutes=1)}
    begin_case(database, jun, "checking", now=clock.now - timedelta(days=2), **late)
    begin_case(database, dr_okafor, "asked")
    desk.open(QUEUE)
    badges = [each.text for each in desk.page.one("main").walk() if "badge" in each.classes]
    assert badges == ["Overdue", "Your turn", "24-hour wait"], "one whose code nobody entered is not there"


@pytest.mark.parametrize("state", ["done", "stopped", "refused", "lapsed"])
def test_what_is_over_is_not_in_the_queue(desk, database, clock, sam, state):
    begin_case(database, sam, state, ended_at=clock.now)
    assert "No recovery requests are open." in desk.open(QUEUE).text


def test_what_lapsed_is_not_in_the_queue_before_the_sweep_either(desk, clock, checking, support):
    clock.move(days=14)
    desk.enter(support)
    assert "No recovery requests are open." in desk.open(QUEUE).text
    desk.open(page_of(checking))
    assert "Expired" in desk.text and not desk.offers("Take this case")


def test_an_agents_own_recovery_is_not_theirs_to_see(desk, database, support):
    own = begin_case(database, support, "checking")
    assert "No recovery requests are open." in desk.open(QUEUE).text
    for path in ("", "/decide/approve", "/decide/refuse", "/decide/ask"):
        assert desk.get(page_of(own) + path).status_code == 404
    for path in ("/take", "/checks", "/notes", "/decide/approve", "/decide/refuse", "/decide/ask"):
        assert desk.post(page_of(own) + path, {"reason": "Mine.", "note": "Mine.", "question": "Me?"}).status_code == 404
    assert {each.reason for each in database.all(Event, Event.event == "authz_fail")} == {"not_own"}
    assert case_of(database, own).agent_id is None


@pytest.mark.parametrize("case_id", ["none", "%00", "0" * 32])
def test_a_case_that_is_not_there_is_not_found(desk, case_id):
    assert desk.get(page_of(case_id)).status_code == 404
    assert desk.post(page_of(case_id) + "/take").status_code == 404


def test_long_queues_have_pages(desk, checking, monkeypatch, database, maria):
    monkeypatch.setattr(config, "RECOVERY_QUEUE_PAGE", 1)
    begin_case(database, maria, "proving")
    desk.open(QUEUE).press("Later in the list")
    assert "A second proof is due" in desk.text
    assert "Your turn" in desk.press("Earlier in the list").text
    assert desk.get(f"{QUEUE}?page=x").status_code == desk.get(f"{QUEUE}?page=99999999999999").status_code == 200


# --- the page


def test_the_page_shows_what_was_typed_shown_and_what_the_account_has(desk, checking, sam):
    desk.open(page_of(checking))
    assert desk.heading == f"Recovery request for {sam.name}"
    assert "My phone fell off a boat." in desk.text and "Riverside?" in desk.text
    assert "The code that we emailed: they can read the mailbox" in desk.text and "IP address 192.0.2.9" in desk.text
    assert "Authenticator App" in desk.text and "Works" in desk.text
    assert "10 unused codes are left." in desk.text
    assert "s•••@example.test" in desk.text and "sam@example.test" not in desk.text


def test_support_sees_no_secret(desk, checking, sam, database):
    desk.open(page_of(checking))
    shown = desk.response.text
    assert sam.key not in shown and not any(code in shown for code in (sam.code(), *sam.codes))
    assert database.user(sam).unseal(database.keys, "email") not in shown


def test_every_look_is_recorded_once_for_the_person_and_the_agent(desk, database, clock, checking, sam, support):
    for _ in range(3):
        desk.open(page_of(checking))
    looks = database.all(Event, Event.event == "recovery_viewed")
    assert [(each.subject_id, each.reason) for each in looks] == [
        (database.user(sam).id, None), (database.user(support).id, "colleague"),
    ]  # fmt: skip
    clock.move(minutes=10)
    desk.open(page_of(checking))
    assert len(database.all(Event, Event.event == "recovery_viewed")) == 4


def test_the_owner_reads_who_looked(desk, checking, sam, support):
    take(desk, checking)
    desk.fill("Add note", Note="Called, no answer.")
    owner = desk.another().enter(sam)
    owner.open("/account/security/activity")
    assert "Support looked at a request to recover your account." in owner.text and support.name in owner.text
    assert "Support wrote a note about a request to recover your account." in owner.text
    assert "no answer" not in owner.text
    own = desk.open("/support/security/activity").text
    assert "You looked at someone's recovery request." in own and sam.name in own


def test_locks_and_suspensions_are_named(desk, checking, database, sam, clock):
    from portal.models import Authenticator

    own = update(Authenticator).where(Authenticator.user_id == database.user(sam).id)
    for values, words in (
        ({"strangers_disabled_at": clock.now}, "Blocked in new browsers after a hundred wrong codes"),
        ({"disabled_at": clock.now}, "Blocked after a hundred wrong codes"),
        ({"suspended_at": clock.now}, "Suspended: reported lost"),
    ):
        database.change(own.values(**values))
        assert words in desk.open(page_of(checking)).text
    database.change(update(User).where(User.username == "sam").values(codes_paused_until=clock.now + timedelta(minutes=9)))
    assert "Codes in new browsers are paused until" in desk.open(page_of(checking)).text


def test_secrets_that_the_keys_do_not_open_leave_the_page_standing(desk, checking, database, sam):
    broken = {"email_sealed": b"x", "phone_sealed": b"x"}
    database.change(update(User).where(User.username == sam.username).values(**broken))
    database.change(update(RecoveryTicket).values(story_sealed=b"x", practice_sealed=b"x"))
    desk.open(page_of(checking))
    assert desk.status == 200 and desk.text.count("It can't be read with the keys at hand.") == 3


# --- taking a case


def test_a_case_is_taken_and_taken_over(desk, checking, database, support):
    take(desk, checking)
    assert "You have this case now." in desk.notices[0] and "You have it." in desk.text
    assert case_of(database, checking).agent_id == database.user(support).id
    assert desk.post(f"{page_of(checking)}/take", {"seen": "0"}).status_code == 303, "the same press once more"
    assert len(database.all(Event, Event.event == "recovery_taken")) == 2


def test_who_took_it_a_moment_ago_keeps_it(desk, checking, database, other_agent):
    desk.open(page_of(checking))
    take(desk.another().enter(other_agent), checking)
    desk.press("Take this case")
    assert desk.status == 422 and desk.problems == [f"{other_agent.name} has this request. Take it over first."]
    desk.press("Take over this case")
    assert "You have it." in desk.text


@pytest.mark.parametrize(
    ("now", "kept"), [({"role": "support"}, ["video_id"]), ({"disabled_at": START}, []), ({"role": "patient"}, [])]
)
def test_what_an_agent_checked_who_is_gone_counts_for_nothing(desk, checking, database, other_agent, now, kept):
    database.change(update(RecoveryCase).values(agent_id=database.user(other_agent).id, checks=["video_id"]))
    database.change(update(User).where(User.username == other_agent.username).values(**now))
    desk.open(page_of(checking)).press("Take over this case")
    assert case_of(database, checking).checks == kept


@pytest.mark.parametrize("seen", ["x", "-1", "9" * 40, ""])
def test_a_broken_form_takes_nothing_from_anybody(desk, checking, database, other_agent, seen):
    take(desk.another().enter(other_agent), checking)
    desk.open(page_of(checking))
    assert desk.post(f"{page_of(checking)}/take", {"seen": seen}).status_code == 422
    assert case_of(database, checking).agent_id == database.user(other_agent).id


# --- the checklist


def test_the_checklist_says_what_each_proof_is_worth_and_adds_up(desk, checking, database):
    take(desk, checking)
    assert "2 points" in desk.text and "1 point" in desk.text and "Checked so far: 0 of 2 points." in desk.text
    desk.tick("Compared their photo ID with them on a video call")
    desk.press("Save")
    assert "Your checks are saved." in desk.notices[0] and "Checked so far: 2 of 2 points." in desk.text
    assert case_of(database, checking).checks == ["video_id"]
    assert desk.field("Compared their photo ID with them on a video call")["checked"] == ""


def test_no_proof_asks_what_others_may_know(desk, checking):
    """RC-5."""
    take(desk, checking)
    labels = " ".join(each.text for each in desk.page.all("label")).casefold()
    assert not any(word in labels for word in ("birth", "security number", "maiden", "last visit", "question", "address of"))


def test_unknown_checks_are_not_kept(desk, checking, database):
    take(desk, checking)
    desk.post(f"{page_of(checking)}/checks", {"checks": ["video_id", "born_on", "\x00"]})
    assert case_of(database, checking).checks == ["video_id"]


@pytest.mark.parametrize("recently", [True, False])
def test_a_number_that_changed_lately_shows_nothing(desk, checking, database, clock, maria, recently):
    ago = timedelta(hours=71 if recently else 73)
    case_id = begin_case(database, maria, "checking")
    user_id = database.user(maria).id
    row = {"at": clock.now - ago, "event": "phone_changed", "result": "ok", "subject_id": user_id, "request_id": "r"}
    database.change(insert(Event).values(**row, ip="", user_agent="", app_version="0"))
    take(desk, case_id)
    assert ("a call to it shows nothing" in desk.text) is recently
    desk.post(f"{page_of(case_id)}/checks", {"checks": "call_back"})
    assert case_of(database, case_id).checks == ([] if recently else ["call_back"])


def test_who_has_not_taken_it_checks_nothing(desk, checking, database):
    desk.open(page_of(checking))
    answer = desk.post(f"{page_of(checking)}/checks", {"checks": "video_id"})
    assert answer.status_code == 422 and "Nobody has this request. Take it first." in answer.text
    assert case_of(database, checking).checks == []


# --- notes


def test_a_note_is_sealed_and_read_by_every_agent(desk, checking, database, other_agent):
    desk.open(page_of(checking))
    desk.fill("Add note", Note="Her sister answered.")
    assert "Your note was added." in desk.notices[0]
    assert "Her sister answered." in desk.another().enter(other_agent).open(page_of(checking)).text
    (row,) = database.all(RecoveryNote)
    assert b"sister" not in row.text_sealed
    assert database.keys.open(row.text_sealed, recovery_place("note", row.id, "text")) == "Her sister answered."


def test_a_note_pressed_twice_is_there_once(desk, checking, database):
    desk.open(page_of(checking))
    for _ in range(2):
        desk.post(f"{page_of(checking)}/notes", {"note": "Called."})
    assert len(database.all(RecoveryNote)) == 1 and len(database.all(Event, Event.event == "recovery_noted")) == 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write a note first."),
        ("\u200b ", "Write a note first."),
        ("a" * 2001, "A note can have up to 2,000 characters. Shorten it, or write two."),
    ],
)
def test_a_note_that_cannot_be_is_refused_at_its_field(desk, checking, database, typed, said):
    desk.open(page_of(checking))
    desk.fill("Add note", Note=typed)
    assert desk.status == 422 and desk.problems == [said]
    assert not database.all(RecoveryNote)


def test_a_closed_case_takes_no_note(desk, checking, database, clock):
    from portal.models import RecoveryCase

    desk.open(page_of(checking))
    database.change(update(RecoveryCase).values(state="stopped", ended_at=clock.now))
    desk.fill("Add note", Note="Too late.")
    assert desk.status == 422 and desk.problems == ["This request was stopped, so nothing was done."]
