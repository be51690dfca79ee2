"""Seeding the demo again over what an earlier release or an operator left."""

from sqlalchemy import delete, update

from portal.flows.operator import demo
from portal.models import Appointment, Chart, ChartNote, User
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
