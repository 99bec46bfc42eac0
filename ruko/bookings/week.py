"""A week as the office sees it: who is in which room from when to when, and what is still free."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ruko.bookings.attachments import paper_counts
from ruko.bookings.closures import STILL_TO_COME, closures_between
from ruko.bookings.decisions import Collision, collision_of
from ruko.bookings.models import Booking, BookingState, Draft, Room, Slot, shown_state
from ruko.bookings.occupied import officers_between
from ruko.bookings.queries import all_rooms, bookings_of
from ruko.bookings.timetable import why_not_yet_bookable
from ruko.bookings.week_parts import Block, BoardDay, Hold, Lane, Meeting, WeekBoard
from ruko.db import db
from ruko.offices import Closure, Holiday, Office, weekly_hours

MOST_BOOKINGS = 2000
"""Of one week; an office of ten rooms has a fifth of it."""
NOT_ON_THE_BOARD = (BookingState.DECLINED, BookingState.CANCELLED, BookingState.EXPIRED)


def week_board(
    office: Office, monday: date, now: datetime, *, room: Room | None = None
) -> WeekBoard:
    """The week that begins on `monday`, in a fixed number of queries; with `room`, of that one only."""
    rooms = tuple(r for r in all_rooms(office) if room is None or r.id == room.id)
    reading = _read(office, monday, monday + timedelta(days=6), now)
    meetings = _meetings(reading)
    holds = _holds(reading)
    days = []
    for day in (monday + timedelta(days=n) for n in range(7)):
        here = [m for m in meetings if m.booking.date == day]
        kept = [h for h in holds if h.draft.date == day]
        if reading.slots[day.weekday()] or here or kept:
            days.append(_day(reading, day, rooms, here, kept))
    return WeekBoard(monday, rooms, tuple(days))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the tables say of the days from `first` to `last`, at one moment."""

    office: Office
    first: date
    last: date
    now: datetime
    slots: defaultdict[int, list[Slot]]
    holidays: dict[date, str]
    closures: Sequence[Closure]


def _read(office: Office, first: date, last: date, now: datetime) -> _Reading:
    hours, slots = weekly_hours(office), defaultdict[int, list[Slot]](list)
    for slot in db.session.scalars(
        select(Slot).filter_by(office_id=office.id).order_by(Slot.starts)
    ):
        if any(a <= slot.starts and slot.ends <= b for a, b in hours[slot.weekday]):
            slots[slot.weekday].append(slot)
    holidays = db.session.execute(
        select(Holiday.date, Holiday.name).where(
            Holiday.office_id == office.id, Holiday.date.between(first, last)
        )
    )
    morning, night = office.at(first, time.min), office.at(last + timedelta(days=1), time.min)
    return _Reading(
        office,
        first,
        last,
        now,
        slots,
        {row.date: row.name for row in holidays},
        closures_between(office, morning, night),
    )


def _day(
    reading: _Reading,
    day: date,
    rooms: Sequence[Room],
    meetings: Sequence[Meeting],
    holds: Sequence[Hold],
) -> BoardDay:
    def lane(room: Room) -> Lane:
        mine = [m for m in meetings if m.booking.room_id == room.id]
        kept = [h for h in holds if h.draft.room_id == room.id]
        return Lane(room, _paint(reading, day, room, mine, kept))

    shown = {None, *(room.id for room in rooms)}
    return BoardDay(
        day,
        tuple(lane(room) for room in rooms),
        (
            *(m for m in meetings if m.booking.room_id is None),
            *(h for h in holds if h.draft.room_id is None),
        ),
        tuple(m for m in meetings if m.booking.room_id in shown),
    )


# ── What stands on the board ──────────────────────────────────────────────────────────────────


def _holds(reading: _Reading) -> list[Hold]:
    rows = db.session.execute(
        select(Draft, Booking.code)
        .outerjoin(Booking, Booking.id == Draft.for_booking_id)
        .options(joinedload(Draft.village), joinedload(Draft.room), joinedload(Draft.bidang))
        .where(
            Draft.office_id == reading.office.id,
            Draft.date.between(reading.first, reading.last),
            Draft.held_until > reading.now,
        )
        .order_by(Draft.starts_at, Draft.id)
    )
    return [Hold(draft, *draft.hours, code) for draft, code in rows]


def _meetings(reading: _Reading) -> list[Meeting]:
    office, now, span = reading.office, reading.now, (reading.first, reading.last)
    found = [
        (booking, state)
        for booking in bookings_of(office, now=now, start=span[0], end=span[1], limit=MOST_BOOKINGS)
        if (state := shown_state(booking, now)) not in NOT_ON_THE_BOARD
    ]
    papers = paper_counts([booking for booking, _ in found])
    officers = officers_between(office, *span, now)
    return [
        Meeting(
            booking,
            state,
            booking.starts_at,
            _end(booking, state, reading.slots[booking.date.weekday()]),
            papers.get(booking.id, 0),
            _collision(booking, state, reading, officers),
        )
        for booking, state in found
    ]


def _end(booking: Booking, state: str, slots: Sequence[Slot]) -> datetime:
    """Until when it keeps its place: what it has given back may be another's."""
    office = booking.office
    grace = booking.starts_at + timedelta(minutes=office.no_show_minutes)

    def given_back(slot: Slot) -> bool:
        if booking.freed_from is not None:
            return slot.no >= booking.freed_from
        return state == BookingState.NO_SHOW and office.at(booking.date, slot.starts) > grace

    freed = [
        office.at(booking.date, slot.starts)
        for slot in slots
        if booking.first_slot <= slot.no <= booking.last_slot and given_back(slot)
    ]
    return min([booking.ends_at, *freed])


def _collision(
    booking: Booking, state: str, reading: _Reading, officers: Counter[tuple[int, date, int]]
) -> Collision | None:
    """What a meeting meets that is still to come or under way, if anything."""
    if state not in STILL_TO_COME or booking.ends_at <= reading.now:
        return None
    met = collision_of(booking, reading.closures, officers)
    return met if met.is_one else None


# ── One room's day: cut at every border, and equal neighbours put together again ──────────────


def _paint(
    reading: _Reading,
    day: date,
    room: Room,
    meetings: Iterable[Meeting],
    holds: Iterable[Hold],
) -> tuple[Block, ...]:
    office = reading.office
    sessions = [
        (office.at(day, slot.starts), office.at(day, slot.ends))
        for slot in reading.slots[day.weekday()]
    ]
    laid = [
        *(Block("booking", m.starts, m.ends, meeting=m) for m in meetings),
        *(Block(h.kind, h.starts, h.ends, hold=h) for h in holds),
    ]
    borders = {moment for session in sessions for moment in session}
    borders |= {moment for block in laid for moment in (block.starts, block.ends)}
    blocks: list[Block] = []
    for start, end in pairwise(sorted(borders)):
        piece = next((b for b in laid if b.starts <= start and end <= b.ends), None)
        if piece is None:
            piece = _unused(reading, day, room, sessions, (start, end))
        if blocks and _goes_on(blocks[-1], piece):
            piece = replace(piece, starts=blocks.pop().starts)
        blocks.append(piece)
    return tuple(blocks)


def _unused(
    reading: _Reading,
    day: date,
    room: Room,
    sessions: Sequence[tuple[datetime, datetime]],
    stretch: tuple[datetime, datetime],
) -> Block:
    """What a stretch is that no booking and no hold has."""
    start, end = stretch
    if holiday := reading.holidays.get(day):
        return Block("closed", start, end, reason=holiday)
    session = next((s for s in sessions if s[0] <= start and end <= s[1]), None)
    for closure in reading.closures:
        if closure.room_id not in {None, room.id}:
            continue
        over = closure.starts_at <= start and end <= closure.ends_at
        if over or (session and closure.starts_at < session[1] and closure.ends_at > session[0]):
            return Block("closed", start, end, reason=closure.reason)
    if session is None:
        between = sessions and sessions[0][0] < start < sessions[-1][0]
        return Block("break" if between else "off", start, end)
    bookable = why_not_yet_bookable(reading.office, session[0], reading.now) is None
    return Block("free" if bookable and session == stretch else "idle", start, end)


def _goes_on(before: Block, piece: Block) -> bool:
    """Whether a piece belongs to the block before it; each session that nobody has stays its own."""
    return (
        piece.kind not in {"free", "idle"}
        and replace(piece, starts=before.starts, ends=before.ends) == before
    )
