"""The waiting room: receipts of calls, what each display is set to, clips, slides, dated sentences."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "clip",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_clip_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip")),
        sa.UniqueConstraint("office_id", "name", name=op.f("uq_clip_office_id_name")),
    )
    op.create_table(
        "slide",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_slide_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slide")),
    )
    op.create_index(
        op.f("ix_slide_office_id_position"), "slide", ["office_id", "position"], unique=False
    )

    op.create_table(
        "display",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_until", sa.Time(), nullable=True),
        sa.Column("sound", sa.String(length=8), nullable=True),
        sa.Column("page", sa.String(length=16), nullable=True),
        sa.Column("missing", sa.Integer(), nullable=True),
        sa.Column("trouble", sa.String(length=200), nullable=True),
        sa.Column("trouble_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL)", name=op.f("ck_display_quiet_whole")
        ),
        sa.CheckConstraint("repeats BETWEEN 0 AND 3", name=op.f("ck_display_repeats_known")),
        sa.CheckConstraint("volume BETWEEN 0 AND 100", name=op.f("ck_display_volume_known")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_display_device_id_device")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_display")),
        sa.UniqueConstraint("device_id", name=op.f("uq_display_device_id")),
    )
    op.create_table(
        "display_bidang",
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("bidang_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bidang_id"], ["bidang.id"], name=op.f("fk_display_bidang_bidang_id_bidang")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_display_bidang_device_id_device")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_display_bidang")),
        sa.UniqueConstraint(
            "device_id", "bidang_id", name=op.f("uq_display_bidang_device_id_bidang_id")
        ),
    )
    op.create_table(
        "receipt",
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spoken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_receipt_call_id_call")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_receipt_device_id_device")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("call_id", "device_id", name=op.f("uq_receipt_call_id_device_id")),
    )
    op.add_column("announcement", sa.Column("starts_on", sa.Date(), nullable=True))
    op.add_column("announcement", sa.Column("ends_on", sa.Date(), nullable=True))

    op.add_column("device", sa.Column("last_spoken", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("device", "last_spoken")

    op.drop_column("announcement", "ends_on")
    op.drop_column("announcement", "starts_on")

    op.drop_table("receipt")
    op.drop_table("display_bidang")
    op.drop_table("display")
    op.drop_index(op.f("ix_slide_office_id_position"), table_name="slide")

    op.drop_table("slide")
    op.drop_table("clip")
