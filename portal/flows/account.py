"""What a person's own pages show: read only, every query by the owner's id."""

from collections import namedtuple
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, desc, literal, select, union_all

from portal.crypto import SealBroken
from portal.db import db
from portal.flows import backup_codes
from portal.flows.visit import Visit
from portal.messages import N_
from portal.methods import method
from portal.models import Appointment, Authenticator, Letter, Practice, Result, User


@dataclass(frozen=True)
class TwoFactor:
    """The state of the Security page's first row."""

    label: str
    since: datetime | None
    disabled: bool
    last_used_at: datetime | None


def part(name: str, owner, *columns):
    """One list of the health record as a part of RECORD: its name, and columns that begin with a time."""
    return select(literal(name), *columns).where(owner == bindparam("owner"))


# The three lists of the home page by one statement, the newest first: what they share is that they hold a time and three texts.
RECORD = union_all(
    part("appointments", Appointment.patient_id, Appointment.at, Appointment.with_whom, Appointment.place, Appointment.reason),
    part("letters", Letter.patient_id, Letter.sent_at, Letter.sender, Letter.subject, Letter.body),
    part("results", Result.patient_id, Result.taken_at, Result.name, Result.value, Result.range),
).order_by(desc("at"))
SHAPES = {
    "appointments": namedtuple("AppointmentRow", "at with_whom place reason"),
    "letters": namedtuple("LetterRow", "sent_at sender subject body"),
    "results": namedtuple("ResultRow", "taken_at name value range"),
}


def health_record(visit: Visit) -> dict:
    """`appointments`, the next one first; `letters` and `results`, newest first."""
    rows = db.session.connection().execute(RECORD, {"owner": visit.who.user_id})
    lists: dict[str, list] = {name: [] for name in SHAPES}
    for name, *columns in rows:
        lists[name].append(SHAPES[name](*columns))
    lists["appointments"].reverse()
    return lists


def security(visit: Visit) -> dict:
    """`two_factor` (None when off) and `backup` (None without codes)."""
    if not visit.who.is_on:
        return {"two_factor": None, "backup": None}
    own = select(Authenticator).where(Authenticator.user_id == visit.who.user_id).order_by(Authenticator.created_at)
    rows = db.session.scalars(own).all()
    first = rows[0] if rows else None
    known = method(first.method) if first else None
    state = TwoFactor(
        label=known.label if known else N_("Verification method"),
        since=visit.who.two_factor_since,
        disabled=all(row.disabled_at for row in rows),
        last_used_at=first.last_used_at if first else None,
    )
    return {"two_factor": state, "backup": backup_codes.overview(visit)}


def profile(visit: Visit) -> list[tuple[str, str]]:
    """Label and value pairs; e-mail and phone masked."""
    user = db.session.get_one(User, visit.who.user_id)
    return [
        (N_("Name"), user.full_name),
        (N_("Username"), user.username),
        (N_("Email address"), mask_email(unsealed(visit, user, "email"))),
        (N_("Mobile phone number"), mask_phone(unsealed(visit, user, "phone"))),
    ]


def unsealed(visit: Visit, user: User, column: str) -> str:
    try:
        return user.unseal(visit.keys, column) or ""
    except SealBroken:
        return ""


def mask_email(address: str) -> str:
    """m•••@example.test: enough to recognise, not enough to write to."""
    name, at, host = address.partition("@")
    return f"{name[:1]}•••{at}{host}" if at else "–"


def mask_phone(number: str) -> str:
    """The last two digits (SM-12)."""
    return f"••• ••• ••{number[-2:]}" if number else "–"


def practices() -> list[Practice]:
    """Every practice, by name: the public list."""
    return list(db.session.scalars(select(Practice).order_by(Practice.name)))
