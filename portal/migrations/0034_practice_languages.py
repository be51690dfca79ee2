"""A language for each practice, in which people who never chose one are written to."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("practices", sa.Column("language", sa.String(length=35), nullable=True))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("practices", "language")
