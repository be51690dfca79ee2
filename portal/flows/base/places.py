"""Where people are: the zone and the language of the practice that an account belongs to."""

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select

from portal.db import read
from portal.models import Appointment, Practice, User

U, P, A = User.__table__.c, Practice.__table__.c, Appointment.__table__.c


def of_practice(column: ColumnElement[str | None]) -> ScalarSelect[str | None]:
    """SQL: a column of the practice of a row of users, for somebody who has chosen none."""
    return select(column).where(P.id == U.practice_id).correlate(User.__table__).scalar_subquery()


def of_visited(column: ColumnElement[str | None]) -> ScalarSelect[str | None]:
    """SQL: likewise for a patient, who belongs to no practice: of that of their latest appointment."""
    return (
        select(column)
        .join_from(Practice.__table__, Appointment.__table__, P.id == A.practice_id)
        .where(A.patient_id == U.id)
        .order_by(A.starts_at.desc(), A.id.desc())
        .limit(1)
        .correlate(User.__table__)
        .scalar_subquery()
    )


VISITED_ZONE = of_visited(P.time_zone)
PLACE_ZONE = func.coalesce(of_practice(P.time_zone), VISITED_ZONE)
PLACE_LANGUAGE = func.coalesce(of_practice(P.language), of_visited(P.language))
FIND_LANGUAGE = select(PLACE_LANGUAGE).where(U.id == bindparam("user"))
# SQL: the zone in which an account is written to, and the language if it has none.
FIND_RECIPIENT = select(func.coalesce(U.time_zone, PLACE_ZONE), PLACE_LANGUAGE).where(U.id == bindparam("user"))


def recipient(user_id: int) -> tuple[str | None, str | None]:
    """(zone, language) for somebody who is written to: the zone is their own, else their practice's; the language their practice's.

    Each is None if it is not known.
    """
    zone, language = read(FIND_RECIPIENT, {"user": user_id}).first() or (None, None)
    return zone, language


def place_language(user_id: int) -> str | None:
    """The language of somebody's practice, for when they chose none, or one that is no longer offered; None if it has none."""
    found: str | None = read(FIND_LANGUAGE, {"user": user_id}).scalar()
    return found
