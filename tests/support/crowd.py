"""More patients than the demo has, created in the test's process."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock, create_app
from portal.db import begin_write, db
from portal.flows.messages import text_waits
from portal.flows.operator import accounts, demo
from portal.methods import method
from portal.models import Authenticator, SentCode, User, secret_place
from portal.settings.environment import load_settings
from tests.support.application import application
from tests.support.hashing import CHEAP, cheap_hashes
from tests.support.wire import PASSWORD


def add_patients(site, count):
    """Makes patients `patient1`, `patient2` … with the demo accounts' password and an address; returns their names."""
    app = create_app(load_settings(site.environment))
    names = [f"patient{number}" for number in range(1, count + 1)]
    with cheap_hashes(), app.app_context():
        for name in names:
            keys, email = app.extensions["keys"], f"{name}@example.test"
            accounts.create_account(keys, clock.now(), name, name.capitalize(), "patient", PASSWORD, email=email)
    app.extensions["engine"].dispose()
    return names


def add_many(site, count):
    """Makes patients with an authenticator app and saved backup codes, in one transaction; returns their keys by name."""
    app = create_app(load_settings(site.environment))
    made = {}
    with app.app_context():
        keys, now, stored = app.extensions["keys"], clock.now(), CHEAP.hash(PASSWORD)
        begin_write()
        for number in range(1, count + 1):
            name = f"crowd{number}"
            user = accounts.add_user(keys, now, name, name, "patient", stored, None, email=f"{name}@example.test")
            demo.turn_on_two_factor(keys, now, user)
            row = db.session.scalars(select(Authenticator).where(Authenticator.user_id == user.id)).one()
            made[name] = keys.open(row.secret_sealed, secret_place(user.id, row.id))
        db.session.commit()
    app.extensions["engine"].dispose()
    return made


def add_texters(site, count):
    """Makes patients who get codes by text, each to a number of their own, a hundred at most; returns their names."""
    names = sorted(add_many(site, count))
    with application(site) as app, app.app_context():
        rows = db.session.scalars(select(Authenticator).join(User).where(User.username.in_(names)))
        for number, row in enumerate(rows, 100):
            text_instead(app.extensions["keys"], row, f"+1503555{number:04}")
        db.session.commit()
    return names


def text_instead(keys, row, number):
    """Makes an authenticator one that gets codes by text, as if it had been set up so."""
    row.method, row.target_hash = "sms", keys.mac(number, text_waits.TARGET)
    for column, value in method("sms").begins_with.items():
        setattr(row, column, value)
    row.secret_sealed = keys.seal(number, secret_place(row.user_id, row.id))


def age_texts(site, **length):
    """Moves every sent text back in time, such as by `seconds=61`."""
    with application(site) as app, app.app_context():
        begin_write()  # the worker writes, too: who reads first would be refused the lock afterward
        for row in db.session.scalars(select(SentCode)):
            row.created_at -= timedelta(**length)
        db.session.commit()
