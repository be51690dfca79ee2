"""Proofs of one act, and what only one authenticator of all accounts may have."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
AUTHENTICATORS = sa.table(
    "authenticators",
    sa.column("id", sa.String),
    sa.column("method", sa.String),
    sa.column("remembered", sa.JSON),
    sa.column("created_at", MOMENT),
    sa.column("identity_hash", sa.String),
)


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "act_proofs",
        sa.Column("attempt", sa.String(48), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_act_proofs_user_id", "act_proofs", ["user_id"])
    op.create_index("ix_act_proofs_expires_at", "act_proofs", ["expires_at"])
    op.add_column("authenticators", sa.Column("identity_hash", sa.String(64)))
    note_identities(op.get_bind())
    op.create_index("ix_authenticators_identity_hash", "authenticators", ["identity_hash"], unique=True)


def note_identities(connection: sa.Connection) -> None:
    """Move each passkey's mark into its column. Of two accounts with the same one, the older has it; both still work."""
    t, taken = AUTHENTICATORS, set()
    rows = sa.select(t.c.id, t.c.remembered).where(t.c.method == "passkey").order_by(t.c.created_at, t.c.id)
    for row in connection.execute(rows).all():
        mark = row.remembered.get("credential")
        if mark and mark not in taken:
            taken.add(mark)
            connection.execute(t.update().where(t.c.id == row.id).values(identity_hash=mark))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_index("ix_authenticators_identity_hash", "authenticators")
    op.drop_column("authenticators", "identity_hash")
    op.drop_table("act_proofs")
