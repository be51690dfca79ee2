"""Disable, past what its page lets through: the flow itself asks for the answer, and a request that comes second changes nothing."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, update

from portal.answers import CODE, Answer
from portal.db import db
from portal.flows.factors import turn_off
from portal.flows.factors.setup import StepNotDue
from portal.models import Authenticator, User
from portal.words.refusals import Refused
from tests.flows.factors.test_shared_secrets import context_of


@pytest.fixture
def late(app, plain, clock, sam):
    """The context of Sam's request to turn it off, six minutes after the sign-in."""
    plain.enter(sam)
    clock.move(minutes=6)
    with app.app_context():
        yield replace(context_of(app, clock, plain.cookie()), act=turn_off.ACT)
        db.session.rollback()


def test_without_an_answer_nothing_is_even_compared(late, database, sam):
    with pytest.raises(Refused, match="code_empty"):
        turn_off.submit_turn_off(late, "not my password", late.now.timestamp())
    assert database.user(sam).password_failures == 0 and database.user(sam).two_factor == "on"


def test_of_two_requests_the_second_finds_it_done(late, database, sam):
    """It was turned off between the password and the code of this one, so that its code is compared with nothing."""
    database.change(update(User).where(User.username == "sam").values(generation=User.generation + 1))
    database.change(delete(Authenticator).where(Authenticator.user_id == late.user.user_id))
    with pytest.raises(StepNotDue):
        turn_off.submit_turn_off(late, sam.password, late.now.timestamp(), Answer(CODE, "123456"))


def test_a_wrong_code_is_refused_as_such(late, sam):
    with pytest.raises(Refused, match="wrong"):
        turn_off.submit_turn_off(late, sam.password, late.now.timestamp(), Answer(CODE, sam.wrong_code()))
