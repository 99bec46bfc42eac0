"""Booking the house: drafts that hold a time, officers' lanes, papers, closed rooms, missed bookings."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SETTINGS = {"hold_minutes": 10, "no_show_minutes": 15, "proposal_hours": 24, "quiet_weeks": 4}


def _one_of(*columns: str) -> str:
    return " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in columns) + " = 1"


def upgrade() -> None:
    with op.batch_alter_table("office") as batch:
        for name, usual in SETTINGS.items():
            batch.add_column(
                sa.Column(name, sa.Integer(), nullable=False, server_default=str(usual))
            )
    with op.batch_alter_table("office") as batch:  # defaults served the rows that were there
        for name in SETTINGS:
            batch.alter_column(name, server_default=None)
    op.add_column("bidang", sa.Column("officers", sa.Integer(), nullable=True))
    with op.batch_alter_table("closure") as batch:
        batch.add_column(sa.Column("room_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_closure_room_id_room"), "room", ["room_id"], ["id"])

    op.create_table(
        "calendar_feed",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_calendar_feed_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("hash", name=op.f("uq_calendar_feed_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_calendar_feed_user_id")),
    )
    op.add_column("booking", sa.Column("cancel_code", sa.String(length=16), nullable=True))
    op.add_column("booking", sa.Column("leader_role", sa.String(length=24), nullable=True))
    op.add_column("booking", sa.Column("bring_along", sa.String(length=500), nullable=True))
    op.add_column("booking", sa.Column("quota_reason", sa.String(length=200), nullable=True))
    op.add_column("booking", sa.Column("freed_from", sa.Integer(), nullable=True))
    op.add_column("booking", sa.Column("channel", sa.String(length=12), nullable=True))
    op.add_column(
        "booking", sa.Column("village_confirmed_at", sa.DateTime(timezone=True), nullable=True)
    )

    op.create_table(
        "draft",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=24), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("bidang_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("topic", sa.String(length=500), nullable=True),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_slot", sa.Integer(), nullable=True),
        sa.Column("last_slot", sa.Integer(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leader", sa.String(length=80), nullable=True),
        sa.Column("leader_role", sa.String(length=24), nullable=True),
        sa.Column("attendees", sa.Integer(), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("channel", sa.String(length=12), nullable=True),
        sa.Column("quota_reason", sa.String(length=200), nullable=True),
        sa.Column("for_booking_id", sa.Integer(), nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "held_until IS NULL OR date IS NOT NULL", name=op.f("ck_draft_holds_a_time")
        ),
        sa.CheckConstraint("first_slot <= last_slot", name=op.f("ck_draft_slots_in_order")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_draft_{column}_{table}")
            )
            for column, table in (
                ("bidang_id", "bidang"),
                ("booking_id", "booking"),
                ("category_id", "category"),
                ("created_by", "user_account"),
                ("for_booking_id", "booking"),
                ("office_id", "office"),
                ("room_id", "room"),
                ("village_id", "village"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_draft_booking_id")),
        sa.UniqueConstraint("token", name=op.f("uq_draft_token")),
    )
    for columns in (
        ["for_booking_id"],
        ["office_id", "held_until"],
        ["office_id", "booking_id", "changed_at"],
        ["village_id", "changed_at"],
    ):
        op.create_index(op.f(f"ix_draft_{'_'.join(columns)}"), "draft", columns, unique=False)

    op.create_table(
        "attachment",
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "draft_id IS NOT NULL OR booking_id IS NOT NULL", name=op.f("ck_attachment_belongs")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_attachment_has_content")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_attachment_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_attachment_draft_id_draft")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    for column in ("booking_id", "draft_id"):
        op.create_index(op.f(f"ix_attachment_{column}"), "attachment", [column], unique=False)

    op.create_table(
        "bidang_claim",
        sa.Column("bidang_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slot_no", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            _one_of("booking_id", "draft_id"), name=op.f("ck_bidang_claim_one_holder")
        ),
        sa.CheckConstraint("lane > 0", name=op.f("ck_bidang_claim_lane_from_one")),
        sa.ForeignKeyConstraint(
            ["bidang_id"], ["bidang.id"], name=op.f("fk_bidang_claim_bidang_id_bidang")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_bidang_claim_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_bidang_claim_draft_id_draft")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bidang_claim")),
        sa.UniqueConstraint(
            "bidang_id",
            "date",
            "slot_no",
            "lane",
            name=op.f("uq_bidang_claim_bidang_id_date_slot_no_lane"),
        ),
    )
    for column in ("booking_id", "draft_id"):
        op.create_index(op.f(f"ix_bidang_claim_{column}"), "bidang_claim", [column], unique=False)

    with op.batch_alter_table("slot_claim") as batch:
        batch.add_column(sa.Column("draft_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("closure_id", sa.Integer(), nullable=True))
        batch.alter_column("booking_id", existing_type=sa.Integer(), nullable=True)
        batch.create_foreign_key(
            op.f("fk_slot_claim_draft_id_draft"), "draft", ["draft_id"], ["id"]
        )
        batch.create_foreign_key(
            op.f("fk_slot_claim_closure_id_closure"), "closure", ["closure_id"], ["id"]
        )
        batch.create_check_constraint(
            op.f("ck_slot_claim_one_holder"), _one_of("booking_id", "draft_id", "closure_id")
        )
    for column in ("closure_id", "draft_id"):
        op.create_index(op.f(f"ix_slot_claim_{column}"), "slot_claim", [column], unique=False)

    with op.batch_alter_table("quota_seat") as batch:
        batch.add_column(sa.Column("draft_id", sa.Integer(), nullable=True))
        batch.alter_column("booking_id", existing_type=sa.Integer(), nullable=True)
        batch.create_foreign_key(
            op.f("fk_quota_seat_draft_id_draft"), "draft", ["draft_id"], ["id"]
        )
        batch.create_unique_constraint(op.f("uq_quota_seat_draft_id"), ["draft_id"])
        batch.create_check_constraint(
            op.f("ck_quota_seat_one_holder"), _one_of("booking_id", "draft_id")
        )
    op.create_index(
        "ix_ticket_village",
        "ticket",
        ["village_id", "day"],
        sqlite_where=sa.text("village_id IS NOT NULL"),
        postgresql_where=sa.text("village_id IS NOT NULL"),
    )
    _give_officers_to_coming_bookings()


def _give_officers_to_coming_bookings() -> None:
    """What is booked already needs officers as well: a lane in each of its slots."""
    op.execute("""
        INSERT INTO bidang_claim (bidang_id, date, slot_no, lane, booking_id)
        SELECT booking.bidang_id, booking.date, slot.no,
            row_number() OVER (
                PARTITION BY booking.bidang_id, booking.date, slot.no ORDER BY booking.id
            ),
            booking.id
        FROM booking
        JOIN quota_seat ON quota_seat.booking_id = booking.id
        JOIN (SELECT DISTINCT office_id, no FROM slot) AS slot
            ON slot.office_id = booking.office_id
            AND slot.no BETWEEN booking.first_slot AND booking.last_slot
    """)


def downgrade() -> None:
    op.drop_index("ix_ticket_village", "ticket")
    op.execute("DELETE FROM slot_claim WHERE booking_id IS NULL")
    op.execute("DELETE FROM quota_seat WHERE booking_id IS NULL")
    op.execute("DELETE FROM closure WHERE room_id IS NOT NULL")
    with op.batch_alter_table("quota_seat") as batch:
        batch.drop_constraint(op.f("ck_quota_seat_one_holder"), type_="check")
        batch.drop_constraint(op.f("uq_quota_seat_draft_id"), type_="unique")
        batch.drop_constraint(op.f("fk_quota_seat_draft_id_draft"), type_="foreignkey")
        batch.alter_column("booking_id", existing_type=sa.Integer(), nullable=False)
        batch.drop_column("draft_id")
    for column in ("closure_id", "draft_id"):
        op.drop_index(op.f(f"ix_slot_claim_{column}"), "slot_claim")
    with op.batch_alter_table("slot_claim") as batch:
        batch.drop_constraint(op.f("ck_slot_claim_one_holder"), type_="check")
        batch.drop_constraint(op.f("fk_slot_claim_closure_id_closure"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_slot_claim_draft_id_draft"), type_="foreignkey")
        batch.alter_column("booking_id", existing_type=sa.Integer(), nullable=False)
        batch.drop_column("closure_id")
        batch.drop_column("draft_id")
    op.drop_table("bidang_claim")
    op.drop_table("attachment")
    op.drop_table("draft")
    for column in (
        "village_confirmed_at",
        "channel",
        "freed_from",
        "quota_reason",
        "bring_along",
        "leader_role",
        "cancel_code",
    ):
        op.drop_column("booking", column)
    op.drop_table("calendar_feed")
    with op.batch_alter_table("closure") as batch:
        batch.drop_constraint(op.f("fk_closure_room_id_room"), type_="foreignkey")
        batch.drop_column("room_id")
    op.drop_column("bidang", "officers")
    with op.batch_alter_table("office") as batch:
        for name in reversed(SETTINGS):
            batch.drop_column(name)
