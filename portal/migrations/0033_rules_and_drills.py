"""Which rules were in force since when, and restore drills."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0031"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "rule_changes",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("practice_id", sa.Integer(), sa.ForeignKey("practices.id")),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", sa.Integer(), sa.ForeignKey("users.id")),
        sa.UniqueConstraint("scope", "name", "number", name="uq_rule_changes_scope_name_number"),
    )
    op.create_index("ix_rule_changes_practice_id", "rule_changes", ["practice_id"])
    op.create_table(
        "restore_drills",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("done_by", sa.String(255), nullable=False),
        sa.Column("result", sa.String(8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("restore_drills")
    op.drop_index("ix_rule_changes_practice_id", "rule_changes")
    op.drop_table("rule_changes")
