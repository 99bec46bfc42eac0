"""Slots: who holds them, the grid of a day, what is still free, and what to book instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import exists, func, not_, select

from ruko.bookings.errors import Alternative
from ruko.bookings.models import Booking, QuotaSeat, Room, Slot, SlotClaim, is_overdue
from ruko.bookings.queries import all_rooms
from ruko.bookings.timetable import (
    Timetable,
    contiguous,
    last_bookable_day,
    timetable,
    why_not_yet_bookable,
    why_too_far,
)
from ruko.db import db
from ruko.errors import RukoError
from ruko.offices import Holiday, Hours, Office, Village

MOST_ALTERNATIVES = 3

SlotState = Literal["free", "mine", "taken", "closed", "past"]
Claims = dict[tuple[int, date, int], int]
"""Room, date and number of each occupied slot, with the village that holds it."""


# ── Quota ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Quota:
    """How many of a village's seats in one week are used."""

    period: str
    limit: int
    used: int


def period_of(day: date) -> str:
    """The ISO week of a day: 2026-W48."""
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def quota_of(office: Office, village: Village, day: date, now: datetime) -> Quota:
    """The village's quota in the week of `day`; overdue requests no longer count."""
    used = db.session.scalar(
        select(func.count())
        .select_from(QuotaSeat)
        .join(Booking, Booking.id == QuotaSeat.booking_id)
        .where(
            QuotaSeat.village_id == village.id,
            QuotaSeat.period == period_of(day),
            not_(is_overdue(now)),
        )
    )
    return Quota(period_of(day), office.quota_per_week, used or 0)


# ── The grid of a day, and the free slots of many ─────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot of one room, as one village sees it; `reason` says why it is closed or past."""

    no: int
    starts: time
    ends: time
    state: SlotState
    reason: RukoError | None = None


@dataclass(frozen=True, slots=True)
class DayGrid:
    """The rooms and slots of one day."""

    date: date
    closed_reason: RukoError | None
    quota: Quota | None
    rooms: list[tuple[Room, list[SlotView]]]

    @property
    def open(self) -> bool:
        return self.closed_reason is None


def day_grid(office: Office, day: date, *, village: Village | None, now: datetime) -> DayGrid:
    """Every room's slots on `day`; with `village`, its own ones and its quota are shown."""
    table = timetable(office, day)
    closed = why_too_far(office, day, now) or table.why_closed(now)
    claims = _claims(office, day, day, now)

    def view(room: Room, slot: Slot) -> SlotView:
        holder = claims.get((room.id, day, slot.no))
        if holder is not None:
            mine = village is not None and holder == village.id
            return SlotView(slot.no, slot.starts, slot.ends, "mine" if mine else "taken")
        state, reason = ("closed", closed) if closed else _offer(table, slot, now)
        return SlotView(slot.no, slot.starts, slot.ends, state, reason)

    return DayGrid(
        day,
        closed,
        quota_of(office, village, day, now) if village else None,
        [(room, [view(room, slot) for slot in table.slots]) for room in all_rooms(office)],
    )


def _offer(table: Timetable, slot: Slot, now: datetime) -> tuple[SlotState, RukoError | None]:
    if not table.serves(slot.starts, slot.ends):
        return "closed", table.why_not_then(slot.starts, slot.ends, now)
    starts_at = table.office.at(table.day, slot.starts)
    refusal = why_not_yet_bookable(table.office, starts_at, now)
    return ("past", refusal) if refusal else ("free", None)


def free_counts(office: Office, days: Sequence[date], now: datetime) -> dict[date, int]:
    """How many slots of all rooms can still be booked on each of `days`."""
    if not days:
        return {}
    first, last = min(days), max(days)
    rooms = all_rooms(office)
    claims = _claims(office, first, last, now)
    offered = _bookable_slots(office, days, now)
    return {
        day: sum((r.id, day, s.no) not in claims for s in offered[day] for r in rooms)
        for day in days
    }


@dataclass(frozen=True, slots=True)
class Wish:
    """The room (or an outside visit) and the time that a village wants, for so many people."""

    village: Village
    room: Room | None
    attendees: int
    day: date
    start: time
    end: time


def alternatives(office: Office, wish: Wish, now: datetime) -> list[Alternative]:
    """Up to three bookable times of the same length, the nearest first: that day, then later ones."""
    last = last_bookable_day(office, now)
    days = [wish.day + timedelta(days=n) for n in range((last - wish.day).days + 1)]
    rooms = [r for r in all_rooms(office) if r.capacity >= wish.attendees]
    claims = _claims(office, wish.day, last, now)

    def nearness(other: Alternative) -> tuple[timedelta, bool, int]:
        return _apart(other.start, wish.start), other.room != wish.room, other.room.position

    found: list[Alternative] = []
    for day, slots in _bookable_slots(office, days, now).items():
        free = [
            Alternative(room, day, stretch[0].starts, stretch[-1].ends)
            for stretch in _stretches(slots, _apart(wish.start, wish.end))
            for room in rooms
            if all((room.id, day, slot.no) not in claims for slot in stretch)
        ]
        if free and _has_seat(office, wish.village, day, now):
            found += sorted(free, key=nearness)
        if len(found) >= MOST_ALTERNATIVES:
            break
    return found[:MOST_ALTERNATIVES]


def _stretches(slots: Sequence[Slot], length: timedelta) -> list[tuple[Slot, ...]]:
    """Every run of adjacent slots that lasts exactly `length`."""
    runs = (
        contiguous(slots, first.starts, last.ends)
        for first in slots
        for last in slots
        if _apart(last.ends, first.starts) == length and first.starts < last.ends
    )
    return [run for run in runs if run]


def _apart(one: time, other: time) -> timedelta:
    day = date.min
    return abs(datetime.combine(day, one) - datetime.combine(day, other))


def _has_seat(office: Office, village: Village, day: date, now: datetime) -> bool:
    quota = quota_of(office, village, day, now)
    return quota.used < quota.limit


# ── What the tables say about many days at once ───────────────────────────────────────────────


def _claims(office: Office, first: date, last: date, now: datetime) -> Claims:
    """The occupied slots from `first` to `last`; an overdue request no longer occupies its own."""
    rows = db.session.execute(
        select(SlotClaim.room_id, SlotClaim.date, SlotClaim.slot_no, Booking.village_id)
        .join(Booking, Booking.id == SlotClaim.booking_id)
        .where(
            Booking.office_id == office.id,
            Booking.date.between(first, last),
            not_(is_overdue(now)),
        )
    )
    return {(room_id, day, no): village_id for room_id, day, no, village_id in rows}


def _bookable_slots(office: Office, days: Sequence[date], now: datetime) -> dict[date, list[Slot]]:
    """The slots of each day that lie in service and neither too near nor too far ahead."""
    in_service = exists().where(
        Hours.office_id == Slot.office_id,
        Hours.weekday == Slot.weekday,
        Hours.opens <= Slot.starts,
        Hours.closes >= Slot.ends,
    )
    slots = db.session.scalars(
        select(Slot).where(Slot.office_id == office.id, in_service).order_by(Slot.starts)
    ).all()
    holidays = set(
        db.session.scalars(
            select(Holiday.date).where(
                Holiday.office_id == office.id, Holiday.date.between(min(days), max(days))
            )
        )
    )
    return {
        day: [
            slot
            for slot in slots
            if slot.weekday == day.weekday()
            and day not in holidays
            and why_not_yet_bookable(office, office.at(day, slot.starts), now) is None
        ]
        for day in days
    }
