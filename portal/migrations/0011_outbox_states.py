"""The outbox uses the field's words: a row is claimed, then sent, failed, or expired; `expires_at` as in every other table."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

RENAMED = (("state", "carried", "claimed"), ("state", "dead", "expired"), ("template", "told", "number_replaced"))


def upgrade() -> None:
    """Upgrade schema."""
    op.execute("ALTER TABLE outbox RENAME COLUMN dies_at TO expires_at")  # as SQLite and PostgreSQL both have it
    for column, old, new in RENAMED:
        rename_values(column, old, new)


def downgrade() -> None:
    """Downgrade schema."""
    for column, old, new in RENAMED:
        rename_values(column, new, old)
    op.execute("ALTER TABLE outbox RENAME COLUMN expires_at TO dies_at")


def rename_values(name: str, old: str, new: str) -> None:
    """Give the rows that have one value of this column another one."""
    column = sa.column(name, sa.String())
    rows = sa.table("outbox", column)
    op.execute(sa.update(rows).where(column == old).values({name: new}))
