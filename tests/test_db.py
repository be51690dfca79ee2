"""A transaction is never dropped with what it has written, without a word; nobody else's sessions and engines are listened to."""

import pytest
from sqlalchemy import create_engine, insert, select, text, update
from sqlalchemy.orm import Session

from portal.db import DatabaseSession, PendingChangesError, add_at_commit, begin_write, change, db, end_read, load, read
from portal.flows.base.audit import record_event
from portal.flows.base.context import RequestContext
from portal.models import Event, Practice, User

RENAME = update(User).where(User.username == "maria").values(full_name="Maria R.")


def add(context):
    db.session.add(Practice(name="Hillside", city="Salem", phone="503-555-0100"))


def flush(context):
    add(context)
    db.session.flush()


def edit(context):
    db.session.scalars(select(User)).first().full_name = "Somebody"


def delete(context):
    db.session.delete(db.session.scalars(select(User)).first())


WRITES = {
    "an event that goes in with the commit": lambda context: record_event(context, "session_renew"),
    "a row that was added": add,
    "a row that was flushed": flush,
    "a row that was edited": edit,
    "a row that was deleted": delete,
    "a statement of change()": lambda context: change(RENAME),
    "a statement of the session": lambda context: db.session.execute(RENAME.returning(User.id)),
    "an insert": lambda context: db.session.execute(
        insert(Practice), [{"name": "Hillside", "city": "Salem", "phone": "503-555-0100"}]
    ),
}


@pytest.fixture
def context(app, clock):
    """Nobody's visit, in the context that a request or a command has."""
    with app.app_context():
        yield RequestContext(now=clock.now, keys=app.extensions["keys"], ip="", user_agent="", request_id="")


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_transaction_with_changes_is_not_begun_anew(context, write):
    begin_write()
    write(context)
    with pytest.raises(PendingChangesError, match="commit it or roll it back"):
        begin_write()


@pytest.mark.parametrize("end", ["commit", "rollback"])
@pytest.mark.parametrize("write", [WRITES["a row that was flushed"], WRITES["a statement of change()"]])
def test_one_that_has_ended_is(context, write, end):
    begin_write()
    write(context)
    getattr(db.session, end)()
    assert begin_write() is db.session


def test_one_that_has_only_read_is_and_a_row_set_to_what_it_was_is_no_change(context):
    someone = begin_write().scalars(select(User)).first()
    someone.full_name = str(someone.full_name)
    begin_write()


def test_the_row_that_was_kept_from_getting_lost_still_goes_in(context, database):
    begin_write()
    before = len(database.all(Event))
    add_at_commit(Event, at=context.now, event="session_renew", result="ok", request_id="", ip="", user_agent="", app_version="0")
    with pytest.raises(PendingChangesError):
        begin_write()
    db.session.commit()
    assert len(database.all(Event)) == before + 1


def test_an_event_that_was_rolled_back_is_not_in_the_next_commit(context, database):
    begin_write()
    before = len(database.all(Event))
    record_event(context, "session_renew")
    db.session.rollback()
    flush(context)
    db.session.commit()
    assert len(database.all(Event)) == before


def test_sessions_and_engines_that_are_not_ours_are_left_alone(app):
    engine = create_engine("sqlite://")
    with Session(engine) as session:
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 0
        Practice.__table__.create(session.connection())
        session.execute(insert(Practice).values(name="Hillside", city="Salem", phone="503-555-0100"))
        assert session.info == {}
    engine.dispose()
    with app.app_context():
        assert db.session.execute(text("SELECT lower('É')")).scalar() == "é"
        assert isinstance(db.session, DatabaseSession)


def test_what_was_read_becomes_an_object_of_the_session(context):
    """Its changes are written, and another row of it replaces what an object of the session holds."""
    rows = select(*User.__table__.c).where(User.username == "maria")
    begin_write()
    user = load(User, read(rows).one())
    user.full_name = "Maria R."
    db.session.commit()
    change(RENAME.values(full_name="Maria Q."))
    assert load(User, read(rows).one()) is user
    assert user.full_name == "Maria Q."
    user.country = "CA"
    db.session.commit()
    assert read(select(User.full_name, User.country).where(User.id == user.id)).one() == ("Maria Q.", "CA")


def test_a_session_takes_over_from_the_connection_that_pages_read_on(context):
    """A request holds one connection of the pool, not two; and none once it says that it has read."""
    pool = db.engine.pool
    read(select(User.id))
    assert pool.checkedout() == 1
    db.session.scalars(select(User.id)).all()
    assert read(select(User.id)).connection is db.session.connection()
    assert pool.checkedout() == 1
    end_read()
    assert pool.checkedout() == 0
