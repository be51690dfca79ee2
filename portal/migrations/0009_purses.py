"""Wrong codes by strangers and by the owner count apart, and wrong backup codes count by session.

What was counted or stopped so far goes to the strangers' side, where it may have come from: nothing opens for a thief. The owner
begins anew in sessions and known browsers, where codes that were stopped work again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

AUTHENTICATORS = sa.table(
    "authenticators", sa.column("disabled_at", sa.DateTime(timezone=True)),
    sa.column("strangers_disabled_at", sa.DateTime(timezone=True)),
)  # fmt: skip
OUTBOX = sa.table("outbox", sa.column("template", sa.String))
STOPPED, PAUSED = "backup_codes_stopped", "too_many_codes"  # the first notice is gone: a queued one becomes the second


def upgrade() -> None:
    """Upgrade schema."""
    for table in ("users", "authenticators"):
        op.add_column(table, sa.Column("own_failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("own_paused_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("authenticators", sa.Column("strangers_disabled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sessions", sa.Column("backup_failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("sessions", sa.Column("backup_paused_until", sa.DateTime(timezone=True), nullable=True))
    connection = op.get_bind()
    connection.execute(AUTHENTICATORS.update().values(strangers_disabled_at=AUTHENTICATORS.c.disabled_at, disabled_at=None))
    connection.execute(OUTBOX.update().where(OUTBOX.c.template == STOPPED).values(template=PAUSED))


def downgrade() -> None:
    """Downgrade schema."""
    either = sa.func.coalesce(AUTHENTICATORS.c.disabled_at, AUTHENTICATORS.c.strangers_disabled_at)
    op.get_bind().execute(AUTHENTICATORS.update().values(disabled_at=either))
    for table, *columns in (
        ("sessions", "backup_failures", "backup_paused_until"),
        ("authenticators", "own_failures", "strangers_disabled_at"),
        ("users", "own_failures", "own_paused_until"),
    ):
        for column in columns:
            op.drop_column(table, column)
