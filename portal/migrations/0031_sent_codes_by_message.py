"""An index of the codes sent by their message: the database looks for them whenever an old message is deleted."""

from alembic import op

revision = "0031"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_index("ix_sent_codes_outbox_id", "sent_codes", ["outbox_id"])


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_index("ix_sent_codes_outbox_id", "sent_codes")
