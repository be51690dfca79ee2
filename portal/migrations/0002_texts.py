"""Text codes, the outbox as a queue, trusted browsers, second addresses, links that are mailed."""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_links_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
    )
    op.create_index(op.f("ix_links_user_id"), "links", ["user_id"], unique=False)
    op.create_table(
        "notice_addresses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notice_addresses_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_addresses")),
    )
    op.create_index(op.f("ix_notice_addresses_user_id"), "notice_addresses", ["user_id"], unique=False)
    op.create_table(
        "trusted_browsers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_trusted_browsers_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_browsers")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_trusted_browsers_token_hash")),
    )
    op.create_index(op.f("ix_trusted_browsers_user_id"), "trusted_browsers", ["user_id"], unique=False)
    op.create_table(
        "sent_codes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.String(length=48), nullable=False),
        sa.Column("authenticator_id", sa.String(length=32), nullable=False),
        sa.Column("to_hash", sa.LargeBinary(), nullable=False),
        sa.Column("prefix", sa.String(length=8), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("outbox_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_sent_codes_outbox_id_outbox")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sent_codes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_codes")),
    )
    op.create_index(op.f("ix_sent_codes_attempt"), "sent_codes", ["attempt"], unique=False)
    op.create_index("ix_sent_codes_ip_created_at", "sent_codes", ["ip", "created_at"], unique=False)
    op.create_index("ix_sent_codes_to_hash_created_at", "sent_codes", ["to_hash", "created_at"], unique=False)
    op.create_index("ix_sent_codes_user_id_created_at", "sent_codes", ["user_id", "created_at"], unique=False)
    op.add_column("authenticators", sa.Column("target_hash", sa.LargeBinary(), nullable=True))
    op.create_index(op.f("ix_authenticators_target_hash"), "authenticators", ["target_hash"], unique=False)
    op.add_column("bindings", sa.Column("replaces", sa.String(length=32), nullable=True))
    op.add_column("bindings", sa.Column("is_extra", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("kind", sa.String(length=8), server_default="mail", nullable=False))
    op.add_column("outbox", sa.Column("body_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("outbox", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("state", sa.String(length=12), server_default="queued", nullable=False))
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("dies_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("outcome", sa.String(length=12), nullable=True))
    op.add_column("outbox", sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_outbox_state_lease_until", "outbox", ["state", "lease_until"], unique=False)
    op.add_column("sessions", sa.Column("turning_off_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("generation", sa.Integer(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("country", sa.String(length=2), server_default="US", nullable=False))
    op.add_column("users", sa.Column("email_hash", sa.LargeBinary(), nullable=True))
    op.add_column("users", sa.Column("phone_confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("invited_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_users_email_hash"), "users", ["email_hash"], unique=False)


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_index(op.f("ix_users_email_hash"), table_name="users")
    op.drop_column("users", "invited_until")
    op.drop_column("users", "phone_confirmed_at")
    op.drop_column("users", "email_hash")
    op.drop_column("users", "country")
    op.drop_column("users", "generation")
    op.drop_column("sessions", "turning_off_at")
    op.drop_index("ix_outbox_state_lease_until", table_name="outbox")
    op.drop_column("outbox", "delivered_at")
    op.drop_column("outbox", "outcome")
    op.drop_column("outbox", "dies_at")
    op.drop_column("outbox", "lease_until")
    op.drop_column("outbox", "attempts")
    op.drop_column("outbox", "state")
    op.drop_column("outbox", "answered_at")
    op.drop_column("outbox", "body_sealed")
    op.drop_column("outbox", "kind")
    op.drop_index(op.f("ix_authenticators_target_hash"), table_name="authenticators")
    op.drop_column("authenticators", "target_hash")
    op.drop_column("bindings", "is_extra")
    op.drop_column("bindings", "replaces")
    op.drop_index("ix_sent_codes_user_id_created_at", table_name="sent_codes")
    op.drop_index("ix_sent_codes_to_hash_created_at", table_name="sent_codes")
    op.drop_index("ix_sent_codes_ip_created_at", table_name="sent_codes")
    op.drop_index(op.f("ix_sent_codes_attempt"), table_name="sent_codes")
    op.drop_table("sent_codes")
    op.drop_index(op.f("ix_trusted_browsers_user_id"), table_name="trusted_browsers")
    op.drop_table("trusted_browsers")
    op.drop_index(op.f("ix_notice_addresses_user_id"), table_name="notice_addresses")
    op.drop_table("notice_addresses")
    op.drop_index(op.f("ix_links_user_id"), table_name="links")
    op.drop_table("links")
