"""The number of a request for emergency access: its page shows it, the approver types it, and nothing else approves (AD-6)."""

import pytest
from sqlalchemy import delete, update

from portal.crypto import Keyring
from portal.flows.operator.operator_events import command_context
from portal.flows.operator.rotate_keys import rotate_keys
from portal.models import EmergencyGrant, Event, LimitCounter, Outbox
from portal.settings import config
from tests.blueprints.emergency.test_emergency_access import ASK, LISTED, TEAM, WHY, ask, grant, path_of
from tests.support.emergency import FIELD, approve, spoken_number, wrong_numbers
from tests.support.mailbox import mails
from tests.support.moving import START

WRONG = "emergency_number_wrong"
TRIES = config.EMERGENCY_NUMBER_TRIES


def look(browser, person, database, place=f"{TEAM}/approvals"):
    """An approver's page of the newest request."""
    approver = browser.another().enter(person)
    return approver.open(path_of(database, place))


def undecided(database):
    row = grant(database)
    return (row.approved_at, row.refused_at, row.decided_by_id, row.ends_at) == (None,) * 4


def wrong_events(database):
    return database.all(Event, Event.event == WRONG)


# --- what doesn't approve


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the number they read to you."),
        (" \u2013 ", "Enter the number they read to you."),
        ("123", "The number has 4 digits."),
        ("12345", "The number has 4 digits."),
        ("12a4", "The number has 4 digits."),
        ("\u00b2\u00b2\u00b2x", "The number has 4 digits."),
        ("1" * 10_000, "The number has 4 digits."),
        ("12\x0034", "The number has 4 digits."),
    ],
)
def test_what_is_no_number_changes_nothing_and_costs_no_try(browser, dr_okafor, admin_lee, database, typed, said):
    ask(browser, dr_okafor)
    boss = look(browser, admin_lee, database)
    counters = len(database.all(LimitCounter))
    boss.fill("Approve", **{FIELD: typed})
    assert boss.status == 422 and boss.problems[0].startswith(said)
    assert boss.field(FIELD)["aria-invalid"] == "true" and "autofocus" in boss.field(FIELD)
    assert undecided(database) and wrong_events(database) == [] and len(database.all(LimitCounter)) == counters


def test_pressing_approve_without_the_field_changes_nothing(plain, dr_okafor, admin_lee, database):
    ask(plain, dr_okafor)
    boss = look(plain, admin_lee, database)
    for form in ({"answer": "approve"}, {"answer": "approve", "number": ""}, {"number": spoken_number(plain.app)}):
        assert boss.post(path_of(database), form).status_code == 422
    assert undecided(database)


def test_a_wrong_number_refuses_is_counted_and_recorded_about_both(browser, dr_okafor, admin_lee, database):
    ask(browser, dr_okafor)
    boss = look(browser, admin_lee, database)
    for tries, number in zip((4, 3), wrong_numbers(browser.app, 2), strict=True):
        boss.fill("Approve", **{FIELD: number})
        assert boss.status == 422 and boss.heading == "Approve or refuse"
        assert f"You have {tries} tries left." in boss.problems[0] and "autofocus" in boss.field(FIELD)
    assert undecided(database) and boss.field(FIELD).attributes.get("value") is None
    about = [(row.subject_id, row.actor_id, row.result, row.reason, row.case_id) for row in wrong_events(database)]
    her, him, case = database.user(dr_okafor).id, database.user(admin_lee).id, grant(database).id
    assert about == [(her, him, "refused", "number_wrong", case), (him, him, "refused", "colleague", case)] * 2
    assert [row.spent for row in database.all(LimitCounter) if row.spent == 2] == [2]


def test_the_right_number_approves_after_wrong_ones(browser, dr_okafor, admin_lee, database):
    ask(browser, dr_okafor)
    boss = look(browser, admin_lee, database)
    boss.fill("Approve", **{FIELD: wrong_numbers(browser.app, 1)[0]})
    approve(boss)
    assert any(note.startswith("Approved.") for note in boss.notices)
    assert grant(database).approved_at and grant(database).decided_by_id == database.user(admin_lee).id


@pytest.mark.parametrize("written", ["{0} {1} {2} {3}", "{0}{1}-{2}{3}", " {0}.{1}\u2013{2}\u00a0{3} "])
def test_the_number_may_have_blanks_and_dashes_anywhere(plain, dr_okafor, admin_lee, database, written):
    ask(plain, dr_okafor)
    look(plain, admin_lee, database).fill("Approve", **{FIELD: written.format(*spoken_number(plain.app))})
    assert grant(database).approved_at


def test_digits_of_another_script_are_digits(plain, dr_okafor, admin_lee, database):
    ask(plain, dr_okafor)
    arabic = spoken_number(plain.app).translate({ord(str(digit)): 0x660 + digit for digit in range(10)})
    look(plain, admin_lee, database).fill("Approve", **{FIELD: arabic})
    assert grant(database).approved_at


def test_a_number_of_another_request_does_not_approve(plain, dr_okafor, admin_lee, support, database):
    ask(plain, dr_okafor)
    first = grant(database).id
    ask(plain.another(), admin_lee)
    other = next(row.id for row in database.all(EmergencyGrant) if row.id != first)
    database.change(
        update(EmergencyGrant)
        .where(EmergencyGrant.id == other)
        .values(number_sealed=database.keys.seal("1234", f"emergency_grants:{other}:number"))
    )
    database.change(
        update(EmergencyGrant)
        .where(EmergencyGrant.id == first)
        .values(number_sealed=database.keys.seal("4321", f"emergency_grants:{first}:number"))
    )
    desk = plain.another().enter(support).open(f"/support/waiting/emergency/{other}")
    desk.fill("Approve", **{FIELD: "4321"})
    assert desk.status == 422 and all(row.approved_at is None for row in database.all(EmergencyGrant))


# --- when the tries are used up


def test_five_wrong_numbers_shut_out_that_approver_alone(browser, dr_okafor, admin_lee, support, database):
    ask(browser, dr_okafor)
    boss = look(browser, admin_lee, database)
    for number in wrong_numbers(browser.app, TRIES):
        boss.fill("Approve", **{FIELD: number})
    assert boss.status == 422 and "you can't approve this anymore" in boss.problems[0]
    assert not boss.offers("Approve") and boss.offers("Refuse")
    boss.open(path_of(database))
    assert not boss.offers("Approve") and any("someone else can still approve it" in note for note in boss.notices)
    right = {"answer": "approve", "number": spoken_number(browser.app)}
    assert boss.post(path_of(database), right).status_code == 422 and undecided(database)
    assert len(wrong_events(database)) == 2 * TRIES, "a try that is not compared is no try"
    approve(look(browser, support, database, "/support"))
    assert grant(database).approved_at and grant(database).decided_by_id == database.user(support).id


def test_the_requester_is_told_to_call_someone_else(plain, dr_okafor, admin_lee, support, database):
    ask(plain, dr_okafor)
    boss = look(plain, admin_lee, database)
    *early, last = wrong_numbers(plain.app, TRIES)
    for number in early:
        boss.fill("Approve", **{FIELD: number})
    assert any("Read yours to them again." in note for note in plain.open(ASK).notices) and "Our support team:" not in plain.text
    boss.fill("Approve", **{FIELD: last})
    [note] = plain.open(ASK).notices
    assert note == "Robin Lee entered five wrong numbers and can't approve this anymore. Call someone else."
    assert "Our support team: " in plain.text
    look(plain, support, database, "/support").fill("Approve", **{FIELD: last})
    assert any(
        "6 wrong numbers were entered, the last one by Noor Haddad. Read yours" in note for note in plain.open(ASK).notices
    )


def test_who_used_up_the_tries_can_still_refuse(plain, dr_okafor, admin_lee, database):
    ask(plain, dr_okafor)
    boss = look(plain, admin_lee, database)
    for number in wrong_numbers(plain.app, TRIES):
        boss.fill("Approve", **{FIELD: number})
    boss.press("Refuse")
    assert grant(database).refused_at


def test_a_new_request_has_a_new_number_and_new_tries(plain, dr_okafor, admin_lee, database, clock):
    ask(plain, dr_okafor)
    boss = look(plain, admin_lee, database)
    for number in wrong_numbers(plain.app, TRIES):
        boss.fill("Approve", **{FIELD: number})
    boss.press("Refuse")
    clock.move(minutes=1)
    ask(plain, dr_okafor)
    approve(boss.open(path_of(database)))
    assert grant(database).approved_at and not grant(database).refused_at


# --- who sees it, and who sees what was tried


def test_the_number_is_on_the_page_that_asked_and_nowhere_else(browser, dr_okafor, admin_lee, support, database):
    ask(browser, dr_okafor)
    number = spoken_number(browser.app)
    assert number in browser.text and ", ".join(number) in browser.text
    database.change(update(EmergencyGrant).values(reason="No digits here."))
    boss = look(browser, admin_lee, database)
    desk = look(browser, support, database, "/support")
    for approver, pages in (
        (boss, (path_of(database), LISTED, TEAM, f"{TEAM}/approvals")),
        (desk, ("/support", "/support/emergency")),
    ):
        for path in pages:
            assert f">{number}<" not in approver.open(path).response.text and number not in approver.text.split()
            assert ", ".join(number) not in approver.text
    assert all(number not in mail.text and number not in mail.subject for mail in mails(browser))
    assert all(number not in str(row.facts) for row in database.all(Outbox) if "emergency" in row.template)
    assert number not in browser.another().open("/test-bench").text
    assert (
        all(number != (row.reason or "") for row in database.all(Event)) and number.encode() not in grant(database).number_sealed
    )


def test_who_asked_sees_who_typed_a_wrong_number(plain, dr_okafor, admin_lee, database):
    ask(plain, dr_okafor)
    boss = look(plain, admin_lee, database)
    first, second = wrong_numbers(plain.app, 2)
    boss.fill("Approve", **{FIELD: first})
    assert any(note.startswith("Robin Lee entered a wrong number.") for note in plain.open(ASK).notices)
    boss.fill("Approve", **{FIELD: second})
    assert any("2 wrong numbers were entered, the last one by Robin Lee." in note for note in plain.open(ASK).notices)


def test_the_review_and_both_peoples_activity_tell_the_wrong_numbers(plain, dr_okafor, admin_lee, support, database, clock):
    ask(plain, dr_okafor)
    desk = look(plain, support, database, "/support")
    desk.fill("Approve", **{FIELD: wrong_numbers(plain.app, 1)[0]})
    boss = look(plain, admin_lee, database)
    assert "Wrong numbers entered" in boss.text and "Noor Haddad, " in boss.text
    approve(boss)
    clock.move(hours=2)
    boss = plain.another().enter(admin_lee).open(TEAM)
    assert "Wrong numbers entered" in boss.text and "Noor Haddad, " in boss.text
    desk = plain.another().enter(support).open("/support/security/activity")
    assert "You entered a wrong number to approve emergency access." in desk.text and "For Dr. Ada Okafor." in desk.text
    plain.enter(dr_okafor).open("/ehr/settings/security/activity")
    assert "A wrong number was entered to approve your emergency access." in plain.text and "By Noor Haddad." in plain.text


def test_the_approver_sees_which_browser_asks(browser, dr_okafor, admin_lee, database):
    hers = browser.another(agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
    ask(hers, dr_okafor)
    boss = look(browser, admin_lee, database)
    assert "Firefox on Windows, IP address 127.0.0.1" in boss.text and WHY in boss.text


# --- a number that can't be read


def test_without_a_number_nobody_is_offered_approve(plain, dr_okafor, admin_lee, database, caplog):
    ask(plain, dr_okafor)
    right = spoken_number(plain.app)
    boss = plain.another().enter(admin_lee)
    counters = len(database.all(LimitCounter))
    place, case = grant(database).id, path_of(database)
    other = database.keys.seal("4777", "emergency_grants:another:number")
    old = database.keys.seal("47", f"emergency_grants:{place}:number")  # two digits, of a release that showed them to both
    for stored, is_logged in ((other, True), (None, False), (old, False)):
        caplog.clear()
        database.change(update(EmergencyGrant).values(number_sealed=stored))
        assert any("We can't show the number" in note for note in plain.open(ASK).notices)
        assert not boss.open(case).offers("Approve") and boss.offers("Refuse")
        assert any("nobody can approve it" in note for note in boss.notices)
        for number in (right, "4777", "47", ""):
            assert boss.post(case, {"answer": "approve", "number": number}).status_code == 422
        assert undecided(database) and wrong_events(database) == [] and len(database.all(LimitCounter)) == counters
        assert any(each.levelname == "CRITICAL" for each in caplog.records) == is_logged
    boss.open(case).press("Refuse")
    assert grant(database).refused_at


def test_the_number_stays_the_same_while_the_keys_are_rotated(plain, dr_okafor, app, monkeypatch):
    ask(plain, dr_okafor)
    first, old, new = spoken_number(app), app.extensions["settings"].encryption_keys, ("k2", bytes(range(32)))
    for keys in ((new, *old), (new,)):
        monkeypatch.setitem(app.extensions, "keys", Keyring(keys))
        assert first in plain.open(ASK).text
        with app.app_context():
            assert rotate_keys(command_context(app.extensions["keys"], START, "keys rotate")).broken == 0
        assert first in plain.open(ASK).text


def test_the_number_is_chance(plain, dr_okafor, database):
    shown = set()
    for _ in range(5):
        ask(plain, dr_okafor)
        shown.add(spoken_number(plain.app))
        database.change(delete(EmergencyGrant))
    assert len(shown) > 1 and all(len(each) == config.EMERGENCY_NUMBER_DIGITS for each in shown)
