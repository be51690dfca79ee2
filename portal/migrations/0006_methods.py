"""What a method remembers of an authenticator has a place of its own; a set-up remembers the name of the step that is due."""

import sqlalchemy as sa
from alembic import op


revision = "0006"
down_revision = "0005"
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
BINDINGS = sa.table(
    "bindings",
    sa.column("id", sa.String),
    sa.column("method", sa.String),
    sa.column("secret_sealed", sa.LargeBinary),
    sa.column("step", sa.String),
)
STEPS = {"totp": ("scan", "scan"), "sms": ("number", "code")}  # before and after the first answer
SEAL = 12 + 16  # bytes of a sealed empty text behind its key's name: nonce and tag
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
    name_steps()


def name_steps() -> None:
    """A set-up under way goes on where it is: whether its first step was answered is seen by the length of what it keeps."""
    op.add_column("bindings", sa.Column("step", sa.String(length=32), nullable=True))
    table, connection = BINDINGS, op.get_bind()
    for row in connection.execute(sa.select(table.c.id, table.c.method, table.c.secret_sealed)).all():
        _, _, sealed = row.secret_sealed.partition(b"\0")
        step = STEPS.get(row.method, ("", ""))[len(sealed) > SEAL]
        connection.execute(table.update().where(table.c.id == row.id).values(step=step))
    with op.batch_alter_table("bindings") as changed:
        changed.alter_column("step", existing_type=sa.String(length=32), nullable=False)


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("bindings", "step")
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
