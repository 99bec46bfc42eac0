"""The tables of an office. All that an administrator may change stands here, nothing in the rules."""

from datetime import date, datetime, time
from functools import cached_property
from typing import ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ruko.audit import Subject
from ruko.db import Base

ZONE_NAMES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}


def full_name(kind: str, name: str) -> str:
    """A village as in a sentence: Desa Binjai, Kelurahan Batu Piring."""
    return f"{kind.capitalize()} {name}"


class Office(Base):
    """One sub-district office. Lengths of time are whole minutes unless the name says otherwise."""

    __tablename__ = "office"

    slug: Mapped[str] = mapped_column(String(40), unique=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    regency: Mapped[str] = mapped_column(String(80))
    house: Mapped[str] = mapped_column(String(40))
    house_name: Mapped[str] = mapped_column(String(80))
    timezone: Mapped[str] = mapped_column(String(40))

    last_number_minutes: Mapped[int]
    call_expires_minutes: Mapped[int]
    priority_head_start_minutes: Mapped[int]
    booking_head_start_minutes: Mapped[int]
    booking_late_minutes: Mapped[int]
    recall_gap_seconds: Mapped[int]
    announcements_before_no_show: Mapped[int]
    check_in_early_minutes: Mapped[int]
    quota_per_week: Mapped[int]
    book_ahead_minutes: Mapped[int]
    book_until_days: Mapped[int]
    change_until_minutes: Mapped[int]
    rejoin_minutes: Mapped[int]
    rejoin_behind: Mapped[int]
    """How many waiting visitors come before one who rejoins after a missed call."""
    let_pass_behind: Mapped[int]
    undo_seconds: Mapped[int]
    hold_minutes: Mapped[int]
    """How long a chosen time is kept while the request is written."""
    no_show_minutes: Mapped[int]
    """After its start a booking that nobody checked in counts as missed."""
    proposal_hours: Mapped[int]
    """How long a time proposed by the office is kept for the village's answer."""
    quiet_weeks: Mapped[int]
    """A village that has not coordinated for so long is worth a call."""
    queue_day: Mapped[date | None]
    """The day whose queue runs; the first write of another day closes what was left open."""

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def zone_name(self) -> str:
        """WIB, WITA or WIT, as people say it."""
        return ZONE_NAMES.get(self.timezone, self.timezone)

    def local(self, moment: datetime) -> datetime:
        """The moment as the office's clock on the wall shows it."""
        return moment.astimezone(self.zone)

    def day(self, now: datetime) -> date:
        """The office's calendar day; a queue begins and ends with it."""
        return self.local(now).date()

    def at(self, day: date, clock: time) -> datetime:
        """The moment when the wall clock shows `clock` on `day`."""
        return datetime.combine(day, clock, self.zone)


class OfficeState(Base):
    """Two counters bumped last in each writing transaction: the board's version, the calls' order."""

    __tablename__ = "office_state"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), unique=True)
    board_version: Mapped[int] = mapped_column(default=0)
    call_seq: Mapped[int] = mapped_column(default=0)


class Village(Base):
    """A desa or kelurahan, known by its Kemendagri code; names are not unique in a regency."""

    __tablename__ = "village"
    __table_args__ = (
        UniqueConstraint("office_id", "code"),
        CheckConstraint("kind IN ('desa', 'kelurahan')", name="kind_known"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    code: Mapped[str] = mapped_column(String(13))
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(9))

    @property
    def full_name(self) -> str:
        return full_name(self.kind, self.name)


class Bidang(Base):
    """A section of the office that people come to see."""

    __tablename__ = "bidang"
    __table_args__ = (
        UniqueConstraint("office_id", "code"),
        UniqueConstraint("office_id", "letter"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    code: Mapped[str] = mapped_column(String(8))
    letter: Mapped[str] = mapped_column(String(1))
    name: Mapped[str] = mapped_column(String(80))
    short_name: Mapped[str] = mapped_column(String(60))
    spoken_name: Mapped[str] = mapped_column(String(80))
    about: Mapped[str] = mapped_column(String(160))
    position: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    daily_capacity: Mapped[int | None]
    """Numbers that may be taken in a day, None without a limit; a booking is never refused by it."""
    officers: Mapped[int | None]
    """How many meetings it can attend at one time, None without a limit."""

    services: Mapped[list["Service"]] = relationship(order_by="Service.position")


class Service(Base):
    """What a bidang does, with the six public parts of its standard (PermenPANRB 15/2014)."""

    __tablename__ = "service"

    bidang_id: Mapped[int] = mapped_column(ForeignKey("bidang.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]
    requirements: Mapped[list[str]] = mapped_column(JSON)
    procedure: Mapped[str] = mapped_column(String(500))
    target_minutes: Mapped[int]
    fee: Mapped[str] = mapped_column(String(80))
    product: Mapped[str] = mapped_column(String(200))
    complaint_channel: Mapped[str] = mapped_column(String(200))


class Counter(Base):
    """A place where a visitor is served: a loket or a room; of one bidang, or of any."""

    __tablename__ = "counter"
    __table_args__ = (
        UniqueConstraint("office_id", "name"),
        CheckConstraint("kind IN ('loket', 'room')", name="kind_known"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(8))
    position: Mapped[int]
    bidang_id: Mapped[int | None] = mapped_column(ForeignKey("bidang.id"))

    bidang: Mapped[Bidang | None] = relationship()


class Category(Base):
    """A kind of problem that villages bring, with the bidang that usually answers it."""

    __tablename__ = "category"
    __table_args__ = (UniqueConstraint("office_id", "code"),)

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    code: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    bidang_id: Mapped[int] = mapped_column(ForeignKey("bidang.id"))

    bidang: Mapped[Bidang] = relationship()


class Hours(Base):
    """One span of service on a weekday (0 = Monday); what lies between two spans is a break."""

    __tablename__ = "hours"
    __table_args__ = (
        UniqueConstraint("office_id", "weekday", "opens"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        CheckConstraint("opens < closes", name="opens_before_closing"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]


class Holiday(Base):
    """A day off: national (public) or collective leave (government), or the office's own."""

    __tablename__ = "holiday"
    __table_args__ = (UniqueConstraint("office_id", "date"),)

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    date: Mapped[date]
    name: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(40))


class Closure(Base):
    """A stretch in which the office, or one room of it, is shut, with the reason people read.

    Nothing is deleted: reopening early moves its end.
    """

    __tablename__ = "closure"
    __table_args__ = (
        Index(None, "office_id", "ends_at"),
        CheckConstraint("starts_at <= ends_at", name="starts_before_end"),
    )

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"))


class BoardEntry(Base):
    """What the board shows in its turn, from its first day to its last: a sentence or a picture."""

    __abstract__ = True
    subject: ClassVar[Subject]
    most_at_once: ClassVar[int]
    """On one day; the others wait until a place is free."""
    shortest: ClassVar[int]
    """Characters of its text."""

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    text: Mapped[str] = mapped_column(String(200))
    position: Mapped[int]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    """Its first and last day on the board; without one it has begun, or never ends."""


class Announcement(BoardEntry):
    """One sentence of the board's running text."""

    __tablename__ = "announcement"
    __table_args__ = (Index(None, "office_id"),)
    subject = "message"
    most_at_once = 4
    shortest = 1
