"""Each table of a folder equals what somebody with all the rows at hand would write, and never names another practice's people."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from portal.flows.auditor import collect, factors, sign_ins
from portal.flows.auditor.scope import Period, Scope, default_days
from portal.models import Event, User
from portal.policy import policy_under
from portal.zones import start_of_day
from tests.flows.auditor.by_hand import ByHand
from tests.support.audited import OWN, ZONE, Audited
from tests.support.moving import START

SEEDS = (1, 2, 7)
TODAY = START.astimezone(ZoneInfo(ZONE)).date()
PERIODS = {
    "a year": default_days(TODAY),
    "ten days": (TODAY - timedelta(days=30), TODAY - timedelta(days=20)),
    "today": (TODAY, TODAY),
}


@pytest.fixture(params=SEEDS)
def crowd(request, app, clock):
    """The rows of two practices, in the database and at hand."""
    made = Audited(request.param, START)
    with app.extensions["engine"].execution_options(writes=True).begin() as connection:
        made.write(connection)
    return made


def found_in(app, first, last):
    """Returns what the portal finds for the practice."""
    settings = app.extensions["settings"]
    with app.app_context():
        scope = Scope(OWN, "", Period(first, last, ZoneInfo(ZONE)), START, policy_under("provider", settings.provider_methods))
        return collect.collect(scope, settings, app.extensions["keys"])


def account(person):
    return person.account if person else None


def as_rows(found):
    """Returns the portal's tables, as by hand."""
    held = [
        (each.person.account, each.method, each.since, each.last_used_at, each.state, each.left)
        for each in found.holdings.factors
    ]
    missing = [(each.person.account, each.why, each.since, each.until, each.sign_ins_left) for each in found.holdings.missing]
    changes = [(each.at, each.person.account, each.event, each.factor, account(each.by)) for each in found.changes]
    resets = [
        (
            each.kind, each.person.account, account(each.asked_by), each.asked_at, each.reason, each.grounds, each.outcome,
            tuple(map(account, each.approved_by)), each.decided_at,
        )
        for each in found.resets
    ]  # fmt: skip
    emergencies = [
        (
            each.person.account, each.asked_at, each.outcome, account(each.decided_by), each.decided_at, each.ended_at, each.charts,
            each.review, account(each.reviewed_by), each.reviewed_at,
        )
        for each in found.emergencies
    ]  # fmt: skip
    tables = {"factors": held, "missing": missing, "changes": changes, "resets": resets, "emergencies": emergencies}
    return {name: sorted(rows, key=str) for name, rows in tables.items()}


@pytest.mark.parametrize("days", PERIODS.values(), ids=PERIODS)
def test_each_table_equals_what_is_found_by_hand(app, crowd, days):
    by_hand, found = ByHand(crowd.rows, START, *days), found_in(app, *days)
    rows = as_rows(found)
    assert found.holdings.staff == len(by_hand.staff) > 20
    for name, table in rows.items():
        assert table == getattr(by_hand, name)(), name
    assert {f"{each.month:%Y-%m}": each.counts for each in found.months if any(each.counts)} == by_hand.months()
    assert len(found.months) == (days[1].year - days[0].year) * 12 + days[1].month - days[0].month + 1
    if days == PERIODS["a year"]:
        assert all(rows.values()), "a table without a row shows nothing"


def test_each_reason_for_having_no_factor_is_somebodys():
    crowds = [ByHand(Audited(seed, START).rows, START, *PERIODS["a year"]) for seed in SEEDS]
    reasons = {
        factors.CLOSED,
        factors.RESET_OPEN,
        factors.RESET_LAPSED,
        factors.GRACE,
        factors.NOT_SET_UP,
        factors.NO_CHART_FACTOR,
    }
    assert {why for crowd in crowds for _, why, *_ in crowd.missing()} == reasons


def test_everyone_has_a_factor_or_a_reason_and_nobody_is_of_another_practice(app, crowd):
    found = found_in(app, *PERIODS["a year"])
    by_id = {each["username"]: each for each in crowd.rows[User]}
    seen = {each.person.account for each in found.holdings.factors + found.holdings.missing}
    assert seen == {
        name for name, each in by_id.items() if each["practice_id"] == OWN and each["role"] in ("provider", "administrator")
    }
    subjects = seen | {each.person.account for each in [*found.changes, *found.resets, *found.emergencies]}
    assert {by_id[name]["practice_id"] for name in subjects} == {OWN}
    others = {account(person) for each in found.emergencies for person in (each.decided_by, each.reviewed_by)} - {None}
    assert {by_id[name]["practice_id"] for name in others} == {OWN}


def test_people_stand_by_name_and_what_happened_by_time(app, crowd):
    found, by_name = found_in(app, *PERIODS["a year"]), {each["username"]: each for each in crowd.rows[User]}
    keys = [(by_name[each.person.account]["name_key"], by_name[each.person.account]["id"]) for each in found.holdings.factors]
    assert keys == sorted(keys)
    for events in (
        [each.at for each in found.changes],
        [each.asked_at for each in [*found.resets]],
        [each.asked_at for each in found.emergencies],
    ):
        assert events == sorted(events)


def test_a_sign_in_at_midnight_is_of_the_month_that_begins(app, database, dr_okafor):
    zone, user = ZoneInfo(ZONE), database.user(dr_okafor)
    columns = {"event": "authn_login_success", "result": "ok", "role": "provider", "subject_id": user.id}
    told = {"request_id": "r", "ip": "", "user_agent": "", "app_version": ""}
    for month in (1, 2, 3):
        database.change(insert(Event).values(at=start_of_day(date(2027, month, 1), zone), **columns, **told))
    period = Period(date(2027, 1, 1), date(2027, 2, 28), zone)
    with app.app_context():
        months = sign_ins.list_months(Scope(user.practice_id, "", period, START, policy_under("provider", None)))
    assert [(each.month.month, each.counts[0]) for each in months] == [(1, 1), (2, 1)]
