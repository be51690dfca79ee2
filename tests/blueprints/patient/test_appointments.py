"""One visit reads the same in both doors: by the practice's clock, whoever reads it and wherever they are."""

from datetime import datetime, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import delete, insert, update

from portal.models import Appointment, Chart, Practice, User
from tests.cli.test_commands import run  # noqa: F401 a fixture

RIVERSIDE = "Riverside Family Practice"
PACIFIC, SEOUL, NEWFOUNDLAND, EDMONTON = "America/Los_Angeles", "Asia/Seoul", "America/St_Johns", "America/Edmonton"


def visits(browser):
    """Returns the text of each appointment on the home page."""
    browser.open("/home")
    return [part.text for part in browser.page.all("article") if "visit" in part.classes]


def in_chart(browser, name="Maria Reyes"):
    """Returns the chart's next visit, as the EHR shows it."""
    browser.open("/ehr/charts").press(name)
    return next(pair.one("dd").text for pair in browser.page.one("dl").all("div") if pair.one("dt").text == "Next visit")


def book(database, local, zone=PACIFIC, patient="Maria Reyes", **columns):
    """Leaves one appointment of maria, at a clock time of Riverside; returns its id."""
    database.change(update(Practice).where(Practice.name == RIVERSIDE).values(time_zone=zone))
    database.change(delete(Appointment))
    [chart] = database.all(Chart, Chart.patient_name == patient)
    [maria] = database.all(User, User.username == "maria")
    values = {"practice_id": chart.practice_id, "chart_id": chart.id, "patient_id": maria.id, "with_whom": "Dr. Lian Chen"}
    values |= {"reason": "Check-up", "starts_at": datetime.fromisoformat(local), **columns}
    database.change(insert(Appointment).values(**values))
    return database.all(Appointment)[0].id


@pytest.mark.parametrize("reader", [None, SEOUL, NEWFOUNDLAND])
@pytest.mark.parametrize(
    ("zone", "local", "said"),
    [
        (PACIFIC, "2027-03-12T07:30", "Fri, Mar 12, 7:30 AM Pacific Time"),  # the clocks change on the 14th
        (PACIFIC, "2027-03-15T07:30", "Mon, Mar 15, 7:30 AM Pacific Time"),
        (PACIFIC, "2027-03-14T02:30", "Sun, Mar 14, 3:30 AM Pacific Time"),  # skipped that night
        (PACIFIC, "2027-11-07T01:30", "Sun, Nov 7, 1:30 AM Pacific Time"),  # comes twice that night
        (NEWFOUNDLAND, "2027-03-12T09:00", "Fri, Mar 12, 9:00 AM Newfoundland Time"),
        (NEWFOUNDLAND, "2027-03-15T09:00", "Mon, Mar 15, 9:00 AM Newfoundland Time"),
        (EDMONTON, "2028-01-14T09:00", "Fri, Jan 14, 2028, 9:00 AM Edmonton Time"),
        ("America/Atlantis", "2027-03-12T09:00", "Fri, Mar 12, 9:00 AM UTC"),  # vanished
        (None, "2027-03-12T09:00", "Fri, Mar 12, 9:00 AM UTC"),
    ],
)
def test_one_visit_is_the_same_in_both_doors(plain, maria, dr_okafor, database, zone, local, said, reader):
    book(database, local, zone)
    database.change(update(User).values(time_zone=reader))
    [shown] = visits(plain.enter(maria))
    assert said in shown and "Check-up" in shown and "Dr. Lian Chen, Riverside Family Practice" in shown
    assert in_chart(plain.another().enter(dr_okafor)) == said


def test_every_visit_of_the_demo_is_in_practice_hours_and_in_both_doors(plain, maria, dr_okafor, database):
    for row in database.all(Appointment):
        assert row.starts_at.weekday() < 5 and 7 <= row.starts_at.hour < 17
    check_up, flu_shot = visits(plain.enter(maria))
    assert "Mon, Mar 8, 7:30 AM Pacific Time" in check_up and "Mon, Mar 22, 10:30 AM Pacific Time" in flu_shot
    assert in_chart(plain.another().enter(dr_okafor)) == "Mon, Mar 8, 7:30 AM Pacific Time"


def test_a_visit_is_shown_until_its_day_is_over_at_the_practice(plain, maria, database, clock):
    book(database, "2027-03-01T01:00", PACIFIC)  # it is 4:00 there
    assert len(visits(plain.another().enter(maria))) == 1
    clock.move(hours=19, minutes=59)
    assert len(visits(plain.another().enter(maria))) == 1
    clock.move(minutes=1)
    assert visits(plain.another().enter(maria)) == []


def test_a_visit_has_phone_directions_and_a_calendar_file(plain, maria, database):
    key = book(database, "2027-03-12T07:30", minutes=45)
    plain.enter(maria).open("/home")
    [article] = [part for part in plain.page.all("article") if "visit" in part.classes]
    links = {link["href"]: link for link in article.all("a")}
    assert set(links) == {
        "tel:+15035550142",
        "https://www.google.com/maps/dir/?api=1&destination=1200+SW+River+Parkway,+Portland,+OR+97201",
        f"/home/appointments/{key}.ics",
    }
    assert next(link for href, link in links.items() if "maps" in href)["rel"] == "noreferrer"  # implies noopener
    answer = plain.get(f"/home/appointments/{key}.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="appointment-2027-03-12.ics"'
    assert "Check-up" not in answer.text and "Maria" not in answer.text
    [event] = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["dtstart"].dt.isoformat() == "2027-03-12T07:30:00-08:00" and event["dtstart"].params["TZID"] == PACIFIC
    assert event["dtend"].dt - event["dtstart"].dt == timedelta(minutes=45)
    assert event["summary"] == "Appointment at Riverside Family Practice" and "1200 SW River Parkway" in event["location"]


def test_the_file_carries_the_rule_of_the_package(plain, maria, database):
    key = book(database, "2028-01-14T09:00", EDMONTON)
    answer = plain.enter(maria).get(f"/home/appointments/{key}.ics")
    [rules] = Calendar.from_ical(answer.data).walk("VTIMEZONE")
    assert rules["tzid"] == EDMONTON and {str(part["tzoffsetto"].to_ical()) for part in rules.subcomponents} == {"-0600"}


@pytest.mark.parametrize("key", ["other", 999_999, 2**31, 2**70])
def test_the_file_of_somebody_else_is_not_there(plain, maria, sam, database, key):
    mine = book(database, "2027-03-12T07:30")
    plain.enter(sam)
    assert plain.get(f"/home/appointments/{mine if key == 'other' else key}.ics").status_code == 404


def test_a_practice_without_phone_or_address_has_no_dead_links(plain, maria, database):
    book(database, "2027-03-12T07:30", with_whom="")
    database.change(update(Practice).values(phone="", address=""))
    plain.enter(maria).open("/home")
    [article] = [part for part in plain.page.all("article") if "visit" in part.classes]
    assert [link.text for link in article.all("a")] == ["Add to calendar Check-up"]


def test_appointments_keep_their_time_of_day_when_the_practice_moves(run, plain, maria, dr_okafor, database):  # noqa: F811
    book(database, "2027-03-12T07:30", PACIFIC)
    run("practices", "set", RIVERSIDE, "--time-zone", NEWFOUNDLAND)
    [shown] = visits(plain.enter(maria))
    assert "Fri, Mar 12, 7:30 AM Newfoundland Time" in shown
    assert in_chart(plain.another().enter(dr_okafor)) == "Fri, Mar 12, 7:30 AM Newfoundland Time"


def test_a_practice_that_gets_its_first_zone_keeps_the_moments(run, plain, maria, database):  # noqa: F811
    book(database, "2027-03-12T15:30", None)
    assert "3:30 PM UTC" in visits(plain.enter(maria))[0]
    run("practices", "set", RIVERSIDE, "--time-zone", PACIFIC)
    assert "Fri, Mar 12, 7:30 AM Pacific Time" in visits(plain)[0]


def test_a_result_has_a_date_only(plain, maria):
    plain.enter(maria).open("/home")
    assert "Feb 25, 2027" in plain.page.one("table").text and "AM" not in plain.page.one("table").text


def test_a_chart_without_a_visit_says_so(plain, dr_okafor, database):
    database.change(delete(Appointment))
    assert in_chart(plain.enter(dr_okafor)) == "None booked"
