"""Support tickets and their messages."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Upgrade schema."""
    create_tickets()
    create_messages()


def create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("about_id", sa.String(16), nullable=True),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint("state in ('open', 'answered', 'closed')", name=op.f("ck_tickets_state")),
        sa.ForeignKeyConstraint(["about_id"], ["tickets.id"], name=op.f("fk_tickets_about_id_tickets")),
        *(
            sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_tickets_{column}_users"))
            for column in ("user_id", "agent_id", "closed_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
    )
    op.create_index("ix_tickets_user_id_opened_at", "tickets", ["user_id", "opened_at"])
    op.create_index("ix_tickets_state_due_at", "tickets", ["state", "due_at"])


def create_messages() -> None:
    op.create_table(
        "ticket_messages",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("ticket_id", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("from_support", sa.Boolean(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_messages_ticket_id_tickets")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_ticket_messages_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_messages")),
        sa.UniqueConstraint("ticket_id", "number", name=op.f("uq_ticket_messages_ticket_id_number")),
    )


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_table("ticket_messages")
    op.drop_table("tickets")
