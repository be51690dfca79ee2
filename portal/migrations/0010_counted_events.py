"""Events that strangers can cause without end are counted, one row for each kind, address, and minute."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade schema."""
    with op.batch_alter_table("events") as changed:
        changed.add_column(sa.Column("times", sa.Integer(), server_default="1", nullable=False))
        changed.add_column(sa.Column("minute_key", sa.String(length=64), nullable=True))
        changed.create_unique_constraint(op.f("uq_events_minute_key"), ["minute_key"])


def downgrade() -> None:
    """Downgrade schema."""
    with op.batch_alter_table("events") as changed:
        changed.drop_constraint(op.f("uq_events_minute_key"), type_="unique")
        changed.drop_column("minute_key")
        changed.drop_column("times")
