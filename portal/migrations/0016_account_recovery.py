"""Account recovery: tickets, cases, and notes; an authenticator whose owner has lost the phone is suspended."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATES = (
    "asked", "proving", "waiting", "checking", "answering", "deciding", "ready", "setting_up",
    "done", "stopped", "refused", "lapsed",
)  # fmt: skip
IS_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("authenticators", sa.Column("suspended_at", MOMENT, nullable=True))
    create_cases()
    create_tickets()
    create_notes()


def create_cases() -> None:
    op.create_table(
        "recovery_cases",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("state_since", MOMENT, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("code_seed", sa.String(64), nullable=False),
        sa.Column("code_until", MOMENT, nullable=False),
        sa.Column("code_mailed_at", MOMENT, nullable=True),
        sa.Column("wrong_codes", sa.Integer(), server_default="0", nullable=False),
        *(
            sa.Column(name, MOMENT, nullable=True)
            for name in ("confirmed_at", "password_at", "text_at", "backup_code_at", "identity_at")
        ),
        sa.Column("notice_ids", sa.JSON(), nullable=False),
        *(sa.Column(name, MOMENT, nullable=True) for name in ("asked_support_at", "due_at", "answered_at")),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("replaced", sa.JSON(), nullable=False),
        sa.Column("stopped_by", sa.String(12), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint(f"state in ({', '.join(repr(each) for each in STATES)})", name=op.f("ck_recovery_cases_state")),
        *(
            sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_recovery_cases_{column}_users"))
            for column in ("user_id", "agent_id", "approved_by_id", "decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_cases")),
    )
    op.create_index(
        "ix_recovery_cases_open", "recovery_cases", ["user_id"], unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    )
    op.create_index("ix_recovery_cases_user_id_opened_at", "recovery_cases", ["user_id", "opened_at"])
    op.create_index("ix_recovery_cases_state", "recovery_cases", ["state", "due_at"])


def create_tickets() -> None:
    op.create_table(
        "recovery_tickets",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("case_ids", sa.JSON(), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=True),
        sa.Column("story_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("practice_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("browser_hash", sa.String(64), nullable=True),
        sa.Column("wrong_codes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_cases.id"], name=op.f("fk_recovery_tickets_case_id_recovery_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_tickets")),
    )
    op.create_index(op.f("ix_recovery_tickets_case_id"), "recovery_tickets", ["case_id"])
    op.create_index(op.f("ix_recovery_tickets_created_at"), "recovery_tickets", ["created_at"])


def create_notes() -> None:
    op.create_table(
        "recovery_notes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("case_id", sa.String(32), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind in ('note', 'question', 'answer')", name=op.f("ck_recovery_notes_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["recovery_cases.id"], name=op.f("fk_recovery_notes_case_id_recovery_cases")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_recovery_notes_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_notes")),
    )
    op.create_index("ix_recovery_notes_case_id_written_at", "recovery_notes", ["case_id", "written_at"])


def downgrade() -> None:
    """Downgrade schema."""
    for table in ("recovery_notes", "recovery_tickets", "recovery_cases"):
        op.drop_table(table)
    op.drop_column("authenticators", "suspended_at")
