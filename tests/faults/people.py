"""The people of one round: made in the database before it, each with a phone, and with a gateway and a mailbox that count."""

import itertools
from dataclasses import dataclass, field

from sqlalchemy import select

from portal import clock
from portal.db import begin_write, db
from portal.flows.operator import accounts, demo
from portal.models import Authenticator, secret_place
from portal.passwords import hash_password
from tests.support.crowd import text_instead
from tests.support.wire import PASSWORD

APP, SET_UP, BACKUP, TEXT = "app", "set-up", "backup code", "text"
AREAS, NUMBERS = (503, 312, 602, 205, 415), itertools.count()  # 555-0100 to 555-0199 in each belong to nobody


@dataclass
class Person:
    """An account, what its owner has, and the step of the last code that they used."""

    username: str
    kind: str
    secret: str = ""
    codes: list = field(default_factory=list)
    number: str = ""
    way: str = ""  # the authenticator that texts go to, as the page's form names it


def make_people(app, number, counts):
    """Makes so many people of each kind for a round; returns them."""
    with app.app_context():
        keys, now = app.extensions["keys"], clock.now()
        stored = stored_password()
        begin_write()
        people = []
        for kind, count in counts.items():
            for at in range(count):
                name = f"r{number}.{kind.replace(' ', '-')}.{at}"
                user = accounts.add_user(keys, now, name, name, "patient", stored, None, email=f"{name}@example.test")
                person = Person(name, kind)
                if kind != SET_UP:
                    equip(keys, now, user, person)
                people.append(person)
        db.session.commit()
    return people


def equip(keys, now, user, person):
    """Turns two-factor authentication on for a person, by app or by text."""
    person.codes = demo.turn_on_two_factor(keys, now, user)
    row = db.session.scalars(select(Authenticator).where(Authenticator.user_id == user.id)).one()
    if person.kind == TEXT:
        area, last = divmod(next(NUMBERS), 100)
        person.number, person.way = f"+1{AREAS[area % len(AREAS)]}55501{last:02}", row.id
        text_instead(keys, row, person.number)
    else:
        person.secret = keys.open(row.secret_sealed, secret_place(user.id, row.id))


STORED = []


def stored_password():
    """Returns the hash of everybody's password, at the portal's own cost; computed once."""
    if not STORED:
        STORED.append(hash_password(PASSWORD))
    return STORED[0]
