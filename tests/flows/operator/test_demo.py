"""Seeding the demo again over what an earlier release or an operator left."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, update

from portal.flows.operator import demo
from portal.flows.operator.demo_charts import NOTED_AT, NOTES, past_moment
from portal.models import Appointment, Chart, ChartNote, Letter, User
from portal.models.user import user_place


def seed(app, clock):
    """Seeds the demo in a command of its own; returns how many accounts it created."""
    with app.app_context():
        return demo.seed_demo(app.extensions["keys"], clock.now)


def test_accounts_of_an_earlier_release_are_found_by_their_address_again(app, plain, database, clock, maria):
    hashes = {user.username: user.email_hash for user in database.all(User)}
    database.change(update(User).values(email_hash=None))
    assert seed(app, clock) == 0
    assert {user.username: user.email_hash for user in database.all(User)} == hashes and None not in hashes.values()


def test_an_address_that_is_empty_gets_no_hash(app, database, clock, maria):
    user_id = database.user(maria).id
    empty = database.keys.seal("", user_place(user_id, "email"))
    database.change(update(User).where(User.id == user_id).values(email_hash=None, email_sealed=empty))
    seed(app, clock)
    assert database.user(maria).email_hash is None


def test_charts_made_anew_have_no_notes_by_those_who_are_no_providers_any_more(
    app, database, clock, dr_okafor, dr_chen, dr_novak
):
    for table in (ChartNote, Appointment, Chart):
        database.change(delete(table))
    database.change(update(User).where(User.username == "dr.okafor").values(role="administrator"))
    seed(app, clock)
    assert len(database.all(Chart)) == 9
    authors = {note.author_id for note in database.all(ChartNote)}
    assert authors == {database.user(dr_chen).id, database.user(dr_novak).id}


@pytest.mark.parametrize("day", range(7))
def test_what_practices_wrote_in_the_demo_was_written_in_their_hours(day):
    now, zone = datetime(2026, 11, 23 + day, 3, 20, tzinfo=UTC), ZoneInfo("America/Los_Angeles")
    letters = [row.sent_at for row in demo.health_rows(1, now) if isinstance(row, Letter)]
    notes = [past_moment(now, days_ago, NOTED_AT, zone) for rows in NOTES.values() for _, _, days_ago, _ in rows]
    local = [at.astimezone(zone) for at in (*letters, *notes)]
    assert len(letters) == 2 and len(notes) > 3 and all(at < now for at in local)
    assert {at.weekday() for at in local} <= {0, 1, 2, 3, 4} and all(8 <= at.hour < 18 for at in local)
