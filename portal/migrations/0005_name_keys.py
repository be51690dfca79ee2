"""What names are sorted by, beside each name; filled for everybody there is."""

import sqlalchemy as sa
from alembic import op

from portal.names import sort_key


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AT_ONCE = 1000


def upgrade() -> None:
    """Upgrade schema."""
    # Its default is for the rows of this moment: SQLite adds no column that is NOT NULL without one.
    op.add_column("users", sa.Column("name_key", sa.LargeBinary(), server_default=sa.text("''"), nullable=False))
    fill()
    op.drop_index("ix_users_practice_id_full_name", table_name="users")
    op.create_index("ix_users_practice_id_name_key", "users", ["practice_id", "name_key"], unique=False)


def fill() -> None:
    """Give every name its key, a thousand people at a time."""
    users = sa.table("users", sa.column("id", sa.Integer), sa.column("full_name", sa.String), sa.column("name_key", sa.LargeBinary))
    connection, last = op.get_bind(), 0
    write = sa.update(users).where(users.c.id == sa.bindparam("own")).values(name_key=sa.bindparam("key"))
    read = sa.select(users.c.id, users.c.full_name).order_by(users.c.id).limit(AT_ONCE)
    while rows := connection.execute(read.where(users.c.id > last)).all():
        connection.execute(write, [{"own": row.id, "key": sort_key(row.full_name)} for row in rows])
        last = rows[-1].id


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_index("ix_users_practice_id_name_key", table_name="users")
    op.create_index("ix_users_practice_id_full_name", "users", ["practice_id", "full_name"], unique=False)
    op.drop_column("users", "name_key")
