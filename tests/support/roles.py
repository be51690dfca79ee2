"""One browser per role, each signed in as far as it can be, and the IDs of Riverside's people for its requests."""

from datetime import timedelta

from sqlalchemy import insert, update

from portal import passwords
from portal.db import db
from portal.flows.messages.notices import address_place
from portal.flows.operator import demo
from portal.flows.operator.accounts import add_user
from portal.models import (
    Appointment,
    Authenticator,
    BrowserConfirmation,
    EmergencyGrant,
    NoticeAddress,
    Practice,
    RecoveryCase,
    ResetRequest,
    Session,
    TrustedBrowser,
    User,
)
from tests.support.client import Browser
from tests.support.mailbox import mails
from tests.support.moving import START
from tests.support.people import Person, read_keys
from tests.support.tickets import give_ticket

ROLES = (
    "stranger", "claimant", "unconfirmed", "patient on", "patient off", "provider off", "provider on", "provider reset", "administrator",
    "other administrator", "support",
)  # fmt: skip
OWNERS = {"patient": "sam", "provider": "dr.okafor", "support": "support"}  # whose rows appear in a side's URLs
LINK_MAIL = "Set up two-factor authentication again"
GONE = ("id", "token_hash", "browser_hash")


class Roles:
    """The browsers by role, on the shared database."""

    def __init__(self, world, database, clock):
        self.app, self.database, self.clock = world.app, database, clock
        self.people = world.people | {name: self.hire(name) for name in ("admin.ito", "dr.lost", "dr.waits")}
        database.change(update(User).where(User.username == "dr.novak").values(role="administrator"))
        self.ids = {user.username: user.id for user in database.all(User)}
        self.browsers = self.enter_all()
        self.samples = self.made_samples()

    def keep(self, sites, site):
        """Takes a snapshot of the rows."""
        self.app.extensions["engine"].dispose()
        self.kept = sites.keep(site)

    def put_back(self):
        """Restores the snapshot."""
        self.kept.put_back()

    # --- people

    def hire(self, name):
        """Adds a person to Riverside with two-factor authentication on."""
        role = "administrator" if name.startswith("admin") else "provider"
        with self.app.app_context():
            stored, riverside = passwords.hash_password(demo.PASSWORD), db.session.get_one(Practice, 1)
            mail = f"{name}@{demo.MAIL_HOST}"
            user = add_user(self.app.extensions["keys"], START, name, name.title(), role, stored, riverside, email=mail)
            demo.turn_on_two_factor(self.app.extensions["keys"], START, user)
            db.session.commit()
        return Person(name, demo.PASSWORD, name.title(), read_keys(self.app)[name])

    def enter(self, name):
        """Returns a person's browser after a complete sign-in."""
        person = self.people[name]
        person.clock = self.clock
        return Browser(self.app).enter(person)

    def waits(self, name):
        """Returns a person's browser that showed a right code, new to the account, and waits for its owner's yes."""
        browser = Browser(self.app).sign_in(self.people[name])
        [*_, newest] = self.database.all(Session, Session.user_id == self.ids[name])
        self.database.change(update(Session).where(Session.id == newest.id).values(level="unconfirmed"))
        now = {"asked_at": START, "expires_at": newest.ends_at, "ip": newest.ip, "user_agent": ""}
        row = {"session_id": newest.id, "user_id": newest.user_id, "token_hash": "waits", "factor": "totp", "wants_trust": False}
        self.database.change(insert(BrowserConfirmation).values(**row, **now))
        return browser

    def enter_all(self):
        """Returns role -> browser."""
        administrator = self.enter("admin.lee")
        return {
            "stranger": Browser(self.app).open("/sign-in"),
            "claimant": Browser(self.app).sign_in(self.people["dr.okafor"]),
            "unconfirmed": self.waits("sam"),
            "patient on": self.enter("sam"),
            "patient off": self.enter("maria"),
            "provider off": self.enter("dr.chen"),
            "provider on": self.enter("dr.okafor"),
            "provider reset": self.return_after_reset(administrator),
            "administrator": administrator,
            "other administrator": self.enter("dr.novak"),
            "support": self.enter("support"),
        }

    def return_after_reset(self, administrator):
        """An administrator resets a person, who signs in with the link and password."""
        administrator.open(f"/ehr/settings/team/{self.ids['dr.lost']}/reset").tick("Saw them in person")
        administrator.fill("Reset", Reason="Phone lost.")
        [mail] = mails(administrator, subject=LINK_MAIL)
        return Browser(self.app).open(mail.link).fill("Continue", Password=demo.PASSWORD)

    # --- variable parts of URLs

    def made_samples(self):
        """Returns side -> variable part -> value, from the rows of Riverside's people."""
        waits = self.asks_for_reset()
        common = {
            "method_name": "totp", "step_name": "scan", "token": "a-token", "chart_id": 1, "user_id": self.ids["dr.okafor"],
            "kind": "reset", "row_id": waits, "grant_id": self.had_emergency(), "address_id": self.second_address(),
            "case_id": self.asks_support(), "deed": "approve", "reference": "0000-0000-0000", "example": "used",
            "appointment_id": self.appointment_of("jun"),
            "name": "backup-codes", "username": "nobody", "number": 1, "entry_id": "0", "mail_id": "0", "step": "years", "scenario": "none",
        }  # fmt: skip
        ticket = {"number": give_ticket(self.database, self.ids["sam"], "7K3F-92QM", START)}
        sides = {side: common | self.own_rows(name) | ticket for side, name in OWNERS.items()}
        return sides | {"": common, "tickets": common | ticket}

    def appointment_of(self, name):
        """One of somebody's appointments, whose calendar file nobody else gets."""
        return self.database.all(Appointment, Appointment.patient_id == self.ids[name])[0].id

    def own_rows(self, name):
        """A person's second session, a trusted browser with the same ID, and their authenticator."""
        [*_, newest] = self.database.all(Session, Session.user_id == self.ids[name])
        same = {column.name: getattr(newest, column.name) for column in Session.__table__.columns if column.name not in GONE}
        number = newest.id + 1000
        self.database.change(insert(Session).values(**same | {"level": "aal2"}, id=number, token_hash=f"second {name}"))
        days = {"created_at": START, "last_used_at": START, "expires_at": START + timedelta(days=30)}
        trust = {"user_id": self.ids[name], "generation": self.database.user(self.people[name]).generation, **days}
        self.database.change(
            insert(TrustedBrowser).values(**trust, id=number, token_hash=f"trusted {name}", ip="127.0.0.1", user_agent="")
        )
        [app] = self.database.all(Authenticator, Authenticator.user_id == self.ids[name])
        return {"session_id": number, "authenticator_id": app.id}

    def second_address(self):
        sealed = self.app.extensions["keys"].seal("second@example.test", address_place("second"))
        row = {"id": "second", "user_id": self.ids["sam"], "email_sealed": sealed, "created_at": START, "confirmed_at": START}
        self.database.change(insert(NoticeAddress).values(**row))
        return row["id"]

    def asks_for_reset(self):
        """A reset of a colleague that waits for a second approver."""
        about = {"practice_id": 1, "subject_id": self.ids["dr.waits"], "asked_by_id": self.ids["admin.ito"], "asked_at": START}
        generation = self.database.user(self.people["dr.waits"]).generation
        row = {**about, "id": "waits", "reason": "Phone lost.", "checks": ["seen_in_person"], "generation": generation}
        self.database.change(insert(ResetRequest).values(**row))
        return row["id"]

    def asks_support(self):
        """A recovery request that support has to answer."""
        user = self.database.user(self.people["dr.waits"])
        now = {"state_since": START, "opened_at": START, "code_until": START, "confirmed_at": START}
        row = {"id": "asks", "user_id": user.id, "generation": user.generation, "state": "checking", "code_seed": "seed", **now}
        self.database.change(insert(RecoveryCase).values(**row))
        return row["id"]

    def had_emergency(self):
        """An ended emergency access that has not been reviewed."""
        about = {"practice_id": 1, "provider_id": self.ids["dr.waits"], "decided_by_id": self.ids["support"]}
        began, ended = START - timedelta(hours=2), START - timedelta(hours=1)
        when = {"asked_at": began, "approved_at": began, "ends_at": ended, "ended_at": ended}
        self.database.change(insert(EmergencyGrant).values(id="had", reason="Phone lost.", **about, **when))
        return "had"
