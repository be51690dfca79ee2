""" "This wasn't me", pressed without the sign-in it needs, and pressed twice at once."""

import pytest
from sqlalchemy import update

from portal.db import db
from portal.flows.account import not_me
from portal.flows.base.context import RequestContext
from portal.flows.messages.notices import NOT_ME, make_row_token
from portal.models import Event, Outbox, Session
from portal.words.refusals import Refused
from tests.support.meanwhile import just_before


def test_a_notice_that_needs_a_sign_in_is_not_answered_by_a_stranger(app, plain, database, clock, maria):
    plain.enter(maria).set_up(maria)
    [notice] = database.all(Outbox, Outbox.template == "two_factor_on")
    keys = app.extensions["keys"]
    with app.test_request_context():
        context = RequestContext(now=clock.now, keys=keys, ip="127.0.0.1", user_agent="", request_id="1")
        with pytest.raises(Refused, match="sign_in_first"):
            not_me.answer_not_me(context, make_row_token(keys, notice.id, NOT_ME))
    assert not any(row.answered_at for row in database.all(Outbox)) and not any(row.ended_at for row in database.all(Session))
    assert plain.open("/home").path == "/home"


def test_of_two_answers_at_once_one_counts(app, plain, database, clock, maria, monkeypatch):
    plain.enter(maria)
    [notice] = database.all(Outbox, Outbox.template == "new_browser")
    answered = update(Outbox).values(answered_at=clock.now)
    other = plain.another().open(f"/not-me/{make_row_token(app.extensions['keys'], notice.id, NOT_ME)}")
    just_before(monkeypatch, not_me, "change", lambda: db.session.execute(answered))
    other.press("End sessions and trusted browsers")
    assert other.status == 422 and other.problems == ["This link was already used. It works only once."]
    assert not any(row.ended_at for row in database.all(Session))
    assert not database.all(Event, Event.reason == NOT_ME)
