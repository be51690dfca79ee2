"""What a person's own pages show: read only, every query by the owner's id."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from portal import phones
from portal.crypto import SealBroken
from portal.db import db
from portal.flows import backup_codes
from portal.flows.visit import Visit
from portal.messages import N_, Refused
from portal.methods import method
from portal.models import Appointment, Authenticator, Letter, Practice, Result, User


@dataclass(frozen=True)
class Held:
    """One authenticator on the Security page."""

    id: str
    method: str
    label: str
    name: str
    change_label: str
    added_at: datetime
    last_used_at: datetime | None
    disabled: bool
    target: bytes | None = field(repr=False)  # two ways to one number are lost together


@dataclass(frozen=True)
class TwoFactor:
    """The state of the Security page's first section."""

    since: datetime | None
    held: list[Held]
    lost_phone: Refused  # the sentence of what would remain

    @property
    def disabled(self) -> bool:
        """Whether no authenticator works any more."""
        return all(each.disabled for each in self.held)


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
    rows = all_held(visit)
    codes = backup_codes.overview(visit)
    state = TwoFactor(since=visit.who.two_factor_since, held=rows, lost_phone=after_losing_the_phone(rows, codes))
    return {"two_factor": state, "backup": codes}


def all_held(visit: Visit) -> list[Held]:
    """The visitor's authenticators, oldest first."""
    own = select(Authenticator).where(Authenticator.user_id == visit.who.user_id).order_by(Authenticator.created_at)
    return [held(row) for row in db.session.scalars(own)]


def held(row: Authenticator) -> Held:
    known = method(row.method)
    return Held(
        id=row.id,
        method=row.method,
        label=known.label if known else row.name,
        name=row.name,
        change_label=known.change_label if known else "",
        added_at=row.created_at,
        last_used_at=row.last_used_at,
        disabled=row.disabled_at is not None,
        target=row.target_hash,
    )


def after_losing_the_phone(rows: list[Held], codes: backup_codes.Overview | None) -> Refused:
    """What would remain without the phone: backup codes, or a second authenticator on another device, or nothing (rule 14)."""
    if codes is not None and codes.left and codes.works:
        return Refused("lost_saved" if codes.saved else "lost_unsaved", codes=codes.left)
    if len({row.target or row.id for row in rows if not row.disabled}) > 1:
        return Refused("lost_second")
    return Refused("lost_nothing")


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
