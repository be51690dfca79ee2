"""Creates people for one slice directly in the portal's database: accounts, keys, and sessions."""

from dataclasses import dataclass
from datetime import datetime

import pyotp
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


@dataclass(frozen=True)
class Person:
    """An account, the browser with its session, and the key on its phone ("" if two-factor authentication is off)."""

    username: str
    browser: Browser
    key: str

    def code(self) -> str:
        """The code that the phone shows now."""
        return pyotp.TOTP(self.key).at(clock.now())


def make_people(app: Flask, count: int, stored: str, on: bool, level: str | None) -> list[Person]:
    """Create patients with the password hash `stored`, and with a session of `level` unless it is None."""
    keys, now = app.extensions["keys"], clock.now()
    with app.app_context():
        session = begin_write()
        first = (session.scalar(select(func.max(User.id))) or 0) + 1
        people = []
        for number in range(first, first + count):
            template = demo.DemoPerson(f"bench{number}", "Maria Reyes", "patient", phone="+15035550164", on=on)
            demo.seed_person(keys, now, template, stored, {})
            user = session.scalars(select(User).where(User.username == template.username)).one()
            cookies = {"session": begin_session(user, now, level)} if level else {}
            people.append(Person(user.username, Browser(cookies), key_of(keys, user) if on else ""))
        session.commit()
    for person in people:
        if level:
            person.browser.token = make_csrf_token(app, person.browser)
    return people


def begin_session(user: User, now: datetime, level: str) -> str:
    """Add a session to the open transaction and return its token."""
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


def make_csrf_token(app: Flask, browser: Browser) -> str:
    """The CSRF token that a page of this session would contain."""
    with app.test_request_context(headers={"Cookie": f"session={browser.cookies['session']}"}):
        return generate_csrf()
