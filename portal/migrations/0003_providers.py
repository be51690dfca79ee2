"""Charts and their notes; resets, emergency access and deadlines of a practice; the sealed copy of backup codes."""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def allow_levels(*levels: str) -> None:
    """Say anew how far a session may have come. SQLite copies the table for it, and leaves the old rule behind."""
    rule = f"level in ({', '.join(repr(level) for level in levels)})"
    with op.batch_alter_table("sessions") as table:
        if op.get_bind().dialect.name != "sqlite":
            table.drop_constraint(op.f("ck_sessions_level"), type_="check")
        table.create_check_constraint(op.f("ck_sessions_level"), rule)


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "charts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("practice_id", sa.Integer(), nullable=False),
        sa.Column("patient_name", sa.String(length=255), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("visit_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("allergies", sa.String(length=255), nullable=False),
        sa.Column("medicines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name=op.f("fk_charts_practice_id_practices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charts")),
    )
    op.create_index("ix_charts_practice_id_patient_name", "charts", ["practice_id", "patient_name"], unique=False)
    op.create_table(
        "chart_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chart_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_chart_notes_author_id_users")),
        sa.ForeignKeyConstraint(["chart_id"], ["charts.id"], name=op.f("fk_chart_notes_chart_id_charts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chart_notes")),
    )
    op.create_index("ix_chart_notes_chart_id_written_at", "chart_notes", ["chart_id", "written_at"], unique=False)
    op.create_table(
        "reset_requests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("practice_id", sa.Integer(), nullable=True),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status in ('draft', 'waiting', 'done', 'refused')", name=op.f("ck_reset_requests_status")),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name=op.f("fk_reset_requests_practice_id_practices")),
        sa.ForeignKeyConstraint(["subject_id"], ["users.id"], name=op.f("fk_reset_requests_subject_id_users")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["users.id"], name=op.f("fk_reset_requests_asked_by_id_users")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_reset_requests_decided_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_requests")),
    )
    op.create_index("ix_reset_requests_subject_id_asked_at", "reset_requests", ["subject_id", "asked_at"], unique=False)
    op.create_index("ix_reset_requests_practice_id_status", "reset_requests", ["practice_id", "status"], unique=False)
    op.create_table(
        "emergency_grants",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("practice_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by_id", sa.Integer(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name=op.f("fk_emergency_grants_practice_id_practices")),
        sa.ForeignKeyConstraint(["provider_id"], ["users.id"], name=op.f("fk_emergency_grants_provider_id_users")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name=op.f("fk_emergency_grants_decided_by_id_users")),
        sa.ForeignKeyConstraint(["reviewed_by_id"], ["users.id"], name=op.f("fk_emergency_grants_reviewed_by_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_grants")),
    )
    op.create_index("ix_emergency_grants_provider_id_asked_at", "emergency_grants", ["provider_id", "asked_at"], unique=False)
    op.create_index("ix_emergency_grants_practice_id_asked_at", "emergency_grants", ["practice_id", "asked_at"], unique=False)
    op.create_table(
        "emergency_views",
        sa.Column("grant_id", sa.String(length=32), nullable=False),
        sa.Column("chart_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["emergency_grants.id"], name=op.f("fk_emergency_views_grant_id_emergency_grants")),
        sa.ForeignKeyConstraint(["chart_id"], ["charts.id"], name=op.f("fk_emergency_views_chart_id_charts")),
        sa.PrimaryKeyConstraint("grant_id", "chart_id", name=op.f("pk_emergency_views")),
    )
    allow_levels("claimant", "waiting", "emergency", "aal1", "aal1+trusted", "aal2")
    op.add_column("backup_code_sets", sa.Column("sealed_copy_given_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("events", sa.Column("case_id", sa.String(length=32), nullable=True))
    op.add_column("practices", sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("practices", sa.Column("grace_days", sa.Integer(), server_default="0", nullable=False))
    op.add_column("practices", sa.Column("grace_sign_ins", sa.Integer(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("reset_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("grace_sign_ins", sa.Integer(), nullable=True))
    op.create_index("ix_users_practice_id_full_name", "users", ["practice_id", "full_name"], unique=False)
    op.create_index("ix_users_practice_id_state", "users", ["practice_id", "disabled_at", "two_factor", "role"], unique=False)
    op.add_column("sessions", sa.Column("put_off_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_column("sessions", "put_off_at")
    op.drop_index("ix_users_practice_id_state", table_name="users")
    op.drop_index("ix_users_practice_id_full_name", table_name="users")
    op.drop_column("users", "grace_sign_ins")
    op.drop_column("users", "reminded_at")
    op.drop_column("users", "reset_at")
    op.drop_column("practices", "grace_sign_ins")
    op.drop_column("practices", "grace_days")
    op.drop_column("practices", "deadline_at")
    op.drop_column("events", "case_id")
    op.drop_column("backup_code_sets", "sealed_copy_given_at")
    op.execute("DELETE FROM sessions WHERE level in ('waiting', 'emergency')")
    allow_levels("claimant", "aal1", "aal1+trusted", "aal2")
    op.drop_table("emergency_views")
    op.drop_index("ix_emergency_grants_practice_id_asked_at", table_name="emergency_grants")
    op.drop_index("ix_emergency_grants_provider_id_asked_at", table_name="emergency_grants")
    op.drop_table("emergency_grants")
    op.drop_index("ix_reset_requests_practice_id_status", table_name="reset_requests")
    op.drop_index("ix_reset_requests_subject_id_asked_at", table_name="reset_requests")
    op.drop_table("reset_requests")
    op.drop_index("ix_chart_notes_chart_id_written_at", table_name="chart_notes")
    op.drop_table("chart_notes")
    op.drop_index("ix_charts_practice_id_patient_name", table_name="charts")
    op.drop_table("charts")
