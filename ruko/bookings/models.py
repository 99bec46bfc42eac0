"""The tables of rooms, their slots, and bookings."""

from datetime import date, datetime, time, timedelta
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
from ruko.errors import N_, Invalid
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


class CancelCode(StrEnum):
    """Why a booking was called off, for the figures."""

    SETTLED = "settled"
    CLASH = "clash"
    UNPREPARED = "unprepared"
    WEATHER = "weather"
    OFFICE = "office"
    OTHER = "other"


class LeaderRole(StrEnum):
    """What the leader of the group is in the village (Permendagri 84/2015, and its bodies)."""

    HEAD = "head"
    SECRETARY = "secretary"
    KAUR = "kaur"
    KASI = "kasi"
    HAMLET = "hamlet"
    BPD = "bpd"
    LPM = "lpm"
    PKK = "pkk"
    YOUTH = "youth"
    FACILITATOR = "facilitator"
    OTHER = "other"


class Channel(StrEnum):
    """How a village asked for what the office books on its behalf."""

    PHONE = "phone"
    WHATSAPP = "whatsapp"
    VISIT = "visit"
    LETTER = "letter"


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
    cancel_code: Mapped[str | None] = mapped_column(String(16))
    """The kind of reason, a `CancelCode`, where one was given."""
    leader_role: Mapped[str | None] = mapped_column(String(24))
    bring_along: Mapped[str | None] = mapped_column(String(500))
    """What the officer asks the village to bring."""
    quota_reason: Mapped[str | None] = mapped_column(String(200))
    """Why the operator gave a seat beyond the quota."""
    freed_from: Mapped[int | None]
    """The first of its slots that was given back: after a no-show, or when it ended early."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    on_behalf: Mapped[bool] = mapped_column(default=False)
    channel: Mapped[str | None] = mapped_column(String(12))
    """How the village asked for a booking made on its behalf, a `Channel`."""
    village_confirmed_at: Mapped[datetime | None]
    """When the village said yes to what was booked on its behalf."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    office: Mapped[Office] = relationship()
    room: Mapped[Room | None] = relationship()
    village: Mapped[Village] = relationship()
    bidang: Mapped[Bidang] = relationship()
    category: Mapped[Category] = relationship()

    @property
    def hours(self) -> tuple[datetime, datetime]:
        """From when to when, as the wall's clock shows it."""
        return self.office.local(self.starts_at), self.office.local(self.ends_at)


class Draft(Base):
    """A booking that somebody is writing, kept after each step; it may hold its time for a while.

    One made for a booking (`for_booking_id`) is the other time that the office proposes for it.
    """

    __tablename__ = "draft"
    __table_args__ = (
        Index(None, "office_id", "held_until"),
        Index(None, "village_id", "changed_at"),
        Index(None, "office_id", "booking_id", "changed_at"),
        CheckConstraint("held_until IS NULL OR date IS NOT NULL", name="holds_a_time"),
        CheckConstraint("first_slot <= last_slot", name="slots_in_order"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    token: Mapped[str] = mapped_column(String(24), unique=True)
    village_id: Mapped[int] = mapped_column(ForeignKey("village.id"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    bidang_id: Mapped[int | None] = mapped_column(ForeignKey("bidang.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    topic: Mapped[str | None] = mapped_column(String(500))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))
    date: Mapped[date | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    first_slot: Mapped[int | None]
    last_slot: Mapped[int | None]
    held_until: Mapped[datetime | None]
    """Its claims exist while this is set; those of one that has run out go with the next claim."""
    leader: Mapped[str | None] = mapped_column(String(80))
    leader_role: Mapped[str | None] = mapped_column(String(24))
    attendees: Mapped[int | None]
    phone: Mapped[str | None] = mapped_column(String(20))
    channel: Mapped[str | None] = mapped_column(String(12))
    quota_reason: Mapped[str | None] = mapped_column(String(200))
    for_booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), unique=True)
    """What it became; sending it again leads there."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    office: Mapped[Office] = relationship()
    room: Mapped[Room | None] = relationship()
    village: Mapped[Village] = relationship()
    bidang: Mapped[Bidang | None] = relationship()
    category: Mapped[Category | None] = relationship()

    @property
    def hours(self) -> tuple[datetime, datetime]:
        """From when to when, as the wall's clock shows it; raises `Invalid` before it was chosen."""
        if self.starts_at is None or self.ends_at is None:
            raise Invalid("start", N_("Please choose a time first."))
        return self.office.local(self.starts_at), self.office.local(self.ends_at)

    def holds(self, now: datetime) -> bool:
        """Whether its time is kept at this moment."""
        return self.held_until is not None and self.held_until > now


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """For queries: pending although its start has passed, so it reads as expired."""
    return and_(Booking.state == BookingState.PENDING, Booking.starts_at <= now)


def is_absent(office: Office, now: datetime) -> ColumnElement[bool]:
    """For queries: nobody came to its room within the grace, so it reads as a no-show."""
    return and_(
        Booking.state == BookingState.CONFIRMED,
        Booking.room_id.is_not(None),
        Booking.starts_at <= now - timedelta(minutes=office.no_show_minutes),
    )


def shown_state(booking: Booking, now: datetime) -> str:
    """The state as people see it: what time alone has changed is shown before it is written."""
    if booking.state == BookingState.PENDING and booking.starts_at <= now:
        return BookingState.EXPIRED.value
    grace = timedelta(minutes=booking.office.no_show_minutes)
    waited_for = booking.state == BookingState.CONFIRMED and booking.room_id is not None
    if waited_for and booking.starts_at + grace <= now:
        return BookingState.NO_SHOW.value
    return booking.state
