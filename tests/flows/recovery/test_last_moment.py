"""What moves between the look at a row and its change: whoever is second changes nothing, and is told so."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, update

from portal.db import change
from portal.flows.base import recovery_cases as states
from portal.flows.base.context import RequestContext
from portal.flows.recovery import ask, confirm, decide, finish, notes, support, sweep
from portal.flows.recovery.case import lock_case, why_closed
from portal.flows.sessions import sessions
from portal.methods import method
from portal.models import Authenticator, Event, NoticeAddress, Outbox, RecoveryCase, RecoveryTicket, User
from portal.words.refusals import Refused
from tests.support.cases import begin_case, case_of, give_ticket
from tests.support.meanwhile import just_before
from tests.support.recovered import address_of, begin_for, show_password
from tests.support.recovered import case_of as own_case
from tests.support.recovered import sweep as run_sweep
from tests.support.texts import MARIAS, turn_on_texts

REFERENCE = "7K2MQ9TX4WRB"


def over(clock):
    """An UPDATE that stops every case."""
    return update(RecoveryCase).values(state=states.STOPPED, state_since=clock.now, ended_at=clock.now)


def taken(database, person, agent, state=states.CHECKING, **columns):
    """Returns the id of a person's case that the agent has taken and checked."""
    now = person.clock.now
    due = {
        "asked_support_at": now,
        "due_at": now + timedelta(days=1),
        "checks": ["video_id"],
        "agent_id": database.user(agent).id,
    }
    case_id = begin_case(database, person, state, **{**due, **columns})
    give_ticket(database, case_id, REFERENCE, "My phone fell off a boat.", "", now)
    return case_id


def context_of(app, clock, browser):
    """The context of a request in a browser's session."""
    return RequestContext(
        clock.now, app.extensions["keys"], "", "", "r", visitor=sessions.find_session(browser.cookie(), clock.now)
    )


DEEDS = {
    "approved": ("dr_okafor", decide, "approve", {"Reason": "Video call."}),
    "refused": ("sam", decide, "refuse", {"Reason": "A stranger."}),
    "asked": ("sam", notes, "ask", {"What_you_need": "Your birthday."}),
}


@pytest.mark.parametrize(("owner", "module", "deed", "typed"), DEEDS.values(), ids=DEEDS)
def test_a_case_that_ends_in_the_last_moment_is_not_decided(
    request, plain, database, clock, monkeypatch, agent, owner, module, deed, typed
):
    case_id = taken(database, request.getfixturevalue(owner), agent)
    plain.enter(agent).open(f"/support/recovery/{case_id}/decide/{deed}")
    just_before(monkeypatch, module, "move", lambda: change(over(clock)))
    plain.fill({"approve": "Approve", "refuse": "Refuse", "ask": "Ask for more"}[deed], **typed)
    assert plain.status in (409, 422)
    assert case_of(database, case_id).state == states.CHECKING and not database.all(Outbox, Outbox.template.like("recovery_%"))


@pytest.fixture
def agent(support):
    return support


def test_support_is_not_asked_to_check_what_ends_in_the_last_moment(plain, database, clock, sam, monkeypatch):
    begin_for(plain, sam)
    plain.press("I don't know my password")
    just_before(monkeypatch, support, "move", lambda: change(over(clock)))
    plain.press("Have support check who I am")
    assert own_case(database, sam).state == states.PROVING
    assert not database.all(Event, Event.event == "recovery_support_asked")


def test_the_sweep_hands_over_nothing_that_moves_in_the_last_moment(app, plain, database, clock, sam, monkeypatch):
    show_password(plain, sam)
    database.change(update(Outbox).where(Outbox.template == "recovery_waiting").values(state="failed"))
    just_before(monkeypatch, sweep, "move", lambda: change(over(clock)))
    run_sweep(app)
    assert own_case(database, sam).state == states.WAITING
    assert not database.all(Event, Event.event == "recovery_support_asked")


def test_checks_do_not_begin_anew_in_a_case_that_moves_in_the_last_moment(app, database, clock, dr_okafor, agent, monkeypatch):
    case_id = taken(database, dr_okafor, agent, states.DECIDING, approved_by_id=database.user(agent).id)
    database.change(update(User).where(User.username == agent.username).values(disabled_at=clock.now))
    just_before(monkeypatch, sweep, "move", lambda: change(over(clock)))
    run_sweep(app)
    assert case_of(database, case_id).state == states.DECIDING
    assert not database.all(Event, Event.event == "recovery_checks_anew")


LOST_RIGHTS = {
    "stopped": (lambda clock: over(clock), "recovery_stopped"),
    "another practice now": (
        lambda clock: update(User).where(User.username == "dr.okafor").values(practice_id=2),
        "approval_gone",
    ),
}


@pytest.mark.parametrize(("meanwhile", "reason"), LOST_RIGHTS.values(), ids=LOST_RIGHTS)
def test_a_second_person_decides_nothing_that_is_gone_when_the_row_is_locked(
    app, plain, database, clock, dr_okafor, admin_lee, agent, meanwhile, reason
):
    case_id = taken(database, dr_okafor, agent, states.DECIDING, approved_by_id=database.user(agent).id)
    plain.enter(admin_lee)
    with app.app_context():
        context = context_of(app, clock, plain)
        database.change(meanwhile(clock))
        with pytest.raises(Refused) as refused:
            decide.approve_as_second(context, case_id)
    assert refused.value.reason == reason and case_of(database, case_id).decided_by_id is None


def test_a_case_that_never_was_is_explained_by_nothing(app, plain, database, clock, admin_lee):
    plain.enter(admin_lee)
    with app.app_context():
        assert decide.explain_gone(context_of(app, clock, plain), "0" * 32) is None
    assert not database.all(Event, Event.event == "authz_fail")


def test_nobody_decides_about_their_own_account(app, plain, database, clock, agent, other_agent):
    case_id = taken(database, agent, other_agent)
    plain.enter(agent)
    with app.app_context(), pytest.raises(Refused) as refused:
        lock_case(context_of(app, clock, plain), case_id, states.CHECKING)
    assert refused.value.reason == "approval_gone"


def test_a_refusal_without_a_name_says_that_the_case_moved_on(app, plain, database, clock, sam, agent):
    case_id = taken(database, sam, agent, states.REFUSED, ended_at=clock.now)
    plain.enter(agent)
    with app.app_context():
        assert why_closed(context_of(app, clock, plain), case_of(database, case_id)).reason == "recovery_moved"


def test_a_request_that_is_gone_takes_no_code_and_mails_none(app, plain, database, clock, sam):
    reference = begin_for(plain, sam)
    database.change(delete(RecoveryTicket))
    stranger = RequestContext(clock.now, database.keys, "", "", "r")
    with app.app_context():
        for act in (lambda: confirm.charge_ticket(stranger, reference), lambda: ask.mail_code_again(stranger, reference)):
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.reason == "recovery_unknown"


@pytest.mark.parametrize("kept", [None, b"k1\0broken"], ids=["no address", "one that no key opens"])
def test_a_code_is_mailed_again_only_to_an_address_that_can_be_read(app, plain, database, clock, sam, kept):
    plain.open("/contact-support").fill("Send request", Email_address=address_of(sam))
    database.change(update(User).where(User.username == sam.username).values(email_sealed=kept))
    before = len(database.all(Outbox))
    [ticket] = database.all(RecoveryTicket)
    clock.move(minutes=5)
    with app.app_context():
        ask.mail_code_again(RequestContext(clock.now, database.keys, "", "", "r"), ticket.id)
    assert len(database.all(Outbox)) == before


def test_a_case_shows_the_number_of_a_text_method_and_names_contacts_that_no_key_opens(
    plain, database, inbox, maria, agent, clock
):
    turn_on_texts(plain.another().enter(maria), inbox, maria)
    owner = {"user_id": database.user(maria).id, "created_at": clock.now, "confirmed_at": clock.now}
    database.change(insert(NoticeAddress).values(id="n" * 32, email_sealed=b"k1\0broken", **owner))
    database.change(update(User).where(User.username == maria.username).values(email_sealed=None))
    case_id = taken(database, maria, agent)
    page = plain.enter(agent).open(f"/support/recovery/{case_id}")
    assert page.status == 200 and f"••{MARIAS[-2:]}" in page.text
    assert "It can't be read with the keys at hand. Confirmed" in page.text
    database.change(update(Authenticator).values(secret_sealed=b"k1\0broken"))
    assert page.open(f"/support/recovery/{case_id}").status == 200


def test_the_first_page_of_a_set_up_asks_for_the_number_unless_it_can_be_texted(app, plain, database, clock, sam):
    plain.enter(sam)
    with app.app_context():
        assert finish.text_known_number(context_of(app, clock, plain), method("sms")) is None
