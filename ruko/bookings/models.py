"""The tables of rooms and bookings; their constraints decide who gets a slot and a quota seat."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ruko.db import Base
from ruko.offices import Bidang, Category, Office, Village


class BookingState(StrEnum):
    """Where a booking stands; the API uses these words."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    IN_SESSION = "in_session"
    COMPLETED = "completed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"


_KNOWN_STATES = ", ".join(f"'{state}'" for state in BookingState)


class Room(Base):
    """A room that villages may book."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("office_id", "name"),
        CheckConstraint("capacity > 0", name="has_seats"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(String(40))
    capacity: Mapped[int]
    facilities: Mapped[list[str]] = mapped_column(JSON)
    needs_approval: Mapped[bool]
    position: Mapped[int]


class Slot(Base):
    """A stretch of a weekday (0 = Monday) that can be booked; `no` counts from 1 through the day."""

    __tablename__ = "slot"
    __table_args__ = (
        UniqueConstraint("office_id", "weekday", "no"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        CheckConstraint("starts < ends", name="starts_before_ending"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    weekday: Mapped[int]
    no: Mapped[int]
    starts: Mapped[time]
    ends: Mapped[time]


class Booking(Base):
    """A village's appointment in a room, or an outside visit (no room). Never deleted."""

    __tablename__ = "booking"
    __table_args__ = (
        Index(None, "office_id", "starts_at", "id"),
        Index(None, "office_id", "date"),
        Index(None, "office_id", "state", "starts_at"),
        Index(None, "village_id", "starts_at"),
        CheckConstraint("attendees > 0", name="somebody_attends"),
        CheckConstraint("first_slot <= last_slot", name="slots_in_order"),
        CheckConstraint("starts_at < ends_at", name="starts_before_ending"),
        CheckConstraint(f"state IN ({_KNOWN_STATES})", name="state_known"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    code: Mapped[str] = mapped_column(String(8), unique=True)
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    village_id: Mapped[int] = mapped_column(ForeignKey("village.id"))
    bidang_id: Mapped[int] = mapped_column(ForeignKey("bidang.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    topic: Mapped[str] = mapped_column(String(500))
    attendees: Mapped[int]
    leader: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str | None] = mapped_column(String(20))
    date: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    first_slot: Mapped[int]
    last_slot: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(default=0)
    """Rises with each change of state; also the SEQUENCE of the calendar file."""
    decided_reason: Mapped[str | None] = mapped_column(String(500))
    """Why it was declined or cancelled."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    on_behalf: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    office: Mapped[Office] = relationship()
    room: Mapped[Room | None] = relationship()
    village: Mapped[Village] = relationship()
    bidang: Mapped[Bidang] = relationship()
    category: Mapped[Category] = relationship()


class SlotClaim(Base):
    """Exists exactly while a booking occupies the slot of a room; the constraint settles races."""

    __tablename__ = "slot_claim"
    __table_args__ = (UniqueConstraint("room_id", "date", "slot_no"),)

    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"))
    date: Mapped[date]
    slot_no: Mapped[int]
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)


class QuotaSeat(Base):
    """One of a village's numbered seats in an ISO week; a booking that counts holds one."""

    __tablename__ = "quota_seat"
    __table_args__ = (
        UniqueConstraint("village_id", "period", "n"),
        CheckConstraint("n > 0", name="n_from_one"),
    )

    village_id: Mapped[int] = mapped_column(ForeignKey("village.id"))
    period: Mapped[str] = mapped_column(String(8))
    n: Mapped[int]
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), unique=True)


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """For queries: pending although its start has passed, so it reads as expired."""
    return and_(Booking.state == BookingState.PENDING, Booking.starts_at <= now)


def shown_state(booking: Booking, now: datetime) -> str:
    """The state as people see it: a pending booking whose start has passed has expired."""
    overdue = booking.state == BookingState.PENDING and booking.starts_at <= now
    return BookingState.EXPIRED.value if overdue else booking.state
