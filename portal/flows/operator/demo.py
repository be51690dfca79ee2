"""The demo accounts: created once, kept on every later run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import select

from portal import passwords, zones
from portal.crypto import Keyring
from portal.db import begin_write, db
from portal.flows.base.context import RequestContext
from portal.flows.factors import backup_codes
from portal.flows.factors.challenges import method_context
from portal.flows.operator.accounts import add_user
from portal.flows.operator.demo_charts import past_moment, seed_charts
from portal.methods import first_method
from portal.models import Authenticator, BackupCodeSet, Letter, Practice, Result, User, new_id, secret_place

PASSWORD = "harbor-lantern-2026"  # noqa: S105 (of made-up people, on loopback only)


@dataclass(frozen=True)
class DemoPerson:
    username: str
    full_name: str
    role: str
    practice: str | None = None
    phone: str | None = None
    country: str = "US"
    on: bool = False
    about: str = ""


PRACTICES = (
    (
        "Riverside Family Practice",
        "Portland",
        "(503) 555-0142",
        "1200 SW River Parkway, Portland, OR 97201",
        "America/Los_Angeles",
    ),
    ("Lakeside Clinic", "Madison", "(608) 555-0117", "410 Lakeside Street, Madison, WI 53715", "America/Chicago"),
)
PEOPLE = (
    DemoPerson("maria", "Maria Reyes", "patient", phone="+15035550164", about="patient, two-factor authentication off"),
    DemoPerson(
        "jun",
        "Jun Park",
        "patient",
        phone="+821055501234",
        country="KR",
        about="patient, two-factor authentication off, Korean mobile number on file",
    ),
    DemoPerson(
        "sam", "Sam Okoye", "patient", on=True, about="patient, two-factor authentication on, key on the test bench's phone"
    ),
    DemoPerson(
        "dr.chen", "Dr. Lian Chen", "provider", PRACTICES[0][0], about="provider at Riverside Family Practice, not set up"
    ),
    DemoPerson(
        "dr.okafor", "Dr. Ada Okafor", "provider", PRACTICES[0][0], on=True, about="provider at Riverside Family Practice, on"
    ),
    DemoPerson(
        "admin.lee", "Robin Lee", "administrator", PRACTICES[0][0], on=True, about="practice administrator at Riverside, on"
    ),
    DemoPerson("dr.novak", "Dr. Petra Novak", "provider", PRACTICES[1][0], on=True, about="provider at Lakeside Clinic, on"),
    DemoPerson("support", "Noor Haddad", "support", on=True, about="support agent, on"),
)
MAIL_HOST = "example.test"


def find_missing() -> list[DemoPerson]:
    """The demo accounts that there are not."""
    known = set(db.session.scalars(select(User.username)))
    return [person for person in PEOPLE if person.username not in known]


def seed_demo(keys: Keyring, now: datetime) -> int:
    """Create the missing accounts; returns how many."""
    missing = find_missing()
    stored = passwords.hash_password(PASSWORD) if missing else ""
    session = begin_write()
    add_people(keys, now, missing, stored)
    session.commit()
    return len(missing)


def add_people(keys: Keyring, now: datetime, missing: Sequence[DemoPerson], stored: str) -> None:
    """Add these accounts, and what the demo practices lack; part of the open transaction. `stored`: the hash of their password."""
    practices = seed_practices()
    for person in missing:
        seed_person(keys, now, person, stored, practices)
    fill_hashes(keys)
    seed_charts(now, practices)


def fill_hashes(keys: Keyring) -> None:
    """Fill in the address hashes of accounts that an earlier release created; part of the open transaction."""
    for user in db.session.scalars(select(User).where(User.email_hash.is_(None), User.email_sealed.is_not(None))):
        address = user.unseal(keys, "email")
        if address:
            user.seal(keys, "email", address)


def seed_practices(wanted: tuple[tuple[str, ...], ...] = PRACTICES) -> dict[str, Practice]:
    """Add the practices that are missing; returns all by name. Part of the open transaction."""
    rows = {row.name: row for row in db.session.scalars(select(Practice))}
    for name, city, phone, address, zone in wanted:
        if name not in rows:
            rows[name] = Practice(name=name, city=city, phone=phone)
            db.session.add(rows[name])
        if rows[name].time_zone is None:  # new, or of a release before this one
            rows[name].address, rows[name].time_zone = address, zone
    return rows


def seed_person(keys: Keyring, now: datetime, person: DemoPerson, stored: str, practices: dict[str, Practice]) -> User:
    """Add one account as it is on its first day; part of the open transaction."""
    user = add_user(
        keys, now, person.username, person.full_name, person.role, stored, practices.get(person.practice or ""), **contacts(person)
    )  # fmt: skip
    user.country = person.country
    if person.role == "patient":
        db.session.add_all(health_rows(user.id, now))
    if person.on:
        turn_on_two_factor(keys, now, user)
    return user


def contacts(person: DemoPerson) -> dict[str, str | None]:
    """Where a person is written to."""
    return {"email": f"{person.username}@{MAIL_HOST}", "phone": person.phone}


def turn_on_two_factor(keys: Keyring, now: datetime, user: User) -> list[str]:
    """An authenticator as set-up would have made it, with a saved set of backup codes, which it returns as printed."""
    context = RequestContext(now=now, keys=keys, ip="", user_agent="demo seed", request_id="demo-seed")
    its_method = first_method()
    authenticator_id = new_id()
    user.two_factor, user.two_factor_since = "on", now
    db.session.add(
        Authenticator(
            id=authenticator_id,
            user_id=user.id,
            method=its_method.name,
            secret_sealed=keys.seal(its_method.begin(method_context(context, user)), secret_place(user.id, authenticator_id)),
            created_at=now,
            **its_method.begins_with,
        )
    )
    backup_codes.make_set(context, user)
    is_live = (BackupCodeSet.user_id == user.id, BackupCodeSet.replaced_at.is_(None))
    code_set = db.session.scalars(select(BackupCodeSet).where(*is_live)).one()
    codes = backup_codes.open_codes(keys, code_set)
    code_set.saved_at, code_set.codes_sealed, code_set.readable_until = now, None, None
    return [code for _, code in codes]


def health_rows(patient_id: int, now: datetime) -> list[Letter | Result]:
    """A few plausible rows of a health record; the appointments are those of the charts."""
    zone = zones.first_zone(PRACTICES[0][-1])
    taken_on = past_moment(now, 4, time(8, 0), zone).astimezone(zone).date()
    return [
        Letter(
            patient_id=patient_id, sent_at=past_moment(now, 2, time(16, 10), zone), sender="Dr. Lian Chen", subject="Your blood test",
            body="All values are in the usual range. We can talk about them at your check-up.",
        ),
        Letter(
            patient_id=patient_id, sent_at=past_moment(now, 16, time(9, 30), zone), sender="Riverside Family Practice",
            subject="Before your visit", body="Bring the list of medicines that you take, with the amounts.",
        ),
        Result(patient_id=patient_id, taken_on=taken_on, name="Cholesterol", value="182 mg/dL", range="below 200"),
        Result(patient_id=patient_id, taken_on=taken_on, name="Fasting glucose", value="91 mg/dL", range="70 to 99"),
        Result(patient_id=patient_id, taken_on=taken_on, name="Vitamin D", value="34 ng/mL", range="20 to 50"),
    ]  # fmt: skip
