"""Where people are: the zone of the practice that an account belongs to."""

from sqlalchemy import ScalarSelect, func, select

from portal.db import db
from portal.models import Practice, User

U, P = User.__table__.c, Practice.__table__.c
# SQL: the zone of the practice of a row of users, for times that are shown to somebody who has chosen none.
PLACE_ZONE: ScalarSelect[str | None] = (
    select(P.time_zone).where(P.id == U.practice_id).correlate(User.__table__).scalar_subquery()
)
# SQL: the zone in which an account is written to.
RECIPIENT_ZONE = func.coalesce(U.time_zone, PLACE_ZONE)


def recipient_zone(user_id: int) -> str | None:
    """The name of the zone in which somebody is written to: their own, else their practice's; None if neither is known."""
    name: str | None = db.session.scalar(select(RECIPIENT_ZONE).where(U.id == user_id))
    return name
