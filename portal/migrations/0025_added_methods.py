"""The methods that practices have added for their people: none, so that everybody goes on as before."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("practices", sa.Column("added_methods", sa.String(length=255), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("practices", "added_methods")
