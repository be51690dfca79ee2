"""The people of the visitor's practice; every query by the practice's id."""

from sqlalchemy import select

from portal import config
from portal.db import db
from portal.flows.visit import Visit
from portal.models import User


def members(visit: Visit) -> list[User]:
    """The practice's accounts that can sign in, by name."""
    own = select(User).where(User.practice_id == visit.who.practice_id, User.disabled_at.is_(None))
    return list(db.session.scalars(own.order_by(User.full_name, User.id).limit(config.TEAM_PAGE)))
