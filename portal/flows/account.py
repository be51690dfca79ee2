"""What a person's own pages show: read only, every query by the owner's id."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal import phones
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


def health_record(visit: Visit) -> dict:
    """Appointments to come first, then letters and results, newest first."""
    owner = visit.who.user_id
    session = db.session
    return {
        "appointments": session.scalars(
            select(Appointment).where(Appointment.patient_id == owner).order_by(Appointment.at)
        ).all(),
        "letters": session.scalars(select(Letter).where(Letter.patient_id == owner).order_by(Letter.sent_at.desc())).all(),
        "results": session.scalars(select(Result).where(Result.patient_id == owner).order_by(Result.taken_at.desc())).all(),
    }


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
        (N_("Mobile phone number"), phones.mask(unsealed(visit, user, "phone")) or "–"),
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


def practices() -> list[Practice]:
    """Every practice, by name: the public list."""
    return list(db.session.scalars(select(Practice).order_by(Practice.name)))
