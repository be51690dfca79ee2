"""People who sign in, and the practices they belong to."""

import unicodedata
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.crypto import Keyring
from portal.models.base import Base
from portal.names import sort_key

ROLES = ("patient", "provider", "administrator", "support")


class Practice(Base):
    __tablename__ = "practices"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    city: Mapped[str]
    phone: Mapped[str] = mapped_column(String(40))
    # By when everyone's two-factor authentication should be on, and what is let pass afterwards.
    deadline_at: Mapped[datetime | None]
    grace_days: Mapped[int] = mapped_column(default=0, server_default="0")
    grace_sign_ins: Mapped[int] = mapped_column(default=0, server_default="0")


class User(Base):
    """An account. Its password hash, e-mail and phone are sealed; `two_factor` is off, on or reset (product rule 1)."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role in ('patient', 'provider', 'administrator', 'support')", name="role"),
        CheckConstraint("two_factor in ('off', 'on', 'reset')", name="two_factor"),
        Index("ix_users_practice_id_name_key", "practice_id", "name_key"),
        # Counts the states of a practice without looking at its rows.
        Index("ix_users_practice_id_state", "practice_id", "disabled_at", "two_factor", "role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    full_name: Mapped[str]
    name_key: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''"))  # what the name is sorted by
    role: Mapped[str] = mapped_column(String(16))
    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practices.id"))
    password_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_confirmed_at: Mapped[datetime | None]  # a code was read from it; None: on file only
    two_factor: Mapped[str] = mapped_column(String(8), default="off")
    two_factor_since: Mapped[datetime | None]
    # Wrong codes since the last right one: of the account (pauses), of its backup codes, of its password (RL-1 to RL-5).
    code_failures: Mapped[int] = mapped_column(default=0)
    backup_failures: Mapped[int] = mapped_column(default=0)
    set_up_failures: Mapped[int] = mapped_column(default=0)  # in set-ups, cancelled ones too, until one is proved
    password_failures: Mapped[int] = mapped_column(default=0)  # at re-authentication, since the last right one
    codes_paused_until: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    # Counts changes of factors and password: whatever was trusted before the last one is trusted no more (TB-4, TB-5).
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    country: Mapped[str] = mapped_column(String(2), default="US", server_default="US")  # how numbers without + are read
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # for the forgotten password (CR-6)
    invited_until: Mapped[datetime | None]  # the invitation to turn 2FA on rests until then
    reset_at: Mapped[datetime | None]  # when two-factor authentication was reset last; who did it and why: ResetRequest
    reminded_at: Mapped[datetime | None]  # by the practice administrator, to turn it on
    grace_sign_ins: Mapped[int | None]  # left after the practice's deadline; None: set-up comes first, no deadline found them

    practice: Mapped[Practice | None] = relationship()

    second_addresses = None  # how many were counted when this row was charged; no column

    @validates("full_name")
    def keep_key(self, _column: str, name: str) -> str:
        """Whoever writes a name writes its key with it."""
        self.name_key = sort_key(name)
        return name

    def seal(self, keys: Keyring, column: str, text: str) -> None:
        """Put `text` sealed into `<column>_sealed`; the user needs its id by then."""
        setattr(self, f"{column}_sealed", keys.seal(text, user_place(self.id, column)))
        if column == "email":
            self.email_hash = keys.look_up_hash(fold_email(text))

    def unseal(self, keys: Keyring, column: str) -> str | None:
        """The text of `<column>_sealed`, or None where there is none. Raises SealBroken."""
        sealed = getattr(self, f"{column}_sealed")
        return None if sealed is None else keys.open(sealed, user_place(self.id, column))


def fold_email(address: str) -> str:
    """An address as it is looked up: capitals and blanks around it make no difference."""
    return unicodedata.normalize("NFKC", address).strip().casefold()


def user_place(user_id: int, column: str) -> str:
    """Where a sealed column of a user belongs."""
    return f"users:{user_id}:{column}"
