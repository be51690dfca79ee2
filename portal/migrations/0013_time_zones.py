"""A time zone and an address for each practice, and a time zone for each account that chooses one."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("practices", "users")


def upgrade() -> None:
    """Upgrade schema."""
    for table in TABLES:
        op.add_column(table, sa.Column("time_zone", sa.String(length=64), nullable=True))
    op.add_column("practices", sa.Column("address", sa.String(length=255), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("practices", "address")
    for table in TABLES:
        op.drop_column(table, "time_zone")
