"""Accounts, and the practices they belong to."""

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
    address: Mapped[str] = mapped_column(default="", server_default=text("''"))
    time_zone: Mapped[str | None] = mapped_column(String(64))  # IANA name of where it is; None: not said yet
    language: Mapped[str | None] = mapped_column(String(35))  # BCP 47 tag, for people who never chose one; None: not said
    # When everyone's two-factor authentication is due, and the grace period after it.
    deadline_at: Mapped[datetime | None]
    grace_days: Mapped[int] = mapped_column(default=0, server_default="0")
    grace_sign_ins: Mapped[int] = mapped_column(default=0, server_default="0")
    # Names, METHODS_APART, of the additional methods that its people may choose (TO-10).
    added_methods: Mapped[str] = mapped_column(default="", server_default=text("''"))


class User(Base):
    """An account. Password hash, email, and phone are sealed; `two_factor` is off, on, or reset (product rule 1)."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role in ('patient', 'provider', 'administrator', 'support')", name="role"),
        CheckConstraint("two_factor in ('off', 'on', 'reset')", name="two_factor"),
        Index("ix_users_practice_id_name_key", "practice_id", "name_key"),
        # A covering index: counts a practice's states without reading its rows.
        Index("ix_users_practice_id_state", "practice_id", "disabled_at", "two_factor", "role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    full_name: Mapped[str]
    name_key: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''"))  # the collation key of the name
    role: Mapped[str] = mapped_column(String(16))
    practice_id: Mapped[int | None] = mapped_column(ForeignKey("practices.id"))
    password_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_confirmed_at: Mapped[datetime | None]  # when a code sent to it was entered; None: on file only
    two_factor: Mapped[str] = mapped_column(String(8), default="off")
    two_factor_since: Mapped[datetime | None]
    # Consecutive failures, for rate limits (RL-1 to RL-5): strangers' and the owner's, which begin pauses, then those of one factor.
    code_failures: Mapped[int] = mapped_column(default=0)
    own_failures: Mapped[int] = mapped_column(default=0, server_default="0")
    backup_failures: Mapped[int] = mapped_column(default=0)  # for notices only; each session has a limit of its own
    set_up_failures: Mapped[int] = mapped_column(default=0)  # in all setups, canceled ones included, until one is proved
    password_failures: Mapped[int] = mapped_column(default=0)  # at re-authentication
    codes_paused_until: Mapped[datetime | None]  # for strangers
    own_paused_until: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    # Counts changes of factors and password, each of which revokes all earlier trust (TB-4, TB-5).
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    country: Mapped[str] = mapped_column(String(2), default="US", server_default="US")  # for parsing phone numbers without +
    email_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)  # blind index, for a forgotten password (CR-6)
    time_zone: Mapped[str | None] = mapped_column(String(64))  # IANA name, chosen in Profile; None: as the browser has it
    language: Mapped[str | None] = mapped_column(String(35))  # BCP 47 tag; None: not known yet
    invited_until: Mapped[datetime | None]  # the invitation to turn on 2FA is hidden until then
    reset_at: Mapped[datetime | None]  # the last reset of two-factor authentication; by whom and why: ResetRequest
    reminded_at: Mapped[datetime | None]  # the administrator's last reminder to turn it on
    grace_sign_ins: Mapped[
        int | None
    ]  # sign-ins left after the practice's deadline; None: no deadline applied, setup comes first

    confirms_since: Mapped[datetime | None]  # when the person chose to confirm sign-ins in new browsers; None: they didn't

    practice: Mapped[Practice | None] = relationship()

    second_addresses = None  # not a column: the count, if it was loaded with the row

    @validates("full_name")
    def update_name_key(self, _column: str, name: str) -> str:
        """Keep the collation key in step with the name."""
        self.name_key = sort_key(name)
        return name

    def seal(self, keys: Keyring, column: str, text: str) -> None:
        """Store `text`, sealed, in `<column>_sealed`. The user must have an ID already."""
        setattr(self, f"{column}_sealed", keys.seal(text, user_place(self.id, column)))
        if column == "email":
            self.email_hash = keys.look_up_hash(fold_email(text))

    def unseal(self, keys: Keyring, column: str) -> str | None:
        """The decrypted text of `<column>_sealed`, or None. Raises SealBroken."""
        sealed = getattr(self, f"{column}_sealed")
        return None if sealed is None else keys.open(sealed, user_place(self.id, column))


def fold_email(address: str) -> str:
    """Normalize an address for lookup: case and surrounding whitespace do not matter."""
    return unicodedata.normalize("NFKC", address).strip().casefold()


def user_place(user_id: int, column: str) -> str:
    """The place a column of a user is sealed for."""
    return f"users:{user_id}:{column}"
