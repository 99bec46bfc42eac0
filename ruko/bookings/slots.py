"""Slots: the grid of a day, what is still free, and what to book instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import exists, select

from ruko.bookings.errors import Alternative, OfficersTaken
from ruko.bookings.models import Booking, Draft, Room, Slot
from ruko.bookings.occupied import occupied_between
from ruko.bookings.queries import all_rooms
from ruko.bookings.quotas import Quota, quota_of
from ruko.bookings.timetable import (
    Timetable,
    contiguous,
    last_bookable_day,
    shut_by,
    timetable,
    why_not_yet_bookable,
    why_too_far,
)
from ruko.db import db
from ruko.errors import RukoError
from ruko.offices import Bidang, Holiday, Hours, Office, Village

MOST_ALTERNATIVES = 3

SlotState = Literal["free", "mine", "taken", "closed", "past"]


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


def day_grid(
    office: Office,
    day: date,
    *,
    village: Village | None,
    now: datetime,
    bidang: Bidang | None = None,
    besides: Draft | Booking | None = None,
) -> DayGrid:
    """Every room's slots on `day`; with `village`, its own ones and its quota are shown.

    With `bidang`, a slot is free only while one of its officers is. What `besides` takes counts as
    free: it is the draft or the booking whose time is being chosen.
    """
    table = timetable(office, day)
    closed = why_too_far(office, day, now) or table.why_closed(now)
    occupied = occupied_between(office, day, day, now, besides=besides, bidang=bidang)
    offers = {s.no: ("closed", closed) if closed else _offer(table, s, now) for s in table.slots}

    def view(room: Room, slot: Slot) -> SlotView:
        taken = occupied.of(room, day, slot.no)
        if taken and taken.village_id:
            mine = village is not None and taken.village_id == village.id
            return SlotView(slot.no, slot.starts, slot.ends, "mine" if mine else "taken")
        if taken and not closed:
            shut = shut_by(room.name, taken.closure or "")
            return SlotView(slot.no, slot.starts, slot.ends, "closed", shut)
        state, reason = offers[slot.no]
        if state == "free" and bidang and not occupied.officer_free(bidang, day, slot.no):
            state, reason = "taken", OfficersTaken(bidang=bidang.name)
        return SlotView(slot.no, slot.starts, slot.ends, state, reason)

    return DayGrid(
        day,
        closed,
        quota_of(office, village, day, now, besides=besides) if village else None,
        [(room, [view(room, slot) for slot in table.slots]) for room in all_rooms(office)],
    )


def _offer(table: Timetable, slot: Slot, now: datetime) -> tuple[SlotState, RukoError | None]:
    if not table.serves(slot.starts, slot.ends):
        return "closed", table.why_not_then(slot.starts, slot.ends, now)
    starts_at = table.office.at(table.day, slot.starts)
    refusal = why_not_yet_bookable(table.office, starts_at, now)
    return ("past", refusal) if refusal else ("free", None)


def free_counts(
    office: Office,
    days: Sequence[date],
    now: datetime,
    *,
    bidang: Bidang | None = None,
    besides: Draft | Booking | None = None,
) -> dict[date, int]:
    """How many slots of all rooms can still be booked on each of `days`, with an officer of `bidang`."""
    if not days:
        return {}
    rooms = all_rooms(office)
    span = min(days), max(days)
    occupied = occupied_between(office, *span, now, besides=besides, bidang=bidang)
    offered = _bookable_slots(office, days, now)
    return {
        day: sum(occupied.free(r, bidang, day, s.no) for s in offered[day] for r in rooms)
        for day in days
    }


@dataclass(frozen=True, slots=True)
class Wish:
    """The room (or an outside visit) and the time that a village wants, for so many people."""

    village: Village
    bidang: Bidang
    room: Room | None
    attendees: int
    day: date
    start: time
    end: time
    seated: Draft | Booking | None = None
    """What has a quota seat for it already, which moves along."""


def alternatives(office: Office, wish: Wish, now: datetime) -> list[Alternative]:
    """Up to three bookable times of the same length, the nearest first: that day, then later ones."""
    last = last_bookable_day(office, now)
    days = [wish.day + timedelta(days=n) for n in range((last - wish.day).days + 1)]
    rooms = [r for r in all_rooms(office) if r.capacity >= wish.attendees]
    occupied = occupied_between(office, wish.day, last, now, bidang=wish.bidang)

    def nearness(other: Alternative) -> tuple[timedelta, bool, int]:
        return _apart(other.start, wish.start), other.room != wish.room, other.room.position

    found: list[Alternative] = []
    for day, slots in _bookable_slots(office, days, now).items():
        free = [
            Alternative(room, day, stretch[0].starts, stretch[-1].ends)
            for stretch in _stretches(slots, _apart(wish.start, wish.end))
            for room in rooms
            if all(occupied.free(room, wish.bidang, day, slot.no) for slot in stretch)
        ]
        if free and _has_seat(office, wish, day, now):
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


def _has_seat(office: Office, wish: Wish, day: date, now: datetime) -> bool:
    quota = quota_of(office, wish.village, day, now, besides=wish.seated)
    return quota.used < quota.limit


# ── What the tables say about many days at once ───────────────────────────────────────────────


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
