"""Before each test, the database is as it was at first, whatever the test before did to it."""

import pytest
from sqlalchemy import delete, inspect, update

from portal.models import BackupCode, Event, Session, User
from tests.support.client import Browser


def test_rows_that_were_added_changed_or_deleted_are_restored_with_the_numbers_that_new_ones_get(world, database, plain, maria):
    before = database.everything()
    plain.enter(maria)
    numbers = [row.id for model in (Session, Event) for row in database.all(model)]
    database.change(update(User).values(full_name="Somebody Else"))
    database.change(delete(BackupCode))
    changed = database.everything()
    assert {name for name in before if changed[name] != before[name]} >= {"users", "backup_codes", "sessions", "events"}
    world.begin_anew()
    assert database.everything() == before
    Browser(world.app).enter(maria)
    assert [row.id for model in (Session, Event) for row in database.all(model)] == numbers


@pytest.mark.once("PostgreSQL keeps its statistics elsewhere")
def test_statistics_are_forgotten(world):
    """SQLite plans its queries by them, and a few rows would be read whole ever after."""
    with world.app.extensions["engine"].begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    world.begin_anew()
    with world.app.extensions["engine"].connect() as connection:
        assert not inspect(connection).has_table("sqlite_stat1")
