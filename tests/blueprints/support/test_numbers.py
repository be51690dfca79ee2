"""Waiting times of account recovery: of each case, their median, the oldest; refused and stopped cases."""

from datetime import timedelta

from sqlalchemy import insert

from portal.flows.base.context import RequestContext
from portal.flows.recovery.numbers import measure
from portal.models import RecoveryTicket
from tests.support.cases import begin_case
from tests.support.moving import START

HOUR = timedelta(hours=1)


def at(hours):
    """START is a Monday, noon UTC."""
    return START - hours * HOUR


def measured(app, database, now=START, days=1):
    with app.app_context():
        return measure(RequestContext(now, database.keys, "", "", "r", promise_days=days))


def over(database, person, state, **columns):
    return begin_case(database, person, state, now=columns.pop("opened_at"), **columns)


def test_median_and_oldest_wait_for_supports_first_answer(app, database, sam, maria, jun, dr_okafor, dr_chen, admin_lee):
    for person, state, asked, answered, ended in (
        (sam, "done", 20, 18, 1),
        (maria, "refused", 30, 20, 2),
        (jun, "answering", 9, 5, None),
        (dr_okafor, "checking", 13, None, None),
        (dr_chen, "checking", 12, None, None),
        (admin_lee, "stopped", 50, None, 40),  # nobody answered, nor has to
    ):
        when = {"asked_support_at": at(asked), "answered_at": answered and at(answered), "ended_at": ended and at(ended)}
        over(database, person, state, opened_at=at(asked + 1), **when)
    numbers = measured(app, database)
    assert numbers.median == 4 * HOUR and numbers.oldest == 13 * HOUR
    assert numbers.endings == {"done": 1, "refused": 1, "stopped": 1, "lapsed": 0} and numbers.open == 3
    assert {each.state: each.lasted for each in numbers.cases if each.ended_at} == {
        "done": 20 * HOUR, "refused": 29 * HOUR, "stopped": 11 * HOUR,
    }  # fmt: skip


def test_without_cases_there_is_nothing_to_measure(app, database):
    numbers = measured(app, database)
    assert (numbers.median, numbers.oldest, numbers.late, numbers.open, numbers.cases) == (None, None, 0, 0, [])


def test_late_is_what_came_after_the_first_promise_whatever_the_setting_and_later_promises_are(app, database, sam, maria, jun):
    def asked(person, state, hours, due, **columns):
        over(database, person, state, opened_at=at(hours), asked_support_at=at(hours), first_due_at=at(due), **columns)

    asked(sam, "checking", 25, 1, due_at=START + HOUR)  # promised until 11 AM, then again until 1 PM
    asked(maria, "done", 100, 30, answered_at=at(99), ended_at=at(1))
    asked(jun, "checking", 23, -1)
    for days in (1, 2):
        numbers = measured(app, database, days=days)
        assert [each.is_late for each in numbers.cases] == [False, True, False] and numbers.late == 1


def test_what_nobody_confirmed_or_is_long_over_does_not_count(app, database, sam, maria, jun):
    over(database, sam, "asked", opened_at=at(1))
    over(database, maria, "done", opened_at=at(24 * 91), ended_at=at(24 * 90))
    over(database, jun, "checking", opened_at=at(24 * 91), asked_support_at=at(24 * 91))
    assert [each.state for each in measured(app, database).cases] == ["checking"]


def test_the_console_shows_them_by_reference_and_names_nobody(browser, database, support, sam):
    case_id = over(database, sam, "done", opened_at=at(30), asked_support_at=at(29), answered_at=at(3), ended_at=at(2))
    row = {"id": "ABCD1234EFGH", "case_ids": [case_id], "case_id": case_id, "created_at": at(30)}
    database.change(insert(RecoveryTicket).values(**row))
    browser.enter(support).open("/support").press("Waiting times")
    assert browser.heading == "Waiting times" and sam.name not in browser.text
    [cells] = [[cell.text for cell in row.all("td")] for row in browser.page.one("tbody").all("tr")]
    assert (
        cells[0] == "ABCD-1234-EFGH" and cells[2].startswith("1 day and 2 hours") and cells[3:] == ["1 day and 4 hours", "Done"]
    )
    assert "Median wait for support's first answer 1 day and 2 hours" in browser.text.replace("answer1", "answer 1")


def test_an_empty_console_says_so(plain, support):
    plain.enter(support).open("/support/waiting-times")
    assert "No requests yet." in plain.text and "Nobody is waiting" in plain.text
