"""Indexes of what waits for the worker, however much is done already, and one of a person's own emails and texts."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

WAITING = (
    ("ix_outbox_open", "outbox", "created_at", "state IN ('claimed', 'queued')"),
    ("ix_outbox_body", "outbox", "expires_at", "body_sealed IS NOT NULL"),
    ("ix_emergency_grants_running", "emergency_grants", "ends_at", "approved_at IS NOT NULL AND ended_at IS NULL"),
    ("ix_recovery_cases_waiting", "recovery_cases", "state_since", "ended_at IS NULL"),
)


def upgrade() -> None:
    """Upgrade schema."""
    for name, table, column, where in WAITING:
        op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index("ix_outbox_user_id_created_at", "outbox", ["user_id", "created_at"])
    op.drop_index("ix_outbox_state_lease_until", "outbox")


def downgrade() -> None:
    """Downgrade schema."""
    op.create_index("ix_outbox_state_lease_until", "outbox", ["state", "lease_until"])
    op.drop_index("ix_outbox_user_id_created_at", "outbox")
    for name, table, _, _ in reversed(WAITING):
        op.drop_index(name, table)
