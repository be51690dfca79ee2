"""A second support agent, for what one alone may not do."""

import pytest

from portal import passwords
from portal.db import db
from portal.flows.operator import demo
from portal.flows.operator.accounts import add_user
from tests.support.moving import START
from tests.support.people import Person, read_keys


def hire_agent(app, clock, username="support.two", name="Ines Duarte"):
    """Adds a support agent with two-factor authentication on; returns the person."""
    keys = app.extensions["keys"]
    with app.app_context():
        stored = passwords.hash_password(demo.PASSWORD)
        user = add_user(keys, START, username, name, "support", stored, None, email=f"{username}@{demo.MAIL_HOST}")
        demo.turn_on_two_factor(keys, START, user)
        db.session.commit()
    return Person(username, demo.PASSWORD, name, read_keys(app)[username], clock=clock)


@pytest.fixture
def other_agent(app, database, clock):
    """A second agent beside `support`."""
    return hire_agent(app, clock)
