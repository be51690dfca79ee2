"""A practice's administrators who can sign in."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.db import db
from portal.models import User
from portal.policy import policy_of


def list_administrators(practice_id: int | None, provider_id: int) -> list[User]:
    """The practice's administrators who can sign in, without the provider."""
    own = select(User).where(*others_who_can_sign_in(provider_id), User.role == "administrator", User.practice_id == practice_id)
    return list(db.session.scalars(own.order_by(User.name_key, User.id)))


def has_administrator(user: User) -> bool:
    """Whether the practice of an EHR account has an administrator besides the account itself who can help."""
    return policy_of(user.role).hands_over_copy and bool(list_administrators(user.practice_id, user.id))


def others_who_can_sign_in(provider_id: int | InstrumentedAttribute[int]) -> tuple[ColumnElement[bool], ...]:
    """SQL: has a second factor and an open account, and is not the provider."""
    return User.two_factor == "on", User.disabled_at.is_(None), User.id != provider_id
