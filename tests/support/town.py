"""One running portal for many browser tests, each with a new patient of its own."""

import itertools
import json
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, insert, select, update

from portal.crypto import token_hash
from portal.db import begin_write, db
from portal.flows.base.context import LEVEL_TWO
from portal.flows.factors import backup_codes
from portal.flows.messages.notices import NOT_ME, make_row_token, outbox_place
from portal.flows.operator import demo
from portal.flows.operator.accounts import add_user
from portal.flows.sessions import sessions
from portal.languages import PSEUDO, SOURCE
from portal.models import (
    ActProof,
    Authenticator,
    BackupCode,
    BackupCodeSet,
    Event,
    LimitCounter,
    Outbox,
    Practice,
    SentCode,
    Session,
    TrustedBrowser,
    User,
    secret_place,
)
from portal.policy import policy_of
from portal.settings.config import SESSION_LIFE
from tests.support.application import application
from tests.support.crowd import text_instead
from tests.support.hashing import CHEAP
from tests.support.people import Database
from tests.support.phone import Entry
from tests.support.server import running_server
from tests.support.texts import Inbox

LANGUAGES = {"PORTAL_LANGUAGES": f"{SOURCE},{PSEUDO},es,ko"}
SWITCHED_ON = {"PORTAL_CONFIRM_NEW_BROWSERS": "choice"}  # so that there is a page to look at


@dataclass(frozen=True)
class Patient:
    """Somebody of the town; `phone` or `number`, and `codes` (number -> code), where two-factor authentication is on."""

    username: str
    name: str
    phone: Entry | None = field(default=None, repr=False)
    codes: dict[int, str] = field(default_factory=dict, repr=False)
    password: str = field(default=demo.PASSWORD, repr=False)
    number: str = ""

    @property
    def initials(self):
        return "".join(word[0] for word in self.name.split())


class Town:
    """The portal at `url`, with direct access to its database."""

    def __init__(self, url, app):
        self.url = url
        self.app = app
        self.numbers = itertools.count(1)
        self.stored = CHEAP.hash(demo.PASSWORD)

    @staticmethod
    def now():
        """Returns the time at the portal."""
        return datetime.now(UTC)

    @property
    def has_choice(self):
        """Whether there are several languages."""
        return len(self.app.extensions["settings"].languages) > 1

    def newcomer(self, role="patient", longest=False):
        """Returns a patient, or a person with another role at Riverside, who has it off; `longest`: with long names."""
        username, name = f"nora{next(self.numbers)}", "Nora Lindqvist"
        if longest:
            username, name = f"{username}.of.the.very.long.username".ljust(40, "x"), "Wilhelmina-Alexandra Featherstonehaugh-Y"
        with self.app.app_context():
            self._add(username, name, role)
            db.session.commit()
        return Patient(username, name)

    def practice(self):
        """Adds a practice and returns its id: nobody works there yet."""
        with self.app.app_context():
            begin_write()
            row = Practice(name=f"Harbor Clinic {next(self.numbers)}", city="Salem", phone="(503) 555-0188")
            db.session.add(row)
            db.session.commit()
            return row.id

    def regular(self, role="patient", practice=1, name="Ivo Santos"):
        """Returns a person with two-factor authentication on and saved backup codes, at Riverside or another practice."""
        username = f"ivo{next(self.numbers)}"
        keys, made, new_code = self.app.extensions["keys"], [], backup_codes.new_code
        with pytest.MonkeyPatch.context() as patch, self.app.app_context():
            patch.setattr(backup_codes, "new_code", lambda: made.append(new_code()) or made[-1])
            user = self._add(username, name, role, practice)
            demo.turn_on_two_factor(keys, datetime.now(UTC), user)
            db.session.commit()
            row = db.session.scalars(select(Authenticator).where(Authenticator.user_id == user.id)).one()
            secret = keys.open(row.secret_sealed, secret_place(user.id, row.id))
        codes = {number: backup_codes.group_code(code) for number, code in enumerate(made, 1)}
        return Patient(username, name, Entry(policy_of(role).issuer, username, secret, 6, 30, "SHA1"), codes)

    def careful(self):
        """Returns a patient who chose to confirm sign-ins in new browsers."""
        patient = self.regular()
        self._change(update(User).where(User.username == patient.username).values(confirms_since=self.now()))
        return patient

    def texter(self):
        """Returns a patient who gets codes by text at `number`, but is otherwise the same."""
        patient = self.regular()
        number = f"+1503555{100 + int(patient.username.removeprefix('ivo')) % 100:04}"
        keys = self.app.extensions["keys"]
        with self.app.app_context():
            row = db.session.scalars(select(Authenticator).join(User).where(User.username == patient.username)).one()
            text_instead(keys, row, number)
            db.session.commit()
        return replace(patient, phone=None, number=number)

    def _add(self, username, name, role, practice=1):
        keys, now = self.app.extensions["keys"], datetime.now(UTC)
        begin_write()
        place = None if role in ("patient", "support") else db.session.get_one(Practice, practice)
        return add_user(keys, now, username, name, role, self.stored, place, email=f"{username}@{demo.MAIL_HOST}")

    def give_number(self, patient, number):
        """Puts a mobile number on a patient's file that was proved a week ago; returns the patient with it."""
        with self.app.app_context():
            begin_write()
            user = db.session.scalars(select(User).where(User.username == patient.username)).one()
            user.seal(self.app.extensions["keys"], "phone", number)
            user.phone_confirmed_at = datetime.now(UTC) - timedelta(days=7)
            db.session.commit()
        return replace(patient, number=number)

    def age(self, patient, **length):
        """Moves the last use and password time of a patient's newest session back, such as by `minutes=13`."""
        ago = timedelta(**length)
        with self.app.app_context():
            newest = db.session.scalars(self._sessions(patient).order_by(Session.id.desc())).first()
            newest.last_seen_at -= ago
            newest.password_at -= ago
            newest.ends_at -= ago
            if newest.second_factor_at:
                newest.second_factor_at -= ago
            db.session.execute(delete(ActProof).where(ActProof.user_id == newest.user_id))
            db.session.commit()

    @staticmethod
    def _sessions(patient):
        return select(Session).join(User, User.id == Session.user_id).where(User.username == patient.username)

    def use_up(self, patient, left):
        """Marks backup codes of a patient as used until `left` remain."""
        own = select(BackupCodeSet.id).join(User, User.id == BackupCodeSet.user_id).where(User.username == patient.username)
        self._change(
            update(BackupCode).where(BackupCode.set_id.in_(own), BackupCode.number > left).values(used_at=datetime.now(UTC))
        )

    def stop_app(self, patient):
        """Disables the authenticator app of a patient, as the hundredth wrong code does."""
        own = select(User.id).where(User.username == patient.username)
        self._change(update(Authenticator).where(Authenticator.user_id.in_(own)).values(disabled_at=datetime.now(UTC)))

    def end_pauses(self, patient):
        """Ends a patient's pauses after wrong codes."""
        self._change(update(User).where(User.username == patient.username).values(codes_paused_until=None, own_paused_until=None))

    def end_limits(self):
        """Ends what limits have counted, such as the requests from this machine."""
        self._change(delete(LimitCounter))

    def text_code(self, patient):
        """Returns the code of the newest text to a patient, from the outbox."""
        return Inbox(Database(self.app)).code(patient)

    def token(self, patient, template):
        """Returns the link token of the newest email of a kind to a patient."""
        with self.app.app_context():
            row = db.session.scalars(
                self._mails(patient).where(Outbox.template == template).order_by(Outbox.created_at.desc())
            ).first()
            keys = self.app.extensions["keys"]
            if row.body_sealed is None:
                return make_row_token(keys, row.id, NOT_ME)
            return keys.open(row.body_sealed, outbox_place(row.id, "body"))

    def fail_texts(self, patient):
        """Marks every text to a patient as refused by the gateway."""
        self._change(update(Outbox).where(Outbox.user_id.in_(self._id(patient)), Outbox.kind == "text").values(state="failed"))

    def expire_texts(self, patient):
        """Expires every text to a patient."""
        own = SentCode.user_id.in_(self._id(patient))
        self._change(update(SentCode).where(own).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))

    def shorten(self, patient):
        """Gives a patient a password that is too short to be the only factor; returns the patient with it."""
        short = "fourteen-chars"
        with self.app.app_context():
            user = db.session.scalars(select(User).where(User.username == patient.username)).one()
            user.seal(self.app.extensions["keys"], "password", CHEAP.hash(short))
            db.session.commit()
        return replace(patient, password=short)

    def crowd(self, patient, count=4):
        """Adds signed-in sessions and trusted browsers to a patient."""
        now = datetime.now(UTC)
        agents = ("(iPhone) Safari/605", "(Windows NT 10.0) Edg/140", "(Android 16) Firefox/140", "")
        with self.app.app_context():
            newest = db.session.scalars(self._sessions(patient).order_by(Session.id.desc())).first()
            same = {column.name: getattr(newest, column.name) for column in Session.__table__.columns if column.name != "id"}
            for number in range(count):
                seen = {
                    "ip": f"192.0.2.{number + 1}",
                    "user_agent": agents[number % 4],
                    "created_at": now - timedelta(days=number),
                }
                db.session.add(Session(**{**same, **seen, "token_hash": f"{newest.id}-{number}"}))
                trust = {"last_used_at": now, "expires_at": now + timedelta(days=30 - number)}
                generation = db.session.get_one(User, newest.user_id).generation
                token = f"trusted-{newest.id}-{number}"
                db.session.add(TrustedBrowser(user_id=newest.user_id, generation=generation, token_hash=token, **seen, **trust))
            db.session.commit()

    def let_in(self, window, person):
        """Signs a person in to the end in a window, where signing in is not what a test is about."""
        window.context.add_cookies([{"name": "session", "value": self.open_session(person), "url": self.url}])

    def open_session(self, person):
        """Opens a complete session of a person; returns its token."""
        now, token = self.now(), sessions.new_token()
        times = dict.fromkeys(("created_at", "last_seen_at", "password_at", "second_factor_at"), now)
        row = {
            "user_id": self.id_of(person),
            "level": LEVEL_TWO,
            "ip": "192.0.2.1",
            "user_agent": "",
            "ends_at": now + SESSION_LIFE,
        }
        self._change(insert(Session).values(token_hash=token_hash(token), **row, **times))
        return token

    def id_of(self, patient):
        """Returns the ID of a person's row."""
        with self.app.app_context():
            return db.session.scalar(self._id(patient))

    def change_contact(self, patient):
        """Marks a person's address as just changed."""
        row = {"at": self.now(), "event": "email_changed", "result": "ok", "subject_id": self.id_of(patient)}
        self._change(insert(Event).values(request_id="x", ip="", user_agent="", app_version="x", **row))

    @staticmethod
    def _id(patient):
        return select(User.id).where(User.username == patient.username)

    def _mails(self, patient):
        return select(Outbox).where(Outbox.kind == "mail", Outbox.user_id.in_(self._id(patient)))

    def speak(self, person, language):
        """Gives a person a language."""
        self._change(update(User).where(User.username == person.username).values(language=language))

    def forget_languages(self):
        """Gives nobody a language, as before their first sign-in."""
        self._change(update(User).values(language=None))

    def forget_reminders(self):
        """Lets everybody be reminded again today."""
        self._change(update(User).values(reminded_at=None))

    def _change(self, statement):
        with self.app.app_context():
            db.session.execute(statement, execution_options={"synchronize_session": False})
            db.session.commit()


@pytest.fixture(scope="session")
def town(sites):
    """This worker's running portal, for tests that each create their own patient; that of a cluster if CLUSTER_SETTINGS names its file."""
    if elsewhere := os.environ.get("CLUSTER_SETTINGS"):
        settings = json.loads(Path(elsewhere).read_text())
        with application(SimpleNamespace(environment=settings)) as app:
            yield Town(settings["PORTAL_BASE_URL"], app)
        return
    site = sites.seeded()
    settings = LANGUAGES | SWITCHED_ON
    with running_server(site, **settings) as server, application(site, **settings) as app:
        yield Town(server.url, app)
    sites.remove(site)
