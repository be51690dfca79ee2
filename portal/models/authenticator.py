"""Authenticators that are live, bindings that are being set up, and the steps that are spent."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.crypto import Keyring
from portal.models.base import Base, new_id
from portal.models.user import User


class Authenticator(Base):
    """A proved verification method of one person. It keeps the id that its binding had."""

    __tablename__ = "authenticators"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    method: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    remembered: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what only its method reads
    target_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # keyed hash of a number: counts who shares it
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class Binding(Base):
    """An authenticator being set up: one a person, readable until `expires_at`, void afterwards."""

    __tablename__ = "bindings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    replaces: Mapped[str | None] = mapped_column(String(32))  # the live authenticator that the proof ends (rule 3)
    is_extra: Mapped[bool] = mapped_column(default=False, server_default="0")  # one more beside those that are live (TO-9)
    session_id: Mapped[int]  # who began it: another session shows its password again (RA-4)
    method: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(32))  # the name of the step that is due; those before it are answered
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user: Mapped[User] = relationship(lazy="raise", viewonly=True)  # for a page, which asks the database four times at most

    def secret(self, keys: Keyring) -> str:
        """The base32 secret. Raises SealBroken."""
        return keys.open(self.secret_sealed, secret_place(self.user_id, self.id))


class SpentStep(Base):
    """One step that a clock hint gave away, spent alone (product rule 8)."""

    __tablename__ = "spent_steps"

    authenticator_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True)


def secret_place(user_id: int, authenticator_id: str) -> str:
    """Where a secret belongs: the same for a binding and for the authenticator it becomes."""
    return f"authenticators:{user_id}:{authenticator_id}:secret"
