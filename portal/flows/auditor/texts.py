"""How much the portal still depends on codes by text: the figures that the plan for leaving them asks for (SM-6)."""

from dataclasses import dataclass

from sqlalchemy import func, select

from portal.db import db
from portal.flows.auditor.scope import Period
from portal.gateways import HELD
from portal.methods import switched_on
from portal.models import Authenticator, Outbox, User
from portal.policy import PATIENT


@dataclass(frozen=True)
class Texts:
    """Of all patients of the portal: how many have two-factor authentication on, and how many have nothing but texts for it.

    Of the period: how many texts were queued, how many failed, and how many were held back because their number had changed.
    """

    patients: int
    only_texts: int
    queued: int
    failed: int
    held_back: int


def count_texts(period: Period) -> Texts:
    """The figures, for the operator: they tell of no practice."""
    restricted = [each.name for each in switched_on() if each.restricted]
    patients = (User.role.in_(PATIENT.roles), User.two_factor == "on", User.disabled_at.is_(None))
    live = select(Authenticator.user_id).where(Authenticator.disabled_at.is_(None))
    with_texts = User.id.in_(live.where(Authenticator.method.in_(restricted)))
    with_others = User.id.in_(live.where(Authenticator.method.not_in(restricted)))
    out = select(func.count()).select_from(Outbox).where(Outbox.kind == "text", period.has(Outbox.created_at))

    def number(statement: object) -> int:
        return int(db.session.scalar(statement) or 0)  # type: ignore[call-overload]  # a SELECT of one count

    everyone = select(func.count()).select_from(User).where(*patients)
    held = Outbox.outcome == HELD
    failed = Outbox.state.in_(("failed", "expired")) & ~func.coalesce(held, False)
    return Texts(
        number(everyone), number(everyone.where(with_texts, ~with_others)), number(out), number(out.where(failed)),
        number(out.where(held)),
    )  # fmt: skip
