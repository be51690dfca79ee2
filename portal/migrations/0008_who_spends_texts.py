"""Texts count for whoever asks for them: whether the account had proved the number, and whether it knew the browser."""

import sqlalchemy as sa
from alembic import op


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SENT = sa.table("sent_codes", sa.column("attempt", sa.String), sa.column("is_proved", sa.Boolean))


def upgrade() -> None:
    """Upgrade schema."""
    for name in ("is_proved", "is_known"):
        op.add_column("sent_codes", sa.Column(name, sa.Boolean(), server_default="0", nullable=False))
    op.execute(SENT.update().where(SENT.c.attempt.not_like("binding:%")).values(is_proved=True))
    op.create_index("ix_sent_codes_prefix_created_at", "sent_codes", ["prefix", "created_at"], unique=False)
    op.create_index("ix_sent_codes_created_at", "sent_codes", ["created_at"], unique=False)


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_index("ix_sent_codes_created_at", table_name="sent_codes")
    op.drop_index("ix_sent_codes_prefix_created_at", table_name="sent_codes")
    op.drop_column("sent_codes", "is_known")
    op.drop_column("sent_codes", "is_proved")
