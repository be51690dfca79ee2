"""Account recovery: wrong codes of browsers that the account knows, apart from strangers', and support's first promise."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PROMISED = "UPDATE recovery_cases SET first_due_at = due_at WHERE asked_support_at IS NOT NULL"


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("recovery_cases", sa.Column("known_wrong_codes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("recovery_cases", sa.Column("first_due_at", MOMENT, nullable=True))
    op.execute(PROMISED)


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("recovery_cases", "first_due_at")
    op.drop_column("recovery_cases", "known_wrong_codes")
