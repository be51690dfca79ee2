"""What a person's own pages show: every query by the owner's id."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from portal import config
from portal.db import begin_write, change, db
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


def mask_email(address: str) -> str:
    """m•••@example.test: enough to recognise, not enough to write to."""
    name, at, host = address.partition("@")
    return f"{name[:1]}•••{at}{host}" if at else ""


def is_invited(visit: Visit) -> bool:
    """Whether the home page invites to turn two-factor authentication on: where it is off, and not dismissed lately."""
    if visit.who.is_on:
        return False
    until = db.session.scalar(select(User.invited_until).where(User.id == visit.who.user_id))
    return until is None or until <= visit.now


def dismiss_invitation(visit: Visit) -> None:
    """Let the invitation rest."""
    begin_write()
    change(update(User).where(User.id == visit.who.user_id).values(invited_until=visit.now + config.INVITATION_RESTS))
    db.session.commit()


def practices() -> list[Practice]:
    """Every practice, by name: the public list."""
    return list(db.session.scalars(select(Practice).order_by(Practice.name)))
