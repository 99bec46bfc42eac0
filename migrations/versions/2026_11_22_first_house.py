"""The first house: offices, accounts, devices, bookings and the queue."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "office",
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("regency", sa.String(length=80), nullable=False),
        sa.Column("house", sa.String(length=40), nullable=False),
        sa.Column("house_name", sa.String(length=80), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("last_number_minutes", sa.Integer(), nullable=False),
        sa.Column("call_expires_minutes", sa.Integer(), nullable=False),
        sa.Column("priority_head_start_minutes", sa.Integer(), nullable=False),
        sa.Column("booking_head_start_minutes", sa.Integer(), nullable=False),
        sa.Column("booking_late_minutes", sa.Integer(), nullable=False),
        sa.Column("recall_gap_seconds", sa.Integer(), nullable=False),
        sa.Column("announcements_before_no_show", sa.Integer(), nullable=False),
        sa.Column("check_in_early_minutes", sa.Integer(), nullable=False),
        sa.Column("quota_per_week", sa.Integer(), nullable=False),
        sa.Column("book_ahead_minutes", sa.Integer(), nullable=False),
        sa.Column("book_until_days", sa.Integer(), nullable=False),
        sa.Column("change_until_minutes", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
        sa.UniqueConstraint("code", name=op.f("uq_office_code")),
        sa.UniqueConstraint("slug", name=op.f("uq_office_slug")),
    )
    op.create_table(
        "announcement",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_announcement_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
    )
    op.create_index(op.f("ix_announcement_office_id"), "announcement", ["office_id"], unique=False)
    op.create_table(
        "audit_event",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('user', 'device', 'visitor', 'system')",
            name=op.f("ck_audit_event_actor_known"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_audit_event_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(
        op.f("ix_audit_event_subject_subject_id_id"),
        "audit_event",
        ["subject", "subject_id", "id"],
        unique=False,
    )
    op.create_table(
        "bidang",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("short_name", sa.String(length=60), nullable=False),
        sa.Column("spoken_name", sa.String(length=80), nullable=False),
        sa.Column("about", sa.String(length=160), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_bidang_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bidang")),
        sa.UniqueConstraint("office_id", "code", name=op.f("uq_bidang_office_id_code")),
        sa.UniqueConstraint("office_id", "letter", name=op.f("uq_bidang_office_id_letter")),
    )
    op.create_table(
        "device",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("pairing_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('kiosk', 'display')", name=op.f("ck_device_kind_known")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_device_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint(
            "office_id", "kind", "name", name=op.f("uq_device_office_id_kind_name")
        ),
        sa.UniqueConstraint("pairing_hash", name=op.f("uq_device_pairing_hash")),
    )
    op.create_table(
        "holiday",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_holiday_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday")),
        sa.UniqueConstraint("office_id", "date", name=op.f("uq_holiday_office_id_date")),
    )
    op.create_table(
        "hours",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("opens < closes", name=op.f("ck_hours_opens_before_closing")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_hours_weekday_known")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_hours_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours")),
        sa.UniqueConstraint(
            "office_id", "weekday", "opens", name=op.f("uq_hours_office_id_weekday_opens")
        ),
    )
    op.create_table(
        "office_state",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("board_version", sa.Integer(), nullable=False),
        sa.Column("call_seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_office_state_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_state")),
        sa.UniqueConstraint("office_id", name=op.f("uq_office_state_office_id")),
    )
    op.create_table(
        "request_key",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("caller", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("content_type", sa.String(length=80), nullable=True),
        sa.Column("location", sa.String(length=500), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_request_key_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_key")),
        sa.UniqueConstraint(
            "office_id", "caller", "key", name=op.f("uq_request_key_office_id_caller_key")
        ),
    )
    op.create_index(op.f("ix_request_key_created_at"), "request_key", ["created_at"], unique=False)
    op.create_table(
        "room",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("facilities", sa.JSON(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_room_has_seats")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_room_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("office_id", "name", name=op.f("uq_room_office_id_name")),
    )
    op.create_table(
        "slot",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts < ends", name=op.f("ck_slot_starts_before_ending")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_slot_weekday_known")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_slot_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot")),
        sa.UniqueConstraint(
            "office_id", "weekday", "no", name=op.f("uq_slot_office_id_weekday_no")
        ),
    )
    op.create_table(
        "ticket_series",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_ticket_series_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_series")),
        sa.UniqueConstraint(
            "office_id", "day", "letter", name=op.f("uq_ticket_series_office_id_day_letter")
        ),
    )
    op.create_table(
        "village",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=13), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=9), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('desa', 'kelurahan')", name=op.f("ck_village_kind_known")),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_village_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village")),
        sa.UniqueConstraint("office_id", "code", name=op.f("uq_village_office_id_code")),
    )
    op.create_table(
        "category",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("bidang_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bidang_id"], ["bidang.id"], name=op.f("fk_category_bidang_id_bidang")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_category_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("office_id", "code", name=op.f("uq_category_office_id_code")),
    )
    op.create_table(
        "counter",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("bidang_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('loket', 'room')", name=op.f("ck_counter_kind_known")),
        sa.ForeignKeyConstraint(
            ["bidang_id"], ["bidang.id"], name=op.f("fk_counter_bidang_id_bidang")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_counter_office_id_office")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter")),
        sa.UniqueConstraint("office_id", "name", name=op.f("uq_counter_office_id_name")),
    )
    op.create_table(
        "service",
        sa.Column("bidang_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("requirements", sa.JSON(), nullable=False),
        sa.Column("procedure", sa.String(length=500), nullable=False),
        sa.Column("target_minutes", sa.Integer(), nullable=False),
        sa.Column("fee", sa.String(length=80), nullable=False),
        sa.Column("product", sa.String(length=200), nullable=False),
        sa.Column("complaint_channel", sa.String(length=200), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bidang_id"], ["bidang.id"], name=op.f("fk_service_bidang_id_bidang")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
    )
    op.create_index(op.f("ix_service_bidang_id"), "service", ["bidang_id"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("bidang_id", sa.Integer(), nullable=True),
        sa.Column("village_id", sa.Integer(), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("session_key", sa.String(length=22), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(role = 'staff') = (bidang_id IS NOT NULL)",
            name=op.f("ck_user_account_staff_has_bidang"),
        ),
        sa.CheckConstraint(
            "(role = 'village') = (village_id IS NOT NULL)",
            name=op.f("ck_user_account_village_has_village"),
        ),
        sa.ForeignKeyConstraint(
            ["bidang_id"], ["bidang.id"], name=op.f("fk_user_account_bidang_id_bidang")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_user_account_office_id_office")
        ),
        sa.ForeignKeyConstraint(
            ["village_id"], ["village.id"], name=op.f("fk_user_account_village_id_village")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint(
            "office_id", "username", name=op.f("uq_user_account_office_id_username")
        ),
    )
    op.create_table(
        "booking",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("village_id", sa.Integer(), nullable=False),
        sa.Column("bidang_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=500), nullable=False),
        sa.Column("attendees", sa.Integer(), nullable=False),
        sa.Column("leader", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_slot", sa.Integer(), nullable=False),
        sa.Column("last_slot", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decided_reason", sa.String(length=500), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("on_behalf", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'confirmed', 'checked_in', 'in_session', 'completed', 'declined', 'cancelled', 'no_show', 'expired')",
            name=op.f("ck_booking_state_known"),
        ),
        sa.CheckConstraint("attendees > 0", name=op.f("ck_booking_somebody_attends")),
        sa.CheckConstraint("first_slot <= last_slot", name=op.f("ck_booking_slots_in_order")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_booking_starts_before_ending")),
        sa.ForeignKeyConstraint(
            ["bidang_id"], ["bidang.id"], name=op.f("fk_booking_bidang_id_bidang")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_booking_category_id_category")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_booking_created_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_booking_office_id_office")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_booking_room_id_room")),
        sa.ForeignKeyConstraint(
            ["village_id"], ["village.id"], name=op.f("fk_booking_village_id_village")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("code", name=op.f("uq_booking_code")),
    )
    op.create_index(
        op.f("ix_booking_office_id_date"), "booking", ["office_id", "date"], unique=False
    )
    op.create_index(
        op.f("ix_booking_office_id_starts_at_id"),
        "booking",
        ["office_id", "starts_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_booking_office_id_state_starts_at"),
        "booking",
        ["office_id", "state", "starts_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_booking_village_id_starts_at"),
        "booking",
        ["village_id", "starts_at"],
        unique=False,
    )
    op.create_table(
        "token",
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (device_id IS NULL)", name=op.f("ck_token_one_bearer")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_token_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_token_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_token_hash")),
    )
    op.create_index(op.f("ix_token_device_id"), "token", ["device_id"], unique=False)
    op.create_index(op.f("ix_token_user_id"), "token", ["user_id"], unique=False)
    op.create_table(
        "quota_seat",
        sa.Column("village_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck_quota_seat_n_from_one")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_quota_seat_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["village_id"], ["village.id"], name=op.f("fk_quota_seat_village_id_village")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota_seat")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_quota_seat_booking_id")),
        sa.UniqueConstraint(
            "village_id", "period", "n", name=op.f("uq_quota_seat_village_id_period_n")
        ),
    )
    op.create_table(
        "slot_claim",
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("slot_no", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_slot_claim_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_slot_claim_room_id_room")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_claim")),
        sa.UniqueConstraint(
            "room_id", "date", "slot_no", name=op.f("uq_slot_claim_room_id_date_slot_no")
        ),
    )
    op.create_index(op.f("ix_slot_claim_booking_id"), "slot_claim", ["booking_id"], unique=False)
    op.create_table(
        "ticket",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("letter", sa.String(length=1), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=24), nullable=False),
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.Column("visitor", sa.String(length=16), nullable=False),
        sa.Column("village_id", sa.Integer(), nullable=True),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "visitor = 'village_official' OR village_id IS NULL",
            name=op.f("ck_ticket_only_officials_have_village"),
        ),
        sa.CheckConstraint(
            "visitor IN ('village_official', 'resident', 'other')",
            name=op.f("ck_ticket_visitor_known"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_ticket_number_positive")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_ticket_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_ticket_office_id_office")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_ticket_service_id_service")
        ),
        sa.ForeignKeyConstraint(
            ["village_id"], ["village.id"], name=op.f("fk_ticket_village_id_village")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_ticket_booking_id")),
        sa.UniqueConstraint(
            "office_id",
            "day",
            "letter",
            "number",
            name=op.f("uq_ticket_office_id_day_letter_number"),
        ),
        sa.UniqueConstraint("token", name=op.f("uq_ticket_token")),
    )
    op.create_table(
        "turn",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("bidang_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counter_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=11), nullable=False),
        sa.Column("rank_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("announcements", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("result_note", sa.String(length=1000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('waiting', 'called', 'serving', 'held', 'no_show')) = (closed_at IS NULL)",
            name=op.f("ck_turn_closed_once"),
        ),
        sa.CheckConstraint(
            "NOT state IN ('called', 'serving') OR counter_id IS NOT NULL",
            name=op.f("ck_turn_called_to_place"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'called', 'serving', 'held', 'no_show', 'done', 'transferred', 'cancelled', 'expired')",
            name=op.f("ck_turn_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["bidang_id"], ["bidang.id"], name=op.f("fk_turn_bidang_id_bidang")
        ),
        sa.ForeignKeyConstraint(
            ["counter_id"], ["counter.id"], name=op.f("fk_turn_counter_id_counter")
        ),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_turn_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turn")),
    )
    op.create_index("ix_turn_day", "turn", ["bidang_id", "day"], unique=False)
    op.create_index(
        "ix_turn_served",
        "turn",
        ["bidang_id", "closed_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('done')"),
        postgresql_where=sa.text("state IN ('done')"),
    )
    op.create_index("ix_turn_ticket", "turn", ["ticket_id", "id"], unique=False)
    op.create_index(
        "ix_turn_waiting",
        "turn",
        ["bidang_id", "day", "rank_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting')"),
        postgresql_where=sa.text("state IN ('waiting')"),
    )
    op.create_index(
        "uq_turn_one_per_counter",
        "turn",
        ["counter_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('called', 'serving')"),
        postgresql_where=sa.text("state IN ('called', 'serving')"),
    )
    op.create_index(
        "uq_turn_open_per_ticket",
        "turn",
        ["ticket_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'called', 'serving', 'held')"),
        postgresql_where=sa.text("state IN ('waiting', 'called', 'serving', 'held')"),
    )
    op.create_table(
        "call",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("turn_id", sa.Integer(), nullable=False),
        sa.Column("counter_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('first', 'recall', 'last')", name=op.f("ck_call_kind_known")),
        sa.ForeignKeyConstraint(
            ["counter_id"], ["counter.id"], name=op.f("fk_call_counter_id_counter")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_call_office_id_office")
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_call_turn_id_turn")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
        sa.UniqueConstraint("office_id", "seq", name=op.f("uq_call_office_id_seq")),
    )
    op.create_index(
        op.f("ix_call_office_id_called_at"), "call", ["office_id", "called_at"], unique=False
    )
    op.create_index(op.f("ix_call_turn_id_seq"), "call", ["turn_id", "seq"], unique=False)


def downgrade() -> None:
    op.drop_table("call")
    op.drop_table("turn")
    op.drop_table("ticket")
    op.drop_table("slot_claim")
    op.drop_table("quota_seat")
    op.drop_table("token")
    op.drop_table("booking")
    op.drop_table("user_account")
    op.drop_table("service")
    op.drop_table("counter")
    op.drop_table("category")
    op.drop_table("village")
    op.drop_table("ticket_series")
    op.drop_table("slot")
    op.drop_table("room")
    op.drop_table("request_key")
    op.drop_table("office_state")
    op.drop_table("hours")
    op.drop_table("holiday")
    op.drop_table("device")
    op.drop_table("bidang")
    op.drop_table("audit_event")
    op.drop_table("announcement")
    op.drop_table("office")
