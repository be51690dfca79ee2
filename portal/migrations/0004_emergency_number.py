"""The number that asker and approver of emergency access compare, sealed, so that it stays the same through a key rotation."""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("emergency_grants", sa.Column("number_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("emergency_grants", "number_sealed")
