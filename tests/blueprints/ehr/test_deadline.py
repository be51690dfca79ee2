"""A practice's set-up deadline: without one set-up comes first; with one it can be put off for a while, at sign-in alone."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.models import ChartNote, Event, User
from tests.support.team import hire

TEAM = "/ehr/settings/team"
DEADLINE = f"{TEAM}/deadline"
SECURITY = "/ehr/settings/security"
CHARTS = "/ehr/charts"
FIELDS = ("Setup deadline", "Extra days", "Extra sign-ins")


def fill(browser, *typed):
    """Fills the page and saves."""
    for label, text in zip(FIELDS, typed, strict=True):
        browser.type(label, text)
    return browser.press("Save")


@pytest.fixture
def set_deadline(app, plain, admin_lee, clock):
    """Sets the deadline as the administrator: a day from now on, days and sign-ins of grace."""

    def set_to(ahead=7, days=3, sign_ins=2):
        browser = plain.another().enter(admin_lee)
        day = (clock.now + timedelta(days=ahead)).date().isoformat()
        fill(browser.open(DEADLINE), day, str(days), str(sign_ins))
        assert browser.notices == ["The deadline has been set."]
        clock.next_code()

    return set_to


def test_the_day_is_that_of_the_practice(plain, admin_lee):
    plain.enter(admin_lee).open(DEADLINE)
    assert "until midnight at your practice" in plain.text and "UTC" not in plain.text


def sign_in(browser, person):
    """Signs in anew; returns whether set-up can be put off."""
    browser.another().sign_in(person)
    browser.client.delete_cookie("session")
    browser.sign_in(person)
    assert browser.path == SECURITY
    return browser.offers("Later")


# --- setting it


def test_the_administrator_sets_it_and_takes_it_away(browser, admin_lee, database):
    browser.enter(admin_lee).open(TEAM)
    assert "None. Charts open only when two-factor authentication is on." in browser.text
    browser.press("Setup deadline")
    fill(browser, "2027-03-15", "3", "2")
    assert (browser.path, browser.notices) == (TEAM, ["The deadline has been set."]) and "Until March 15, 2027" in browser.text
    browser.press("Setup deadline")
    assert [browser.field(label)["value"] for label in FIELDS] == ["2027-03-15", "3", "2"]
    browser.press("Remove the deadline")
    assert "None. Charts open only" in browser.text
    assert [row.event for row in database.all(Event) if row.event.startswith("deadline")] == ["deadline_set", "deadline_removed"]


def test_taking_it_away_needs_a_fresh_proof_like_setting_it(plain, set_deadline, admin_lee, database, clock):
    set_deadline()
    plain.enter(admin_lee).open(DEADLINE)
    clock.move(minutes=6)
    plain.press("Remove the deadline")
    assert plain.heading == "Confirm it's you"
    assert not database.all(Event, Event.event == "deadline_removed")
    plain.fill("Continue", Current_password=admin_lee.password, Verification_Code=admin_lee.code())
    assert plain.path == DEADLINE
    plain.press("Remove the deadline")
    assert len(database.all(Event, Event.event == "deadline_removed")) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("", "3", "2"), "Choose a day, or remove the deadline."),
        (("15 March", "3", "2"), "Enter the day as year, month, and day, such as 2027-03-15."),
        (("2027-02-28", "3", "2"), "That day has passed. Choose today or a later day."),
        (("2027-05-31", "3", "2"), "Choose a day within the next 90 days."),
        (("2027-W11-1", "3", "2"), "Enter the day as year, month, and day, such as 2027-03-15."),
        (("20270315", "3", "2"), "Enter the day as year, month, and day, such as 2027-03-15."),
        (("9999-99-99", "3", "2"), "Enter the day as year, month, and day, such as 2027-03-15."),
        (("2027-03-15", "15", "2"), "Enter a whole number of days from 0 to 14."),
        (("2027-03-15", "", "2"), "Enter a whole number of days from 0 to 14."),
        (("2027-03-15", "-1", "2"), "Enter a whole number of days from 0 to 14."),
        (("2027-03-15", "1", "11"), "Enter a whole number of sign-ins from 0 to 10."),
        (("2027-03-15", "1", "2.5"), "Enter a whole number of sign-ins from 0 to 10."),
    ],
)
def test_what_cannot_be_is_refused_and_kept(browser, admin_lee, database, typed, said):
    browser.enter(admin_lee).open(DEADLINE)
    fill(browser, *typed)
    assert browser.status == 422 and said in browser.problems
    assert [browser.field(label)["value"] or "" for label in FIELDS] == list(typed)
    assert database.all(User, User.grace_sign_ins.is_not(None)) == []


def test_it_asks_who_it_is_where_that_was_shown_long_ago(plain, admin_lee, clock):
    plain.enter(admin_lee)
    clock.move(minutes=6)
    plain.open(DEADLINE)
    assert plain.path == f"{SECURITY}/confirm"
    assert plain.post(DEADLINE, {"day": "2027-03-15", "days": "1", "sign_ins": "1"}).headers["Location"].startswith(plain.path)


def test_it_is_for_those_whom_it_finds_without_in_this_practice(app, set_deadline, database, dr_okafor, dr_novak):
    database.change(update(User).where(User.username == "dr.novak").values(two_factor="off"))
    set_deadline()
    hire(app, 1)
    assert [row.username for row in database.all(User, User.grace_sign_ins.is_not(None))] == ["dr.chen"]


def test_the_grace_of_another_practice_stays(set_deadline, database, dr_novak):
    database.change(update(User).where(User.username == "dr.novak").values(two_factor="off", grace_sign_ins=5))
    set_deadline()
    assert database.user(dr_novak).grace_sign_ins == 5


# --- at sign-in


def test_without_a_deadline_nothing_can_be_put_off(plain, dr_chen):
    plain.enter(dr_chen)
    assert plain.path == SECURITY and not plain.offers("Later")
    answer = plain.post(f"{SECURITY}/later")
    assert (answer.status_code, answer.headers["Location"]) == (303, SECURITY)
    plain.open(CHARTS)
    assert plain.path == SECURITY


def test_later_leads_to_the_page_asked_for_and_set_up_stays_at_hand(browser, set_deadline, dr_chen, database):
    set_deadline()
    browser.sign_in(dr_chen, f"{CHARTS}/2")
    assert browser.path == SECURITY and "Your practice asks you to do this by March 8, 2027." in browser.text
    browser.press("Later")
    assert browser.path == f"{CHARTS}/2"
    browser.fill("Add note", Note="Seen today.")
    assert database.all(ChartNote)[-1].text == "Seen today."
    browser.open(CHARTS)
    assert browser.notices == ["Two-factor authentication is off. Your practice asks you to set it up. Do this now"]
    browser.press("Do this now")
    assert browser.heading.startswith("Choose")
    assert [row.event for row in database.all(Event)].count("set_up_put_off") == 1


def test_only_charts_open_meanwhile(plain, set_deadline, dr_chen):
    set_deadline()
    plain.enter(dr_chen).press("Later")
    for path in (f"{SECURITY}/sessions", f"{SECURITY}/activity", TEAM, f"{TEAM}/security", "/ehr/no-such-page"):
        plain.open(path)
        assert plain.path == SECURITY and not plain.offers("Later"), path


def test_each_sign_in_asks_again(plain, set_deadline, dr_chen):
    set_deadline()
    plain.enter(dr_chen).press("Later")
    other = plain.another()
    other.sign_in(dr_chen)
    assert other.path == SECURITY and other.open(CHARTS).path == SECURITY


def test_after_the_day_the_sign_ins_are_counted_and_end(plain, set_deadline, dr_chen, clock):
    set_deadline(ahead=0, days=14, sign_ins=2)
    clock.move(hours=21)
    for left in ("2 sign-ins left.", "1 sign-in left."):
        assert sign_in(plain, dr_chen) and "You have 14 days left." in plain.text and left in plain.text
        plain.press("Later")
        assert plain.path == CHARTS
    assert not sign_in(plain, dr_chen)
    assert plain.open(CHARTS).path == SECURITY


def test_a_second_press_of_the_last_sign_in_leads_to_the_same_page(plain, set_deadline, dr_chen, clock, database):
    set_deadline(ahead=0, days=14, sign_ins=1)
    clock.move(hours=21)
    plain.sign_in(dr_chen, f"{CHARTS}/2")
    later = f"{SECURITY}/later?next=%2Fehr%2Fcharts%2F2"
    answers = [plain.post(later) for _ in range(3)]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(303, f"{CHARTS}/2")}
    assert database.user(dr_chen).grace_sign_ins == 0
    assert [row.event for row in database.all(Event)].count("set_up_put_off") == 1


def test_after_the_day_the_days_end(plain, set_deadline, dr_chen, clock):
    set_deadline(ahead=0, days=1, sign_ins=10)
    clock.move(hours=21)
    assert sign_in(plain, dr_chen) and "You have 1 day left." in plain.text
    clock.move(days=1)
    assert not sign_in(plain, dr_chen)


def test_two_presses_take_one_sign_in(plain, set_deadline, dr_chen, clock, database):
    set_deadline(ahead=0, days=2, sign_ins=2)
    clock.move(hours=21)
    plain.enter(dr_chen)
    for _ in range(2):
        assert plain.post(f"{SECURITY}/later").headers["Location"] == CHARTS
    assert database.user(dr_chen).grace_sign_ins == 1


def test_a_visit_is_not_interrupted(plain, set_deadline, dr_chen, clock, database, admin_lee):
    set_deadline(ahead=0, days=0, sign_ins=0)
    clock.move(hours=19, minutes=55)
    plain.enter(dr_chen).press("Later")
    clock.move(minutes=10)
    assert plain.open(f"{CHARTS}/1").path == f"{CHARTS}/1"
    plain.another().enter(admin_lee).open(DEADLINE).press("Remove the deadline")
    assert plain.open(f"{CHARTS}/1").path == f"{CHARTS}/1"
    assert not sign_in(plain, dr_chen)


def test_who_came_later_sets_up_at_once(plain, set_deadline, dr_chen, database):
    set_deadline()
    database.change(update(User).where(User.username == "dr.chen").values(grace_sign_ins=None))
    assert not sign_in(plain, dr_chen)


@pytest.mark.parametrize("change", [{"role": "administrator"}, {"practice_id": 2}, {"practice_id": None}])
def test_who_became_somebody_else_sets_up_at_once(plain, set_deadline, dr_chen, database, change):
    set_deadline()
    database.change(update(User).where(User.username == "dr.chen").values(**change))
    assert not sign_in(plain, dr_chen)


def test_an_administrator_made_in_the_middle_is_stopped(plain, set_deadline, dr_chen, database):
    set_deadline()
    plain.enter(dr_chen).press("Later")
    database.change(update(User).where(User.username == "dr.chen").values(role="administrator"))
    assert plain.open(CHARTS).path == SECURITY


def test_who_sets_up_is_asked_for_codes_as_everybody(plain, set_deadline, dr_chen, clock):
    set_deadline()
    plain.enter(dr_chen).press("Later")
    plain.set_up_ehr(dr_chen)
    plain.press("I have saved my backup codes")
    plain.press("Do this later")
    assert plain.path == CHARTS
    clock.next_code()
    plain.press("Sign out")
    plain.sign_in(dr_chen)
    assert plain.path == "/sign-in/code"
