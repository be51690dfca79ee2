"""A practice's administrators who can sign in."""

from sqlalchemy import BindParameter, ColumnElement, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.db import db, read
from portal.models import User
from portal.policy import policy_of

Id = int | None | BindParameter[int] | InstrumentedAttribute[int]


def others_who_can_sign_in(provider_id: Id) -> tuple[ColumnElement[bool], ...]:
    """SQL: has a second factor and an open account, and is not the provider."""
    return User.two_factor == "on", User.disabled_at.is_(None), User.id != provider_id


def are_administrators(practice_id: Id, provider_id: Id) -> tuple[ColumnElement[bool], ...]:
    """SQL: administers the practice, can sign in, and is not the provider."""
    return *others_who_can_sign_in(provider_id), User.role == "administrator", User.practice_id == practice_id


OTHERS = select(User).where(*are_administrators(bindparam("practice"), bindparam("provider"))).order_by(User.name_key, User.id)
ANY_OTHER = select(User.id).where(*are_administrators(bindparam("practice"), bindparam("provider"))).limit(1)


def list_administrators(practice_id: int | None, provider_id: int) -> list[User]:
    """The practice's administrators who can sign in, without the provider; none without a practice."""
    return list(db.session.scalars(OTHERS, {"practice": practice_id, "provider": provider_id}))


def has_administrator(user: User) -> bool:
    """Whether the practice of an EHR account has an administrator besides the account itself who can help."""
    if not policy_of(user.role).hands_over_copy:
        return False
    return read(ANY_OTHER, {"practice": user.practice_id, "provider": user.id}).first() is not None
