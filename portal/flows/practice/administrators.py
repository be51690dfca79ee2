"""A practice's administrators who can sign in."""

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.db import db
from portal.models import User
from portal.policy import policy_of

PracticeId = int | None | InstrumentedAttribute[int]


def list_administrators(practice_id: int | None, provider_id: int) -> list[User]:
    """The practice's administrators who can sign in, without the provider."""
    own = select(User).where(*are_administrators(practice_id, provider_id))
    return list(db.session.scalars(own.order_by(User.name_key, User.id)))


def has_administrator(user: User) -> bool:
    """Whether the practice of an EHR account has an administrator besides the account itself who can help."""
    found = exists().where(*are_administrators(user.practice_id, user.id))
    return policy_of(user.role).hands_over_copy and bool(db.session.scalar(select(found)))


def are_administrators(practice_id: PracticeId, provider_id: int | InstrumentedAttribute[int]) -> tuple[ColumnElement[bool], ...]:
    """SQL: administers the practice, can sign in, and is not the provider."""
    return *others_who_can_sign_in(provider_id), User.role == "administrator", User.practice_id == practice_id


def others_who_can_sign_in(provider_id: int | InstrumentedAttribute[int]) -> tuple[ColumnElement[bool], ...]:
    """SQL: has a second factor and an open account, and is not the provider."""
    return User.two_factor == "on", User.disabled_at.is_(None), User.id != provider_id
