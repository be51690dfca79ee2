"""Server-side sessions: the cookie holds a random token, the row its hash."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base

# Authentication levels, from lowest to highest. "waiting": a claimant who asked for emergency access; "emergency": approved, with
# read-only charts (AD-6); "unconfirmed": a right code in a new browser, which its owner has to confirm; "aal1+trusted": a trusted browser
# replaced the code (C-1).
LEVELS = ("claimant", "waiting", "unconfirmed", "emergency", "aal1", "aal1+trusted", "aal2")


class Session(Base):
    """A sign-in. `claimant`: the password is verified, the code is not (SE-8)."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint(
            "level in ('claimant', 'waiting', 'unconfirmed', 'emergency', 'aal1', 'aal1+trusted', 'aal2')", name="level"
        ),
        Index("ix_sessions_user_id_browser", "user_id", "browser_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    level: Mapped[str] = mapped_column(String(16))
    browser_hash: Mapped[str | None] = mapped_column(String(64))
    browser_known: Mapped[bool] = mapped_column(default=False)
    next_path: Mapped[str | None] = mapped_column(String(512))
    ip: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    password_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]
    turning_off_at: Mapped[datetime | None]  # turning off: the password was verified, a longer one is due (PW-1)
    kept_on_at: Mapped[datetime | None]  # turning off: "Keep it on" was chosen, which ends the forms that were opened before
    put_off_at: Mapped[datetime | None]  # setup was postponed at this sign-in, within the practice's grace period
    backup_failures: Mapped[int] = mapped_column(default=0, server_default="0")  # consecutive wrong backup codes, and their pause
    backup_paused_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(String(32))
