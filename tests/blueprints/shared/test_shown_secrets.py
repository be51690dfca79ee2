"""Each page that takes a text refuses live codes and keys in it, spends them, and takes everything else (decision 37)."""

import re
from datetime import timedelta

import pytest

from portal.models import BackupCode, ChartNote, EmergencyGrant, Event, Outbox, RecoveryNote, RecoveryTicket, ResetRequest
from portal.words.refusals import SENTENCES
from tests.blueprints.ehr.test_reset import ask as ask_reset
from tests.support.cases import begin_case, case_of, give_ticket
from tests.support.markup import squeeze
from tests.support.recovery import ask as ask_recovery

LOOKALIKE = "ABCD-EFGH-JKMN-PQRS"
THEIRS = SENTENCES["shown_theirs"]
WIDE = str.maketrans({chr(each): chr(each + 0xFEE0) for each in range(0x21, 0x7F)})


def used(database):
    return len(database.all(BackupCode, BackupCode.used_at.is_not(None)))


def kinds(database):
    """Returns the kinds of secrets that events name, in order."""
    return [row.reason for row in database.all(Event, Event.event == "secret_shown")]


@pytest.fixture
def case_id(database, sam, support, clock):
    """Sam's case, in the agent's hands and checked."""
    due = {"asked_support_at": clock.now, "due_at": clock.now + timedelta(days=1)}
    agent = {"agent_id": database.user(support).id, "checks": ["video_id"]}
    case_id = begin_case(database, sam, "checking", **agent, **due)
    give_ticket(database, case_id, "7K2MQ9TX4WRB", "My phone fell off a boat.", "", clock.now)
    return case_id


@pytest.mark.parametrize(
    ("place", "button", "label"),
    [
        ("", "Add note", "Note"),
        ("/decide/approve", "Approve", "Reason"),
        ("/decide/refuse", "Refuse", "Reason"),
        ("/decide/ask", "Ask for more", "What you need"),
    ],
)
def test_what_support_writes_holds_no_code_of_the_person(browser, database, case_id, sam, support, place, button, label):
    browser.enter(support).open(f"/support/recovery/{case_id}{place}")
    browser.type(label, f"They read {sam.codes[0].translate(WIDE)} to me.")
    browser.press(button)
    assert (browser.status, browser.problems) == (422, [THEIRS])
    assert browser.field(label).raw_text.strip() == "They read … to me." and not browser.offers("Go to the Security page")
    assert used(database) == 1 and kinds(database) == ["backup_code", "colleague"]
    assert database.all(RecoveryNote) == [] and case_of(database, case_id).state == "checking"
    assert [row.user_id for row in database.all(Outbox, Outbox.template == "secret_shown")] == [database.user(sam).id]
    browser.type(label, f"They wrote {LOOKALIKE}, and 123 456.")
    browser.press(button)
    assert browser.status == 200 and len(database.all(RecoveryNote)) == 1


def test_what_support_writes_holds_no_code_of_its_own(plain, database, case_id, support):
    plain.enter(support).open(f"/support/recovery/{case_id}")
    plain.fill("Add note", Note=f"Mine is {support.code(1)}.")
    assert plain.problems[0].startswith("That held a verification code that still worked. We took it out, and it's used up now.")
    assert kinds(database) == ["code"]


def test_a_decision_that_is_kept_for_step_up_keeps_no_code(plain, database, case_id, sam, support, clock):
    plain.enter(support).open(f"/support/recovery/{case_id}/decide/refuse")
    plain.type("Reason", f"Code {sam.codes[1]}")
    clock.move(minutes=6)
    plain.press("Refuse")
    assert plain.status == 422 and case_of(database, case_id).draft_sealed is None


def test_a_reason_for_a_reset_holds_no_key_of_the_person(plain, database, admin_lee, dr_okafor):
    lee = plain.enter(admin_lee)
    ask_reset(lee, database, dr_okafor, f"Key {' '.join(re.findall('....', dr_okafor.key.lower()))}, lost")
    assert (lee.status, lee.problems) == (422, [THEIRS])
    assert lee.field("Reason").raw_text.strip() == "Key …, lost" and database.all(ResetRequest) == []
    assert kinds(database) == ["key", "colleague"]
    ask_reset(lee, database, dr_okafor, f"Code was {LOOKALIKE}.")
    assert lee.path.endswith("/done")


def test_a_chart_holds_no_code_of_its_writer(browser, database, dr_okafor):
    browser.enter(dr_okafor).open("/ehr/charts/1")
    before = len(database.all(ChartNote))
    browser.fill("Add note", Note=f"x{dr_okafor.codes[2]}x")
    assert browser.status == 422 and browser.problems[0].startswith("That held one of your backup codes. We took it out")
    assert len(database.all(ChartNote)) == before and used(database) == 1
    assert browser.offers("Go to the Security page")
    browser.fill("Add note", Note=LOOKALIKE)
    assert browser.status == 200


def test_no_name_holds_a_code_or_a_key(plain, database, sam):
    plain.enter(sam).open("/account/security").press("Rename Authenticator App")
    plain.fill("Save", Name=sam.codes[0])
    assert plain.status == 422 and used(database) == 1
    parts = (sam.key[at : at + 16] for at in range(17))
    part = next(part for part in parts if sum(each.isdigit() for each in part) <= 4)
    plain.open("/account/name")
    plain.fill("Save", Name=f"Sam {part}")
    assert plain.status == 422 and plain.field("Name")["value"] == "Sam …"
    assert database.user(sam).full_name == sam.name


# --- people who have not shown a code


def spaced(code):
    return " ".join(squeeze(code))


def test_a_reason_at_the_code_page_is_refused_by_its_shape_and_a_true_code_is_spent(browser, database, dr_okafor):
    said = SENTENCES["reason_secret"]
    browser.sign_in(dr_okafor).open("/sign-in/emergency")
    for typed, number in (
        (LOOKALIKE, 0),
        (dr_okafor.code(), 0),
        (spaced("482913"), 0),
        (dr_okafor.codes[0], 1),
        (spaced(dr_okafor.codes[1]), 2),
    ):
        browser.fill("Ask for emergency access", Reason=typed)
        assert (browser.status, browser.problems) == (422, [said])
        assert used(database) == number
    assert database.all(EmergencyGrant) == [] and kinds(database) == ["backup_code"] * 2
    browser.fill("Ask for emergency access", Reason=spaced(LOOKALIKE))
    assert browser.status == 200 and len(database.all(EmergencyGrant)) == 1


def test_a_request_for_recovery_answers_alike_for_a_true_code_and_spends_it(browser, database, sam):
    said = set()
    for address, story in (
        ("sam@example.test", sam.codes[0]),
        ("sam@example.test", LOOKALIKE),
        ("maria@example.test", sam.codes[1]),
        ("nobody@example.test", sam.codes[1]),
        ("sam@example.test", sam.code()),
    ):
        ask_recovery(browser, address, What_happened=story)
        said.add((browser.status, tuple(browser.problems)))
    assert len(said) == 1 and said.pop()[0] == 422
    assert used(database) == 1 and database.all(RecoveryTicket) == []
    assert [(row.reason, row.actor_id, row.subject_id) for row in database.all(Event, Event.event == "secret_shown")] == [
        ("backup_code", None, database.user(sam).id)
    ]


def test_a_request_with_a_true_code_in_a_shape_of_its_own_is_refused_too(browser, database, sam):
    ask_recovery(browser, "sam@example.test", What_happened=f"{spaced(sam.codes[0])}!", Practice="Riverside")
    assert browser.status == 422 and browser.problems[0].startswith("That looks like a code") and used(database) == 1
    assert browser.page.one("textarea")["aria-invalid"] == "true"
    ask_recovery(browser, "sam@example.test", Practice=f"x{sam.codes[1]}x")
    assert browser.status == 422 and used(database) == 2
    assert database.all(RecoveryTicket) == []
    assert ask_recovery(browser, "nobody@example.test", What_happened=spaced(sam.codes[2]))
    assert used(database) == 2


def test_a_network_that_asked_too_often_is_compared_with_nothing(plain, database, sam):
    for _ in range(20):
        ask_recovery(plain, "nobody@example.test", What_happened=LOOKALIKE)
    ask_recovery(plain, "sam@example.test", What_happened=sam.codes[0])
    assert plain.status == 422 and plain.problems[0].startswith("That looks like a code") and used(database) == 0
    ask_recovery(plain, "sam@example.test")
    assert plain.status == 422 and plain.problems[0].startswith("Many requests came from your network.")
