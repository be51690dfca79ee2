"""What a method remembers of an authenticator has a place of its own, in place of the authenticator app's columns."""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OLD = (
    ("algorithm", sa.String(length=16), "none"),
    ("digits", sa.Integer(), 6),
    ("period", sa.Integer(), 600),
    ("last_step", sa.BigInteger(), 0),
)
NAMES = [name for name, _, _ in OLD]
AUTHENTICATORS = sa.table(
    "authenticators",
    sa.column("id", sa.String),
    sa.column("method", sa.String),
    sa.column("remembered", sa.JSON),
    *(sa.column(name, kind) for name, kind, _ in OLD),
)
HAS_COLUMNS = "totp"  # the one method that filled them with what it remembers


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("authenticators", sa.Column("remembered", sa.JSON(), nullable=True))
    table, connection = AUTHENTICATORS, op.get_bind()
    connection.execute(table.update().values(remembered={}))
    rows = sa.select(table.c.id, *(table.c[name] for name in NAMES)).where(table.c.method == HAS_COLUMNS)
    for row in connection.execute(rows).all():
        remembered = {name: row._mapping[name] for name in NAMES}
        connection.execute(table.update().where(table.c.id == row.id).values(remembered=remembered))
    with op.batch_alter_table("authenticators") as changed:
        changed.alter_column("remembered", existing_type=sa.JSON(), nullable=False)
        for name in NAMES:
            changed.drop_column(name)


def downgrade() -> None:
    """Downgrade schema."""
    for name, kind, _ in OLD:
        op.add_column("authenticators", sa.Column(name, kind, nullable=True))
    table, connection = AUTHENTICATORS, op.get_bind()
    connection.execute(table.update().values({name: dummy for name, _, dummy in OLD}))
    for row in connection.execute(sa.select(table.c.id, table.c.remembered).where(table.c.method == HAS_COLUMNS)).all():
        values = {name: row.remembered[name] for name in NAMES if name in row.remembered}
        if values:
            connection.execute(table.update().where(table.c.id == row.id).values(values))
    with op.batch_alter_table("authenticators") as changed:
        for name, kind, _ in OLD:
            changed.alter_column(name, existing_type=kind, nullable=False)
        changed.drop_column("remembered")
