"""What browsers were asked to sign, until it is answered or over."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "open_challenges",
        sa.Column("attempt", sa.String(48), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("value_hash", sa.String(64), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_open_challenges_user_id", "open_challenges", ["user_id"])
    op.create_index("ix_open_challenges_expires_at", "open_challenges", ["expires_at"])


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("open_challenges")
