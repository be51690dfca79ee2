"""An index by which the worker finds the set-ups that are long over, whose secrets it deletes."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_index("ix_bindings_expires_at", "bindings", ["expires_at"])


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_index("ix_bindings_expires_at", "bindings")
