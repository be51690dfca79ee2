"""Where people are: the zone of the practice that an account belongs to."""

from sqlalchemy import ScalarSelect, bindparam, func, select

from portal.db import read
from portal.models import Appointment, Practice, User

U, P, A = User.__table__.c, Practice.__table__.c, Appointment.__table__.c
# SQL: the zone of the practice of a row of users, for times that are shown to somebody who has chosen none.
PRACTICE_ZONE: ScalarSelect[str | None] = (
    select(P.time_zone).where(P.id == U.practice_id).correlate(User.__table__).scalar_subquery()
)
# A patient belongs to none: the practice of their latest appointment.
VISITED_ZONE: ScalarSelect[str | None] = (
    select(P.time_zone)
    .join_from(Practice.__table__, Appointment.__table__, P.id == A.practice_id)
    .where(A.patient_id == U.id)
    .order_by(A.starts_at.desc(), A.id.desc())
    .limit(1)
    .correlate(User.__table__)
    .scalar_subquery()
)
PLACE_ZONE = func.coalesce(PRACTICE_ZONE, VISITED_ZONE)
# SQL: the zone in which an account is written to.
RECIPIENT_ZONE = func.coalesce(U.time_zone, PLACE_ZONE)
FIND_RECIPIENT_ZONE = select(RECIPIENT_ZONE).where(U.id == bindparam("user"))


def recipient_zone(user_id: int) -> str | None:
    """The name of the zone in which somebody is written to: their own, else their practice's; None if neither is known."""
    name: str | None = read(FIND_RECIPIENT_ZONE, {"user": user_id}).scalar()
    return name
