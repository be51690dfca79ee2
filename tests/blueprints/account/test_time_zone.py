"""A time zone is chosen in Profile, and pages, emails, and files are written by its clock; without a choice, by the practice's."""

import pytest
from sqlalchemy import update

from portal import zones
from portal.models import Event, Practice, User
from tests.support.mailbox import mails

SEOUL, NEWFOUNDLAND = "Asia/Seoul", "America/St_Johns"
PROFILE, ZONE, SECURITY = "/account", "/account/time-zone", "/account/security"


def times_of(browser):
    """Returns the `time` elements of the page as (text, how the script writes them anew)."""
    return [(each.text, each["data-as"]) for each in browser.page.all("time")]


def choose(browser, label):
    browser.open(ZONE)
    return browser.fill("Save", Time_zone=label)


def set_practice(database, zone):
    database.change(update(Practice).values(time_zone=zone))


def test_without_a_choice_times_name_their_zone_and_the_script_may_write_them_anew(browser, dr_okafor):
    browser.enter(dr_okafor).open("/ehr/settings/security")
    assert ("today, 4:00 AM Pacific Time", "moment") in times_of(browser)
    assert all(kind for _, kind in times_of(browser))


def test_a_choice_is_kept_shown_and_recorded_once(browser, maria, database):
    browser.enter(maria).open(PROFILE)
    assert "Time zone The same as this browser" in browser.text
    browser.press("Change time zone")
    assert browser.heading == "Choose your time zone" and "data-guess" in browser.field("Time zone")
    for _ in range(2):
        choose(browser, "Seoul, Korean Time")
        assert browser.path == PROFILE and browser.notices == ["Your time zone has been saved."]
    assert "Time zone Seoul, Korean Time" in browser.text
    assert [row.event for row in database.all(Event)].count("time_zone_changed") == 1
    browser.open(SECURITY)
    assert "Signed in today, 9:00 PM," in browser.text and "Korean Time" not in browser.text
    assert {kind for _, kind in times_of(browser)} == {None}
    assert "data-guess" not in browser.open(ZONE).field("Time zone")
    choose(browser, "The same as this browser")
    assert "Time zone The same as this browser" in browser.text and database.user(maria).time_zone is None


@pytest.mark.parametrize("typed", ["Mars/Olympus", "../etc/passwd", "America", "é" * 300, "Asia/Seoul\0"])
def test_a_zone_that_does_not_exist_is_refused(browser, maria, database, typed):
    choose(browser.enter(maria), "Seoul, Korean Time")
    browser.open(ZONE)
    answer = browser.post(ZONE, {"time_zone": typed})
    assert answer.status_code == 422 and "We don&#39;t know that time zone. Choose one from the list." in answer.text
    assert database.user(maria).time_zone == SEOUL


def test_a_zone_that_vanished_counts_as_no_choice(browser, maria, database, caplog):
    database.change(update(User).where(User.username == "maria").values(time_zone="Asia/Atlantis"))
    zones.warn_of_unknown.cache_clear()
    browser.enter(maria).open(PROFILE)
    assert browser.status == 200 and "Time zone The same as this browser" in browser.text
    assert "today, 4:00 AM Pacific Time" in browser.open(SECURITY).text
    assert "there is no time zone 'Asia/Atlantis'" in caplog.text
    assert browser.open(ZONE).status == 200


def test_a_zone_of_an_older_name_stays_chosen(browser, maria, database):
    database.change(update(User).where(User.username == "maria").values(time_zone="US/Pacific"))
    browser.enter(maria).open(ZONE)
    [chosen] = [option for option in browser.field("Time zone").all("option") if "selected" in option]
    assert (chosen["value"], chosen.text) == ("US/Pacific", "Los Angeles, Pacific Time")


def test_a_practice_on_a_half_hour_reads_its_own_day(browser, dr_okafor, database, clock):
    set_practice(database, NEWFOUNDLAND)
    clock.move(hours=15, minutes=20)  # 23:50 at the practice
    browser.enter(dr_okafor).open("/ehr/settings/security")
    assert "today, 11:50 PM Newfoundland Time" in browser.text
    clock.move(minutes=11)
    assert "Mon, Mar 1, 11:50 PM Newfoundland Time" in browser.open("/ehr/settings/security").text


@pytest.mark.parametrize(
    ("day", "seoul", "portland", "newfoundland"),
    [
        (12, "9:00 PM Korean", "4:00 AM Pacific", "8:30 AM Newfoundland"),
        (15, "9:00 PM Korean", "5:00 AM Pacific", "9:30 AM Newfoundland"),
    ],
)
def test_emails_are_written_by_the_clock_of_their_reader(
    plain, maria, jun, dr_okafor, database, clock, day, seoul, portland, newfoundland
):
    """On both sides of 14 March 2027, when clocks go forward in North America."""
    clock.move(days=day - 1)
    for username, zone in (("maria", "America/Los_Angeles"), ("jun", SEOUL)):
        database.change(update(User).where(User.username == username).values(time_zone=zone))
    set_practice(database, NEWFOUNDLAND)
    for person in (maria, jun, dr_okafor):
        plain.another().enter(person)
    said = {mail.to.partition("@")[0]: mail.text for mail in mails(plain, subject="Sign-in from a new browser")}
    for username, clock_time in (("maria", portland), ("jun", seoul), ("dr.okafor", newfoundland)):
        assert f", Mar {day}, 2027, {clock_time} Time" in said[username]


def test_a_claimant_learns_nothing_of_where_the_account_is(plain, dr_okafor, database, clock):
    """Whoever has the password alone reads the operator's zone, which the browser turns into its own."""
    database.change(update(User).values(time_zone=SEOUL))
    plain.sign_in(dr_okafor)
    assert plain.path == "/sign-in/code"
    assert "Korean" not in plain.text and "9:00" not in plain.text
