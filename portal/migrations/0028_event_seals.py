"""The seals of the audit trail, and their keys."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "audit_keys",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_with", sa.String(16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "event_seals",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("own_hash", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(32), sa.ForeignKey("audit_keys.id"), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("sealed_at", MOMENT, nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("top_id", sa.Integer(), nullable=False),
        sa.Column("first_at", MOMENT),
        sa.Column("last_at", MOMENT),
        sa.Column("has_more", sa.Boolean(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("tags", sa.LargeBinary(), nullable=False),
        sa.Column("retired_through", sa.Integer()),
    )
    where = sa.text("retired_through IS NOT NULL")
    op.create_index("ix_event_seals_retired", "event_seals", ["retired_through"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("event_seals")
    op.drop_table("audit_keys")
