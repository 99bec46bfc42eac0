"""The queue, whole: undo, rejoin and let-pass, breaks, closures, pairing codes, help, printing."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "closure",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_at <= ends_at", name=op.f("ck_closure_starts_before_end")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_closure_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    op.create_index(
        op.f("ix_closure_office_id_ends_at"), "closure", ["office_id", "ends_at"], unique=False
    )

    op.create_table(
        "pairing_request",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('kiosk', 'display')", name=op.f("ck_pairing_request_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_pairing_request_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_pairing_request_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing_request")),
        sa.UniqueConstraint("office_id", "code", name=op.f("uq_pairing_request_office_id_code")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_pairing_request_secret_hash")),
    )
    op.create_index(
        op.f("ix_pairing_request_office_id_created_at"),
        "pairing_request",
        ["office_id", "created_at"],
        unique=False,
    )

    op.create_table(
        "printer",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("width IN (58, 80)", name=op.f("ck_printer_width_known")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_printer_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_printer_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer")),
        sa.UniqueConstraint("device_id", name=op.f("uq_printer_device_id")),
        sa.UniqueConstraint("office_id", "name", name=op.f("uq_printer_office_id_name")),
    )
    op.create_table(
        "counter_break",
        sa.Column("counter_id", sa.Integer(), nullable=False),
        sa.Column("bidang_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bidang_id"], ["bidang.id"], name=op.f("fk_counter_break_bidang_id_bidang")
        ),
        sa.ForeignKeyConstraint(
            ["counter_id"], ["counter.id"], name=op.f("fk_counter_break_counter_id_counter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter_break")),
    )
    op.create_index(
        "uq_counter_break_running",
        "counter_break",
        ["counter_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "help_request",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answered_by"],
            ["user_account.id"],
            name=op.f("fk_help_request_answered_by_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_help_request_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_help_request_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_request")),
    )
    op.create_index(
        op.f("ix_help_request_office_id_asked_at"),
        "help_request",
        ["office_id", "asked_at"],
        unique=False,
    )
    op.create_index(
        "uq_help_request_open",
        "help_request",
        ["device_id"],
        unique=True,
        sqlite_where=sa.text("answered_at IS NULL"),
        postgresql_where=sa.text("answered_at IS NULL"),
    )

    op.create_table(
        "print_job",
        sa.Column("printer_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'printing', 'printed', 'failed')",
            name=op.f("ck_print_job_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["printer_id"], ["printer.id"], name=op.f("fk_print_job_printer_id_printer")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_print_job_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_job")),
        sa.UniqueConstraint("ticket_id", "copy", name=op.f("uq_print_job_ticket_id_copy")),
    )
    op.create_index(
        "ix_print_job_open",
        "print_job",
        ["printer_id", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'printing')"),
        postgresql_where=sa.text("state IN ('queued', 'printing')"),
    )
    op.create_index(
        op.f("ix_print_job_printer_id_created_at"),
        "print_job",
        ["printer_id", "created_at"],
        unique=False,
    )

    op.add_column("bidang", sa.Column("daily_capacity", sa.Integer(), nullable=True))

    op.add_column("call", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("office") as batch:
        batch.add_column(
            sa.Column("rejoin_minutes", sa.Integer(), nullable=False, server_default="60")
        )
        batch.add_column(
            sa.Column("rejoin_behind", sa.Integer(), nullable=False, server_default="2")
        )
        batch.add_column(
            sa.Column("let_pass_behind", sa.Integer(), nullable=False, server_default="1")
        )
        batch.add_column(
            sa.Column("undo_seconds", sa.Integer(), nullable=False, server_default="60")
        )
        batch.add_column(sa.Column("queue_day", sa.Date(), nullable=True))
    with op.batch_alter_table("office") as batch:  # defaults served the rows that were there
        batch.alter_column("rejoin_minutes", server_default=None)
        batch.alter_column("rejoin_behind", server_default=None)
        batch.alter_column("let_pass_behind", server_default=None)
        batch.alter_column("undo_seconds", server_default=None)
    op.add_column("ticket", sa.Column("let_pass_at", sa.DateTime(timezone=True), nullable=True))

    op.add_column("turn", sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "turn",
        sa.Column("served_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("turn", sa.Column("called_by", sa.Integer(), nullable=True))
    op.add_column("turn", sa.Column("held_reason", sa.String(length=200), nullable=True))
    op.add_column("turn", sa.Column("before", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("turn", sa.Column("stepped_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for column in (
        "stepped_at",
        "before",
        "held_reason",
        "called_by",
        "served_seconds",
        "missed_at",
    ):
        op.drop_column("turn", column)
    op.drop_column("ticket", "let_pass_at")
    for column in (
        "queue_day",
        "undo_seconds",
        "let_pass_behind",
        "rejoin_behind",
        "rejoin_minutes",
    ):
        op.drop_column("office", column)
    op.drop_column("call", "withdrawn_at")
    op.drop_column("bidang", "daily_capacity")
    op.drop_table("print_job")
    op.drop_table("help_request")
    op.drop_table("counter_break")
    op.drop_table("printer")
    op.drop_table("pairing_request")
    op.drop_table("closure")
