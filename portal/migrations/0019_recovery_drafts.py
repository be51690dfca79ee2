"""A support agent's draft about a recovery, kept while they confirm who they are."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("recovery_cases", sa.Column("draft_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("recovery_cases", "draft_sealed")
