"""What is occupied, as it reads at one moment: what time has ended no longer counts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from ruko.bookings.claims import BidangClaim, SlotClaim
from ruko.bookings.closures import slots_in
from ruko.bookings.models import Booking, BookingState, Draft, Room
from ruko.bookings.timetable import slots_of
from ruko.db import db
from ruko.offices import Bidang, Closure, Office


@dataclass(frozen=True, slots=True)
class Taken:
    """Who has a slot: a village, or a closure with its reason."""

    village_id: int | None
    booking_id: int | None
    draft_id: int | None
    closure: str | None


@dataclass(frozen=True, slots=True)
class Occupied:
    """The occupied slots of a stretch of days, and how many officers of each bidang are needed."""

    slots: dict[tuple[int, date, int], Taken]
    officers: Counter[tuple[int, date, int]]

    def of(self, room: Room, day: date, slot_no: int) -> Taken | None:
        """Who has that slot of the room, or None."""
        return self.slots.get((room.id, day, slot_no))

    def officer_free(self, bidang: Bidang, day: date, slot_no: int) -> bool:
        """Whether one of the bidang's officers can come in that slot."""
        return bidang.officers is None or self.officers[bidang.id, day, slot_no] < bidang.officers

    def free(self, room: Room, bidang: Bidang | None, day: date, slot_no: int) -> bool:
        """Whether the slot can be had, and with `bidang` an officer, too."""
        return self.of(room, day, slot_no) is None and (
            bidang is None or self.officer_free(bidang, day, slot_no)
        )


def occupied_between(
    office: Office,
    first: date,
    last: date,
    now: datetime,
    *,
    besides: Draft | Booking | None = None,
    bidang: Bidang | Literal["all"] | None = "all",
) -> Occupied:
    """Everything that is occupied from `first` to `last`, inclusive, `besides` that one.

    Officers are not counted for a `bidang` that has no limit of them, or for none.
    """
    closed = {
        (room, day, no): Taken(None, None, None, closure.reason)
        for closure, room, day, no in slots_in(office, _closures(office, now))
        if first <= day <= last
    }
    by_people = {
        (row.what, row.date, row.slot_no): Taken(row.village_id, row.booking_id, row.draft_id, None)
        for row in _still_there(_SLOTS_TAKEN, office, (first, last), now, besides)
    }
    officers: Counter[tuple[int, date, int]] = Counter()
    if bidang == "all" or (bidang and bidang.officers is not None):
        officers = officers_between(office, first, last, now, besides=besides)
    return Occupied(closed | by_people, officers)


def officers_between(
    office: Office,
    first: date,
    last: date,
    now: datetime,
    *,
    besides: Draft | Booking | None = None,
) -> Counter[tuple[int, date, int]]:
    """How many officers each bidang that has a limit of them needs, by day and slot."""
    rows = _still_there(_OFFICERS_NEEDED, office, (first, last), now, besides)
    return Counter((row.what, row.date, row.slot_no) for row in rows)


# ── The statements, built once: building them takes longer than asking ────────────────────────

_IS_ABSENT = and_(
    Booking.state == str(BookingState.CONFIRMED),
    Booking.room_id.is_not(None),
    Booking.starts_at <= bindparam("b_awaited"),
).label("absent")


def _of_people(claim: type[SlotClaim | BidangClaim]) -> ColumnElement[bool]:
    """Of those days, of another than `besides`, and not ended by time: overdue, or no longer held."""
    return and_(
        claim.date.between(bindparam("b_first"), bindparam("b_last")),
        claim.booking_id.is_distinct_from(bindparam("b_besides_booking")),
        claim.draft_id.is_distinct_from(bindparam("b_besides_draft")),
        or_(
            and_(
                Booking.id.is_not(None),
                or_(
                    Booking.state != str(BookingState.PENDING),
                    Booking.starts_at > bindparam("b_now"),
                ),
            ),
            Draft.held_until > bindparam("b_now"),
        ),
    )


_SLOTS_TAKEN = (
    select(
        SlotClaim.room_id.label("what"),
        SlotClaim.date,
        SlotClaim.slot_no,
        func.coalesce(Booking.village_id, Draft.village_id).label("village_id"),
        SlotClaim.booking_id,
        SlotClaim.draft_id,
        Booking.starts_at,
        _IS_ABSENT,
    )
    .join(Room, Room.id == SlotClaim.room_id)
    .outerjoin(Booking, Booking.id == SlotClaim.booking_id)
    .outerjoin(Draft, Draft.id == SlotClaim.draft_id)
    .where(Room.office_id == bindparam("b_office"), _of_people(SlotClaim))
)
_OFFICERS_NEEDED = (
    select(
        BidangClaim.bidang_id.label("what"),
        BidangClaim.date,
        BidangClaim.slot_no,
        Booking.starts_at,
        _IS_ABSENT,
    )
    .join(Bidang, Bidang.id == BidangClaim.bidang_id)
    .outerjoin(Booking, Booking.id == BidangClaim.booking_id)
    .outerjoin(Draft, Draft.id == BidangClaim.draft_id)
    .where(
        Bidang.office_id == bindparam("b_office"),
        Bidang.officers.is_not(None),
        _of_people(BidangClaim),
    )
)
_CLOSURES = (
    select(Closure.room_id, Closure.starts_at, Closure.ends_at, Closure.reason)
    .where(
        Closure.office_id == bindparam("b_office"),
        Closure.ends_at > bindparam("b_now"),
        Closure.starts_at < Closure.ends_at,
    )
    .order_by(Closure.starts_at.desc(), Closure.id.desc())
)


def _closures(office: Office, now: datetime) -> Sequence[Any]:
    """Those that are not over: they close what they touch, even where another's claim still stands."""
    return db.session.connection().execute(_CLOSURES, {"b_office": office.id, "b_now": now}).all()


def _still_there(
    claims: Any,
    office: Office,
    days: tuple[date, date],
    now: datetime,
    besides: Draft | Booking | None,
) -> Iterator[Any]:
    """The claims, without the later slots of those who did not come within the grace."""
    grace = timedelta(minutes=office.no_show_minutes)
    words = {
        "b_office": office.id,
        "b_first": days[0],
        "b_last": days[1],
        "b_now": now,
        "b_awaited": now - grace,
        "b_besides_booking": besides.id if isinstance(besides, Booking) else 0,
        "b_besides_draft": besides.id if isinstance(besides, Draft) else 0,
    }
    known: dict[date, dict[int, time]] = {}
    db.session.flush()  # a bare statement reads only what is written
    for row in db.session.connection().execute(claims, words):
        if row.absent:
            if row.date not in known:
                known[row.date] = {slot.no: slot.starts for slot in slots_of(office, row.date)}
            starts = known[row.date]
            if office.at(row.date, starts[row.slot_no]) > row.starts_at + grace:
                continue
        yield row
