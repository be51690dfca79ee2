"""A sign-in in a new browser, as the account's open sessions see it; and the choice to be asked (decision 43)."""

import pytest
from sqlalchemy import update

from portal.db import change
from portal.flows.account import new_browsers as flow
from portal.models import BrowserConfirmation, Event, LimitCounter, Session, User
from portal.settings import config
from tests.support.mailbox import mails, told
from tests.support.meanwhile import just_before
from tests.support.new_browsers import ELSEWHERE_IP, FIELD, HERE, NOT_ME, SECURITY, SUBJECT, YES, ask_everybody, begin

NOTE, CHOICE = "Was that you?", f"{SECURITY}/new-browsers"
ON, OFF = "Turn on: new browsers", "Turn off: new browsers"


@pytest.fixture
def home(app, plain, monkeypatch, sam, clock):
    """Sam's own browser, signed in before anybody was asked."""
    plain.enter(sam)
    clock.next_code()
    ask_everybody(app, monkeypatch)
    return plain


def other_than(number):
    return str(10 + (int(number) + 1 - 10) % 90)


def events(database, name):
    return [(event.result, event.reason or event.factor) for event in database.all(Event, Event.event == name)]


def confirmed(database):
    return [row.confirmed_at is not None for row in database.all(BrowserConfirmation)]


# --- a yes


def test_the_number_of_the_new_browser_lets_it_go_on_by_itself(home, database, sam):
    new = home.another()
    number = begin(new, sam)
    home.open("/home")
    assert home.offers(NOTE)
    home.press(NOTE)
    assert home.heading == "A sign-in in a new browser" and not home.offers(NOTE)
    home.fill(YES, **{FIELD: f" {number} "})
    assert home.path == SECURITY and "You can go on in the other browser." in home.notices[0]
    assert confirmed(database) == [True] and not home.open("/home").offers(NOTE)
    answer = new.get(HERE, HX_Request="true", X_Background="1")
    assert "Confirmed. If nothing happens, select Continue." in answer.text
    new.open(HERE)
    assert "Confirmed. If nothing happens, select Continue." in new.notices
    new.press("Continue")
    assert new.path == "/home"
    assert events(database, "new_browser_confirmed") == [("ok", "session")]


def test_the_link_goes_on_as_well_after_a_yes_elsewhere(home, sam):
    new = home.another()
    number = begin(new, sam)
    home.open("/home").press(NOTE)
    home.fill(YES, **{FIELD: number})
    assert new.post(HERE).headers["Location"] == "/home"
    assert new.post(HERE).status_code == 403, "the form of a session that has gone on"


# --- no yes


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter the number that the new browser shows."),
        ("4", "That number has 2 digits."),
        ("123", "That number has 2 digits."),
        ("4x", "That number has 2 digits."),
        ("1" * 10_000, "That number has 2 digits."),
    ],
)
def test_what_is_no_number_costs_no_try(home, database, sam, typed, said):
    begin(home.another(), sam)
    home.open("/home").press(NOTE)
    counters = len(database.all(LimitCounter))
    home.fill(YES, **{FIELD: typed})
    assert home.status == 422 and home.problems[0].startswith(said)
    assert confirmed(database) == [False] and len(database.all(LimitCounter)) == counters


def test_wrong_numbers_are_counted_and_the_last_one_stops_the_sign_in(home, database, sam):
    new = home.another()
    number = begin(new, sam)
    home.open("/home").press(NOTE)
    for left in range(config.CONFIRMATION_TRIES - 1, 0, -1):
        home.fill(YES, **{FIELD: other_than(number)})
        assert home.status == 422 and f"{left} tr" in home.problems[0] and "autofocus" in home.field(FIELD.replace("_", " "))
    home.fill(YES, **{FIELD: other_than(number)})
    assert home.status == 422 and "so we stopped that sign-in" in home.problems[0]
    assert confirmed(database) == [False]
    assert events(database, "new_browser_refused") == [("refused", "wrong_number")] * config.CONFIRMATION_TRIES
    new.open(HERE)
    assert new.path == "/sign-in" and "Your sign-in was stopped" in new.text


def test_from_another_network_not_even_the_right_number_is_a_yes(home, database, sam):
    thief = home.another(ip=ELSEWHERE_IP)
    number = begin(thief, sam)
    home.open("/home").press(NOTE)
    assert ELSEWHERE_IP in home.text and "on another network" in home.text and not home.offers(YES)
    address = home.path
    answer = home.post(address, {"number": number})
    assert answer.status_code == 422 and "on another network than this one, so nothing was confirmed" in answer.text
    assert confirmed(database) == [False] and events(database, "new_browser_refused") == [("refused", "other_network")]
    home.open(address).press(NOT_ME)
    assert "Change your password now" in home.notices[0]
    assert events(database, "new_browser_refused")[-1] == ("ok", "not_me")
    thief.open(HERE)
    assert thief.path == "/sign-in"


def test_an_answer_that_comes_too_late_says_so(home, database, sam, clock):
    new = home.another()
    number = begin(new, sam)
    home.open("/home").press(NOTE)
    address, token = home.path, home.token
    new.press("Cancel")
    for path, data in ((address, {"number": number}), (f"{address}/stop", {})):
        answer = home.post(path, data, token=token)
        assert answer.status_code == 404 and "That sign-in is over" in answer.text
    assert not home.open("/home").offers(NOTE)


def answer_late(home, database, monkeypatch, sam, name, act):
    """Sends the right number, and has something happen just before a function of the flow; returns the answer."""
    number = begin(home.another(), sam)
    home.open("/home").press(NOTE)
    just_before(monkeypatch, flow, name, act)
    return home.post(home.path, {"number": number})


def test_a_sign_in_that_ends_while_the_number_is_sent_is_over(home, database, sam, monkeypatch, clock):
    cancel = update(Session).where(Session.level == "unconfirmed").values(ended_at=clock.now, ended_reason="sign_out")
    answer = answer_late(home, database, monkeypatch, sam, "begin_write", lambda: database.change(cancel))
    assert answer.status_code == 422 and "That sign-in is over" in answer.text
    assert confirmed(database) == [False] and events(database, "new_browser_confirmed") == []


def test_of_two_right_numbers_at_once_one_confirms(home, database, sam, monkeypatch, clock):
    other = update(BrowserConfirmation).values(confirmed_at=clock.now)
    answer = answer_late(home, database, monkeypatch, sam, "charge_try", lambda: change(other))
    assert answer.status_code == 422 and "That sign-in is over" in answer.text
    assert events(database, "new_browser_confirmed") == []


def test_a_right_number_after_all_tries_confirms_nothing(home, database, sam, monkeypatch):
    number = begin(home.another(), sam)
    home.open("/home").press(NOTE)
    before = {row.key for row in database.all(LimitCounter)}
    home.fill(YES, **{FIELD: other_than(number)})
    [tries] = [row.key for row in database.all(LimitCounter) if row.key not in before]
    database.change(update(LimitCounter).where(LimitCounter.key == tries).values(spent=config.CONFIRMATION_TRIES))
    home.fill(YES, **{FIELD: number})
    assert home.status == 422 and confirmed(database) == [False]


def test_nobody_answers_for_somebody_else(home, database, sam, dr_okafor):
    number = begin(home.another(), sam)
    home.open("/home").press(NOTE)
    [row] = database.all(Session, Session.level == "unconfirmed")
    stranger = home.another()
    begin(stranger, dr_okafor)
    [mail] = mails(home, to="dr.okafor@example.test", subject=SUBJECT)
    stranger.open(mail.links[0])
    assert stranger.path == "/ehr/charts"
    theirs = f"/ehr/settings/security/new-browsers/{row.id}"
    stranger.open(theirs)
    assert stranger.status == 404
    assert stranger.post(theirs, {"number": number}).status_code == 404
    assert stranger.post(f"{theirs}/stop").status_code == 404
    assert confirmed(database) == [False, False]
    assert database.all(Session, Session.id == row.id)[0].ended_at is None


# --- the choice


@pytest.fixture
def chooser(app, browser, monkeypatch, sam):
    ask_everybody(app, monkeypatch, "choice")
    return browser.enter(sam)


def test_a_patient_turns_it_on_and_off_and_is_told_by_email(chooser, database, sam, clock):
    chooser.open(SECURITY).press(ON)
    assert chooser.heading == "Sign-ins in new browsers"
    chooser.press("Turn on")
    assert chooser.path == SECURITY and chooser.offers(OFF)
    assert told(chooser, "Sign-ins in new browsers are confirmed") == ["sam@example.test"]
    clock.next_code()
    new = chooser.another()
    begin(new, sam)
    clock.move(minutes=6)
    chooser.open(SECURITY).press(OFF)
    assert chooser.heading == "Confirm it's you"
    chooser.fill("Continue", Current_password=sam.password, Verification_Code=sam.code())
    assert chooser.path == CHOICE
    chooser.press("Turn off")
    assert chooser.offers(ON) and database.user(sam).confirms_since is None
    assert told(chooser, "Sign-ins in new browsers are no longer confirmed") == ["sam@example.test"]
    assert [event.event for event in database.all(Event) if event.event.startswith("new_browsers")] == [
        "new_browsers_on",
        "new_browsers_off",
    ]
    new.open(HERE)
    assert new.path == "/sign-in" and "turned off" in new.text


def test_a_second_press_changes_nothing(chooser, database):
    for _ in range(2):
        assert chooser.open(CHOICE).post(CHOICE, {"choice": "on"}).status_code == 303
    assert len(told(chooser, "Sign-ins in new browsers are confirmed")) == 1


def test_without_an_address_it_cannot_be_turned_on(chooser, database):
    database.change(update(User).where(User.username == "sam").values(email_sealed=None))
    chooser.open(CHOICE).press("Turn on")
    assert chooser.status == 422 and "no email address" in chooser.problems[0]
    assert [user.confirms_since for user in database.all(User, User.username == "sam")] == [None]


def test_where_the_operator_decided_there_is_nothing_to_choose(app, plain, monkeypatch, sam, database):
    plain.enter(sam)
    ask_everybody(app, monkeypatch)
    plain.open(SECURITY)
    assert "New browsers" in plain.text and not plain.offers(ON) and not plain.offers(OFF)
    plain.open(CHOICE)
    assert plain.path == SECURITY
    assert plain.post(CHOICE, {"choice": "off"}).headers["Location"] == SECURITY
    assert database.user(sam).confirms_since is None


def test_off_there_is_no_row_and_no_page(plain, sam):
    plain.enter(sam).open(SECURITY)
    assert "New browsers" not in plain.text
    assert plain.get(CHOICE).status_code == plain.get(f"{CHOICE}/1").status_code == 404


def test_who_has_no_code_has_nothing_to_choose(app, plain, monkeypatch, maria):
    ask_everybody(app, monkeypatch, "choice")
    plain.enter(maria).open(SECURITY)
    assert "New browsers" not in plain.text
    plain.open(CHOICE)
    assert plain.path == SECURITY


def test_providers_have_no_such_choice(app, plain, monkeypatch, dr_okafor):
    ask_everybody(app, monkeypatch, "choice")
    plain.enter(dr_okafor)
    assert plain.get("/ehr/settings/security/new-browsers").status_code == 404
