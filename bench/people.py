"""People made for one slice, straight in the portal's database: accounts, keys and sessions that no page had to make."""

from dataclasses import dataclass
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from flask import Flask
from flask_wtf.csrf import generate_csrf
from sqlalchemy import func, select

from bench.client import Browser
from portal import clock
from portal.crypto import Keyring, token_hash
from portal.db import begin_write, db
from portal.flows.operator import demo
from portal.flows.sessions.sessions import new_token
from portal.models import Authenticator, Session, User, secret_place
from portal.settings import config

FREE = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # a password's hash that costs next to nothing


@dataclass(frozen=True)
class Person:
    """An account, the browser that holds its session, and the key on its phone ("" where two-factor is off)."""

    username: str
    browser: Browser
    key: str

    def code(self) -> str:
        """What the phone shows now."""
        return pyotp.TOTP(self.key).at(clock.now())


def make_people(app: Flask, count: int, stored: str, on: bool, level: str | None) -> list[Person]:
    """New patients with the argon2 string `stored`; with a session of `level` and its token where one is named."""
    keys, now = app.extensions["keys"], clock.now()
    with app.app_context():
        session = begin_write()
        first = (session.scalar(select(func.max(User.id))) or 0) + 1
        people = []
        for number in range(first, first + count):
            about = demo.DemoPerson(f"bench{number}", "Maria Reyes", "patient", phone="+15035550164", on=on)
            demo.seed_person(keys, now, about, stored, {})
            user = session.scalars(select(User).where(User.username == about.username)).one()
            cookies = {"session": begin_session(user, now, level)} if level else {}
            people.append(Person(user.username, Browser(cookies), key_of(keys, user) if on else ""))
        session.commit()
    for person in people:
        if level:
            person.browser.token = token_for(app, person.browser)
    return people


def begin_session(user: User, now: datetime, level: str) -> str:
    """Adds a session to the open transaction; returns its token."""
    token = new_token()
    seen = {"created_at": now, "last_seen_at": now, "password_at": now, "ends_at": now + config.CLAIMANT_LIFE}
    db.session.add(
        Session(token_hash=token_hash(token), user_id=user.id, level=level, ip="127.0.0.1", user_agent="bench", **seen)
    )
    return token


def key_of(keys: Keyring, user: User) -> str:
    """The secret of the person's authenticator."""
    row = db.session.scalars(select(Authenticator).where(Authenticator.user_id == user.id)).one()
    return keys.open(row.secret_sealed, secret_place(user.id, row.id))


def token_for(app: Flask, browser: Browser) -> str:
    """The CSRF token that a page of this session would carry."""
    with app.test_request_context(headers={"Cookie": f"session={browser.cookies['session']}"}):
        return generate_csrf()
