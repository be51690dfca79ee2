"""Live authenticators, bindings (authenticators being set up), and spent time steps."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.crypto import Keyring
from portal.models.base import Base, new_id
from portal.models.user import User


class Authenticator(Base):
    """A person's proved authenticator. It keeps the ID of its binding."""

    __tablename__ = "authenticators"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    method: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    remembered: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # state that only its method reads
    identity_hash: Mapped[str | None] = mapped_column(
        String(64), index=True, unique=True
    )  # of what names it: one on the whole site
    target_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # keyed hash of a number, to count its accounts
    # Consecutive failures that strangers and the owner had, each up to a hundred (RL-1).
    failures: Mapped[int] = mapped_column(default=0)
    own_failures: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    strangers_disabled_at: Mapped[datetime | None]  # works only in the owner's sessions and known browsers since then
    disabled_at: Mapped[datetime | None]  # works nowhere since then
    suspended_at: Mapped[datetime | None]  # works nowhere since its owner said that the phone is lost (RC-9)

    charged = "failures"  # not a column: the count that the open attempt was charged to, and that a right answer resets


class Binding(Base):
    """An authenticator being set up: at most one per person, valid until `expires_at`."""

    __tablename__ = "bindings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    replaces: Mapped[str | None] = mapped_column(String(32))  # the live authenticator that this one replaces (rule 3)
    is_extra: Mapped[bool] = mapped_column(default=False, server_default="0")  # it replaces none (TO-9)
    session_id: Mapped[int]  # the session that began it; another one has to re-authenticate (RA-4)
    method: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(32))  # the name of the current step; earlier ones are complete
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    failures: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)  # for the worker, which deletes those that are long over
    user: Mapped[User] = relationship(lazy="raise", viewonly=True)  # loaded explicitly: a page has a budget of four queries

    def secret(self, keys: Keyring) -> str:
        """The decrypted secret. Raises SealBroken."""
        return keys.open(self.secret_sealed, secret_place(self.user_id, self.id))


class SpentStep(Base):
    """A single time step spent because a clock hint revealed it (product rule 8)."""

    __tablename__ = "spent_steps"

    authenticator_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True)


def secret_place(user_id: int, authenticator_id: str) -> str:
    """The place a secret is sealed for: the same for a binding and for the authenticator it becomes."""
    return f"authenticators:{user_id}:{authenticator_id}:secret"
