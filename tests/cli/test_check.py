"""`flask check` names what an operator should look at."""

from datetime import UTC, date, datetime

import pytest

from portal import clock, zones


@pytest.fixture
def check(app):
    """Runs the command; returns its exit code and words."""

    def check():
        result = app.test_cli_runner().invoke(args=["check"])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return check


def test_data_of_less_than_a_year_is_well(check, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 29, tzinfo=UTC))
    assert check() == (0, f"Time zones: tzdata {zones.data_version()}\nNothing to do.\n")


def test_data_of_more_than_a_year_is_named(check, monkeypatch):
    since = zones.data_is_from()
    monkeypatch.setattr(clock, "now", lambda: datetime(since.year + 1, since.month, since.day, tzinfo=UTC))
    assert "more than a year old" not in check()[1]
    monkeypatch.setattr(clock, "now", lambda: datetime(since.year + 1, since.month, since.day + 1, tzinfo=UTC))
    code, said = check()
    assert code == 1 and f"(tzdata {zones.data_version()}) may be more than a year old: its latest date is {since}." in said


def test_data_of_another_year_is_as_old_as_it_says(monkeypatch):
    monkeypatch.setattr(zones.tzdata, "IANA_VERSION", "2028a")
    assert zones.data_is_from() == date(2028, 1, 1)


def test_events_that_wait_for_a_worker_to_seal_them_are_named(check, app, clock):
    assert check()[0] == 0
    clock.move(hours=2)
    code, said = check()
    assert code == 1 and "Events since 2027-03-01 12:00 UTC are not sealed: no worker runs" in said
    app.extensions["queue"].seal_events()
    assert check()[0] == 0
