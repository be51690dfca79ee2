"""Sign-ins in new browsers, which their account's owner confirms."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BEFORE = ("claimant", "waiting", "emergency", "aal1", "aal1+trusted", "aal2")


def allow_levels(*levels: str) -> None:
    """Say anew how far a session may have come. SQLite copies the table for it, and leaves the old rule behind."""
    rule = f"level in ({', '.join(repr(level) for level in levels)})"
    with op.batch_alter_table("sessions") as table:
        if op.get_bind().dialect.name != "sqlite":
            table.drop_constraint(op.f("ck_sessions_level"), type_="check")
        table.create_check_constraint(op.f("ck_sessions_level"), rule)


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("users", sa.Column("confirms_since", MOMENT))
    allow_levels("claimant", "waiting", "unconfirmed", *BEFORE[2:])
    op.create_table(
        "browser_confirmations",
        sa.Column("session_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("notice_id", sa.String(32)),
        sa.Column("factor", sa.String(16), nullable=False),
        sa.Column("wants_trust", sa.Boolean(), nullable=False),
        sa.Column("ip", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_browser_confirmations_user_id", "browser_confirmations", ["user_id"])
    op.create_index("ix_browser_confirmations_expires_at", "browser_confirmations", ["expires_at"])


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("browser_confirmations")
    op.execute("DELETE FROM sessions WHERE level = 'unconfirmed'")
    allow_levels(*BEFORE)
    op.drop_column("users", "confirms_since")
