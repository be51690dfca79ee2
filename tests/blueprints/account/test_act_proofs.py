"""A proof of its own for an act: a code or a passkey shown for this act and this target, good for nothing else (RA-1)."""

from contextlib import nullcontext
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from portal.db import begin_write, db
from portal.flows.base import act_proofs
from portal.flows.base.context import Act
from portal.models import ActProof, Authenticator, EmergencyGrant, ResetRequest, SentCode, Session, User
from tests.blueprints.ehr.test_reset import page_of, state
from tests.support.digits import totp
from tests.support.emergency import FIELD, spoken_number
from tests.support.texts import turn_on_texts

CONFIRM = "/confirm"
SECURITY = "/account/security"
ALONE = "Your answer counts for this step alone:"


def unspared(browser, person):
    """Signs in as somebody does, whom no test spares anything."""
    browser.is_spared = False
    return browser.enter(person)


def confirm(browser, person, clock):
    """Shows the password and the app's next code."""
    clock.next_code()
    return browser.fill("Continue", Current_password=person.password, Verification_Code=totp(person.key, clock.now))


def second_way(browser, person, clock):
    """Adds a second app; returns the id of the first."""
    browser.open(f"{SECURITY}/two-factor?add=1").press("Continue")
    key = browser.page.one("code", id="key").text.replace(" ", "")
    browser.fill("Verify and Enable", Verification_Code=totp(key, clock.now))
    return browser.page and key


@pytest.fixture
def lee(plain, admin_lee):
    """The administrator's browser, just signed in."""
    return unspared(plain.another(), admin_lee)


@pytest.fixture
def two_ways(plain, sam, clock, database):
    """Sam's browser, just signed in, and the ids of two apps."""
    unspared(plain, sam)
    second_way(plain, sam, clock)
    rows = database.all(Authenticator, Authenticator.user_id == database.user(sam).id)
    return plain, [row.id for row in sorted(rows, key=lambda row: row.created_at)]


def removal(authenticator):
    return f"{SECURITY}/authenticators/{authenticator}/remove"


# --- what the page says


def test_a_fresh_sign_in_is_no_proof_and_the_page_says_what_is_about_to_happen_to_whom(
    lee, database, dr_okafor, admin_lee, clock
):
    lee.open(page_of(database, dr_okafor))
    assert lee.path.endswith(CONFIRM) and lee.heading == "Confirm it's you"
    assert ALONE in lee.text and "Reset two-factor authentication" in lee.text and dr_okafor.name in lee.text
    confirm(lee, admin_lee, clock)
    assert lee.path == page_of(database, dr_okafor)
    lee.tick("Saw them in person")
    lee.fill("Reset", Reason="Phone lost.")
    assert state(database, dr_okafor) == "reset", "nobody is asked twice for one act"


def test_it_says_which_factor_goes_and_works_with_htmx_too(browser, sam, clock, database):
    unspared(browser, sam)
    second_way(browser, sam, clock)
    gone = min(database.all(Authenticator, Authenticator.user_id == database.user(sam).id), key=lambda row: row.created_at)
    browser.open(removal(gone.id))
    assert ALONE in browser.text and "Remove this way to sign in" in browser.text and "Authenticator App" in browser.text
    confirm(browser, sam, clock)
    assert browser.heading.startswith("Remove")
    browser.press("Remove")
    assert browser.path == SECURITY and not database.all(Authenticator, Authenticator.id == gone.id)


def test_a_session_of_a_trusted_browser_reads_no_name_there(two_ways, database, sam):
    plain, [first, _] = two_ways
    database.change(
        update(Session).where(Session.user_id == database.user(sam).id).values(level="aal1+trusted", second_factor_at=None)
    )
    plain.open(removal(first))
    assert plain.path.endswith(CONFIRM) and ALONE not in plain.text and "Authenticator App" not in plain.text


# --- a proof for one target does nothing for another


def test_a_proof_for_one_colleague_does_nothing_for_another(lee, database, dr_okafor, dr_chen, admin_lee, clock):
    database.change(update(User).where(User.username == "dr.chen").values(two_factor="reset"))
    lee.open(page_of(database, dr_okafor))
    confirm(lee, admin_lee, clock)
    form = {"reason": "Phone lost.", "checks": "seen_in_person", "generation": str(database.user(dr_chen).generation)}
    answer = lee.post(page_of(database, dr_chen), form)
    assert answer.status_code == 303 and CONFIRM in answer.location
    assert not database.all(ResetRequest, ResetRequest.status != "draft")
    lee.open(answer.location)
    assert dr_chen.name in lee.text and dr_okafor.name not in lee.text


def test_a_proof_for_one_factor_does_nothing_for_another(two_ways, sam, clock, database):
    plain, [first, second] = two_ways
    plain.open(removal(first))
    confirm(plain, sam, clock)
    answer = plain.post(removal(second))
    assert CONFIRM in answer.location and len(database.all(Authenticator, Authenticator.id == second)) == 1


def test_the_window_of_five_minutes_stays_for_other_changes_and_is_no_proof(two_ways, sam, clock, database):
    plain, [first, _] = two_ways
    clock.move(minutes=6)
    plain.open(f"{SECURITY}/backup-codes")
    confirm(plain, sam, clock)
    assert plain.path == f"{SECURITY}/backup-codes"
    assert CONFIRM in plain.post(removal(first)).location
    plain.open(removal(first))
    confirm(plain, sam, clock)
    assert plain.open(f"{SECURITY}/backup-codes").path == f"{SECURITY}/backup-codes", "it opens the window, as any confirmation"


@pytest.mark.parametrize("target", ["", "x" * 65, "999:0", "1", "x:y", "9" * 60, "²:0"])
def test_a_target_that_is_none_leads_back_to_the_page_that_explains(lee, target):
    lee.open(f"/ehr/settings/security/confirm?act=reset&target={target}&next=/ehr/settings/team")
    assert lee.path == "/ehr/settings/team" and "reset" not in lee.heading.lower()


@pytest.mark.parametrize("name", ["remove", "reset", "approve", "case"])
@pytest.mark.parametrize("target", ["%00", "1:%00", "recovery:%00", "%F0%9F%94%91", "%FF"])
def test_no_target_is_too_odd_for_the_database(plain, support, name, target):
    plain.enter(support)
    plain.open(f"/support/security{CONFIRM}?act={name}&target={target}")
    assert (plain.path, plain.status) == ("/support/security", 200)


def test_nobody_reads_a_name_there_that_is_not_theirs_to_act_on(lee, plain, database, dr_novak, dr_okafor, sam, clock):
    other = unspared(plain.another(), dr_okafor)
    for browser, person in ((lee, dr_novak), (other, dr_novak), (other, sam)):
        user = database.user(person)
        browser.open(f"/ehr/settings/security/confirm?act=reset&target={user.id}:{user.generation}")
        assert person.name not in browser.text and not browser.path.endswith(CONFIRM)
    assert not database.all(ActProof)


# --- once, in time, here, and while the account is as it was


def test_it_is_spent_by_the_act(lee, database, dr_okafor, admin_lee, clock):
    path = page_of(database, dr_okafor)
    lee.open(path)
    confirm(lee, admin_lee, clock)
    [proof] = database.all(ActProof)
    lee.tick("Saw them in person")
    lee.fill("Reset", Reason="Phone lost.")
    assert database.all(ActProof)[0].used_at == clock.now and proof.used_at is None
    lee.open(path)
    assert lee.path.endswith(CONFIRM), "a second reset needs its own"


@pytest.mark.parametrize("minutes", [4, 5])
def test_it_is_over_after_five_minutes_and_what_was_typed_is_kept(lee, database, dr_okafor, admin_lee, clock, minutes):
    lee.open(page_of(database, dr_okafor))
    confirm(lee, admin_lee, clock)
    clock.move(minutes=minutes)
    lee.tick("Saw them in person")
    lee.fill("Reset", Reason="Phone lost on Friday.")
    if minutes == 4:
        assert state(database, dr_okafor) == "reset"
        return
    assert lee.path.endswith(CONFIRM) and state(database, dr_okafor) == "on"
    confirm(lee, admin_lee, clock)
    assert lee.field("Reason").text == "Phone lost on Friday."
    lee.press("Reset")
    assert state(database, dr_okafor) == "reset"


def test_of_two_requests_that_spend_it_one_does_and_a_clock_that_was_set_back_spends_none(app, two_ways, sam, clock, database):
    """The UPDATE decides; in tests/races/test_act_proofs.py, among processes."""
    plain, [first, _] = two_ways
    plain.open(removal(first))
    confirm(plain, sam, clock)
    [row] = database.all(ActProof)
    session, act = int(row.attempt.split(":")[1]), Act("remove", first)
    assert row.attempt == act.attempt(session) and len(act.attempt(10**18)) <= 48
    visitor = SimpleNamespace(session_id=session, user_id=row.user_id)
    with app.app_context():
        for back, spent in ((timedelta(minutes=6), False), (timedelta(), True), (timedelta(), False)):
            context = SimpleNamespace(user=visitor, now=clock.now - back)
            begin_write()
            with nullcontext() if spent else pytest.raises(act_proofs.ProofDue):
                act_proofs.spend_proof(context, act)
                db.session.commit()


def test_it_is_no_proof_in_another_session_of_the_same_person(two_ways, sam, clock, database):
    plain, [first, _] = two_ways
    plain.open(removal(first))
    confirm(plain, sam, clock)
    clock.next_code()
    beside = unspared(plain.another(), sam)
    assert CONFIRM in beside.post(removal(first)).location
    assert database.all(Authenticator, Authenticator.id == first)


@pytest.mark.parametrize("change", ["password", "factor"])
def test_a_password_or_a_factor_that_changed_meanwhile_voids_it(two_ways, sam, clock, database, change):
    plain, [first, _] = two_ways
    plain.open(removal(first))
    confirm(plain, sam, clock)
    if change == "password":
        plain.open("/account/password")
        plain.fill("Change password", Current_password=sam.password, New_password="quiet meadow by the river")
        sam.password = "quiet meadow by the river"
    else:
        key = second_way(plain, sam, clock)
        assert key
    answer = plain.post(removal(first))
    assert CONFIRM in answer.location and database.all(Authenticator, Authenticator.id == first)


def test_a_colleague_whose_factors_changed_meanwhile_is_not_reset(lee, database, dr_okafor, admin_lee, clock):
    lee.open(page_of(database, dr_okafor))
    confirm(lee, admin_lee, clock)
    database.change(update(User).where(User.username == "dr.okafor").values(generation=User.generation + 1))
    lee.tick("Saw them in person")
    lee.fill("Reset", Reason="Phone lost.")
    assert lee.status == 422 and state(database, dr_okafor) == "on"
    lee.press("Reset")
    assert lee.path.endswith(CONFIRM), "the factors of now need a proof of their own"


def test_a_wrong_password_or_code_leaves_no_proof_and_is_charged(two_ways, sam, database):
    plain, [first, _] = two_ways
    plain.open(removal(first))
    for password, code in (("not the password", sam.wrong_code()), (sam.password, sam.wrong_code()), (sam.password, "")):
        plain.fill("Continue", Current_password=password, Verification_Code=code)
        assert plain.status == 422 and plain.path.endswith(CONFIRM) and ALONE in plain.text
    assert not database.all(ActProof) and database.user(sam).own_failures == 1, "the right password took its own try back"


# --- each kind of act


def test_an_approval_needs_its_own_and_one_for_another_request_is_none(plain, database, dr_okafor, dr_novak, support, clock):
    agent, rows = unspared(plain.another(), support), {}
    for person in (dr_okafor, dr_novak):
        asker = plain.another()
        asker.sign_in(person)
        asker.open("/sign-in/emergency").fill("Ask for emergency access", Reason="My phone is gone.")
        [rows[person.username]] = {row.id for row in database.all(EmergencyGrant)} - set(rows.values())
    first, second = (f"/support/waiting/emergency/{row}" for row in rows.values())
    agent.open(first)
    assert agent.path.endswith(CONFIRM) and "Emergency access" in agent.text and dr_okafor.name in agent.text
    confirm(agent, support, clock)
    right = spoken_number(agent.app, rows["dr.okafor"])
    other = agent.post(second, {"answer": "approve", "number": spoken_number(agent.app, rows["dr.novak"])})
    assert CONFIRM in other.location and not any(row.approved_at for row in database.all(EmergencyGrant))
    agent.fill("Approve", **{FIELD: "0000" if right != "0000" else "1111"})
    assert agent.status == 422
    agent.fill("Approve", **{FIELD: right})
    assert agent.path == "/support/waiting", "a wrong number costs no proof"
    assert {row.id for row in database.all(EmergencyGrant) if row.approved_at} == {rows["dr.okafor"]}


def test_refusing_spends_none_and_is_asked_for_no_second(lee, database, dr_okafor, admin_lee, clock, plain):
    asker = plain.another()
    asker.sign_in(dr_okafor)
    asker.open("/sign-in/emergency").fill("Ask for emergency access", Reason="My phone is gone.")
    lee.open(f"/ehr/settings/team/approvals/waiting/emergency/{database.all(EmergencyGrant)[0].id}")
    confirm(lee, admin_lee, clock)
    lee.press("Refuse")
    assert database.all(EmergencyGrant)[0].refused_at and database.all(ActProof)[0].used_at is None


# --- with a text, and with a passkey


def test_a_text_for_one_act_is_none_for_another(plain, inbox, maria, clock, database):
    turn_on_texts(unspared(plain, maria), inbox, maria)
    second_way(plain, maria, clock)
    first, second = (
        row.id
        for row in sorted(
            database.all(Authenticator, Authenticator.user_id == database.user(maria).id), key=lambda row: row.created_at
        )
    )
    codes = {}
    for target in (first, second):
        clock.move(minutes=1)
        plain.open(removal(target))
        plain.press("Text me a code")
        assert plain.path.endswith(CONFIRM) and plain.arguments["target"] == target
        codes[target] = inbox.code(maria)
    assert {row.attempt.split(":")[0] for row in database.all(SentCode) if row.attempt.startswith("act")} == {"act"}
    plain.fill("Continue", Current_password=maria.password, Verification_Code=codes[first])
    assert plain.status == 422 and not database.all(ActProof)
    plain.fill("Continue", Current_password=maria.password, Verification_Code=codes[second])
    assert plain.heading.startswith("Remove")
