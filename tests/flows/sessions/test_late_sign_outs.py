"""A sign-out that could not reach the database ends its session later, once, as of then."""

from datetime import timedelta

from portal.crypto import token_hash
from portal.flows.base.context import RequestContext
from portal.flows.sessions import sessions
from portal.models import Event, Session


def end_late(app, at, token):
    """Ends the session of a token, as of a moment."""
    context = RequestContext(at, app.extensions["keys"], ip="127.0.0.1", user_agent="test", request_id="r")
    with app.app_context():
        sessions.end_session_late(context, token_hash(token))


def state_of(database):
    """Returns when and why the newest session ended, and how many events say so."""
    row = database.all(Session)[-1]
    return row.ended_at, row.ended_reason, len(database.all(Event, Event.event == "session_end"))


def test_a_session_ends_as_of_the_sign_out_and_not_again(app, plain, clock, database, maria):
    plain.enter(maria)
    token = plain.cookie()
    for _ in range(2):
        end_late(app, clock.now, token)
        clock.now += timedelta(minutes=1)
    assert state_of(database) == (clock.now - timedelta(minutes=2), "signed_out", 1)


def test_a_session_that_had_ended_already_keeps_its_time_and_reason(app, plain, clock, database, maria):
    plain.enter(maria)
    token = plain.cookie()
    plain.press("Sign out")
    ended = state_of(database)
    clock.now += timedelta(minutes=1)
    end_late(app, clock.now, token)
    assert state_of(database) == ended
