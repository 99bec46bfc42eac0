"""What always holds of rooms, officers and seats, whatever villages and the office do."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from ruko import bookings
from ruko.audit import AuditEvent
from ruko.bookings import (
    BidangClaim,
    Booking,
    Draft,
    QuotaSeat,
    Slot,
    SlotClaim,
    period_of,
    shown_state,
)
from ruko.bookings.occupied import occupied_between
from ruko.db import db
from ruko.errors import RukoError
from ruko.offices import Bidang, Closure, Office, Village

HOLDING = {"pending", "confirmed", "checked_in", "in_session", "completed", "no_show"}
"""States of a booking that holds its slots, its officers and its quota seat."""
Where = tuple[int, date, int]
"""A room, a day, and the number of a slot."""


def everything_holds(office: Office, now: datetime) -> None:
    """After what time has ended is written down, every claim has its reason, and the other way round."""
    bookings.settle(office, now=now)
    db.session.expire_all()
    kept, held = kept_bookings(office), held_drafts(office)
    slots_belong_to_their_holders(office, now, [*kept, *held])
    officers_belong_to_their_holders(office, [*kept, *held])
    seats_are_counted_right(office, kept, held)
    the_trail_tells_every_booking(office)


def kept_bookings(office: Office) -> list[Booking]:
    """The bookings that hold something."""
    every = db.session.scalars(select(Booking).filter_by(office_id=office.id))
    return [b for b in every if b.state in HOLDING]


def held_drafts(office: Office) -> list[Draft]:
    """The drafts and proposals that hold something."""
    found = select(Draft).filter_by(office_id=office.id).where(Draft.held_until.is_not(None))
    return list(db.session.scalars(found))


def slots_kept(holder: Booking | Draft) -> range:
    """The numbers of the slots that it keeps."""
    assert holder.first_slot is not None
    assert holder.last_slot is not None
    freed = holder.freed_from if isinstance(holder, Booking) else None
    return range(holder.first_slot, holder.last_slot + 1 if freed is None else freed)


def slots_belong_to_their_holders(
    office: Office, now: datetime, holders: Sequence[Booking | Draft]
) -> None:
    claims = db.session.scalars(select(SlotClaim)).all()
    by_people = {
        ("booking" if c.booking_id else "draft", c.booking_id or c.draft_id, *_where(c))
        for c in claims
        if c.closure_id is None
    }
    expected = {
        (kind_of(h), h.id, h.room_id, h.date, no)
        for h in holders
        if h.room_id
        for no in slots_kept(h)
    }
    assert by_people == expected
    places = Counter(where for *_, room, day, no in expected for where in [(room, day, no)])
    assert set(places.values()) <= {1}
    ahead = {where for where, starts in all_slots(office, now).items() if starts[0] > now}
    by_closures = {_where(c) for c in claims if c.closure_id is not None} & ahead
    assert by_closures == closed_slots(office, now) & ahead - set(places)


def _where(claim: SlotClaim) -> Where:
    return claim.room_id, claim.date, claim.slot_no


def kind_of(holder: Booking | Draft) -> str:
    return "booking" if isinstance(holder, Booking) else "draft"


def all_slots(
    office: Office, now: datetime, days: int = 9
) -> dict[Where, tuple[datetime, datetime]]:
    """The rooms' slots of the coming days, from when to when each lasts."""
    slots = db.session.scalars(select(Slot).filter_by(office_id=office.id)).all()
    every = [office.day(now) + timedelta(days=n) for n in range(-1, days)]
    return {
        (room.id, day, slot.no): (office.at(day, slot.starts), office.at(day, slot.ends))
        for room in bookings.all_rooms(office)
        for day in every
        for slot in slots
        if slot.weekday == day.weekday()
    }


def closed_slots(office: Office, now: datetime) -> set[Where]:
    """Those of them that a closure touches which is not over."""
    closures = [
        c
        for c in db.session.scalars(select(Closure).filter_by(office_id=office.id))
        if c.starts_at < c.ends_at and c.ends_at > now
    ]
    return {
        where
        for where, (starts, ends) in all_slots(office, now).items()
        for c in closures
        if c.room_id in {None, where[0]} and c.starts_at < ends and c.ends_at > starts
    }


def officers_belong_to_their_holders(office: Office, holders: Sequence[Booking | Draft]) -> None:
    claims = db.session.scalars(select(BidangClaim)).all()
    assert sorted(
        (
            "booking" if c.booking_id else "draft",
            c.booking_id or c.draft_id,
            c.bidang_id,
            c.date,
            c.slot_no,
        )
        for c in claims
    ) == sorted(
        (kind_of(h), h.id, h.bidang_id, h.date, no) for h in holders for no in slots_kept(h)
    )


def officers_needed(office: Office) -> Counter[tuple[int, date, int]]:
    """How many officers of a bidang are claimed in a slot."""
    claims = db.session.execute(
        select(BidangClaim.bidang_id, BidangClaim.date, BidangClaim.slot_no)
        .join(Bidang)
        .where(Bidang.office_id == office.id)
    )
    return Counter((c.bidang_id, c.date, c.slot_no) for c in claims)


def seats_are_counted_right(office: Office, kept: Sequence[Booking], held: Sequence[Draft]) -> None:
    weeks = defaultdict(list)
    seats = set()
    for seat in db.session.scalars(select(QuotaSeat)):
        weeks[seat.village_id, seat.period].append(seat.n)
        kind = "booking" if seat.booking_id else "draft"
        seats.add((kind, seat.booking_id or seat.draft_id, seat.village_id, seat.period))
    for numbers in weeks.values():
        assert sorted(numbers) == list(range(1, len(numbers) + 1))
    week_of = {b.id: period_of(b.date) for b in kept}
    expected = {("booking", b.id, b.village_id, week_of[b.id]) for b in kept}
    for draft in held:
        assert draft.date is not None
        week = period_of(draft.date)
        if draft.for_booking_id is None or week_of.get(draft.for_booking_id) != week:
            expected.add(("draft", draft.id, draft.village_id, week))
    assert seats == expected


def seats_used(office: Office) -> Counter[tuple[int, str]]:
    """How many seats of a village's week are used."""
    found = (
        select(QuotaSeat.village_id, QuotaSeat.period)
        .join(Village)
        .where(Village.office_id == office.id)
    )
    return Counter((seat.village_id, seat.period) for seat in db.session.execute(found))


def the_trail_tells_every_booking(office: Office) -> None:
    """State and place of each booking follow from its trail alone."""
    told: dict[int, tuple[Any, ...]] = {}
    lines = select(AuditEvent).filter_by(subject="booking").order_by(AuditEvent.id)
    for line in db.session.scalars(lines):
        if line.state is not None:
            told[line.subject_id] = (
                line.state,
                line.detail["room"],
                line.detail["date"],
                line.detail["slots"],
                line.detail["freed_from"],
            )
    every = db.session.scalars(select(Booking).filter_by(office_id=office.id)).all()
    assert told == {
        b.id: (
            b.state,
            b.room_id,
            b.date.isoformat(),
            [b.first_slot, b.last_slot],
            b.freed_from,
        )
        for b in every
    }


# ── What a moment shows, computed without the claims ──────────────────────────────────────────


def naively_taken(office: Office, day: date, now: datetime) -> dict[Where, tuple[str, int | None]]:
    """Who has which slot at that moment: ("village", id) or ("closed", None)."""
    taken: dict[Where, tuple[str, int | None]] = {
        where: ("closed", None) for where in closed_slots(office, now) if where[1] == day
    }
    for draft in db.session.scalars(select(Draft).filter_by(date=day)):
        if draft.room_id and draft.held_until and draft.held_until > now:
            for no in slots_kept(draft):
                taken[draft.room_id, day, no] = ("village", draft.village_id)
    for booking in db.session.scalars(select(Booking).filter_by(date=day)):
        if booking.room_id and shown_state(booking, now) in HOLDING:
            for no in _shown_slots(office, booking, now):
                taken[booking.room_id, day, no] = ("village", booking.village_id)
    return taken


def _shown_slots(office: Office, booking: Booking, now: datetime) -> Sequence[int]:
    if shown_state(booking, now) == booking.state:
        return slots_kept(booking)
    grace = booking.starts_at + timedelta(minutes=office.no_show_minutes)
    slots = db.session.scalars(
        select(Slot).filter_by(office_id=office.id, weekday=booking.date.weekday())
    )
    starts = {slot.no: office.at(booking.date, slot.starts) for slot in slots}
    return [no for no in slots_kept(booking) if starts[no] <= grace]


def the_grid_agrees(office: Office, day: date, now: datetime) -> None:
    """What a moment shows of a day is what bookings, holds and closures say."""
    db.session.expire_all()
    occupied = occupied_between(office, day, day, now)
    grid = bookings.day_grid(office, day, village=None, now=now)
    naively = naively_taken(office, day, now)
    for room, views in grid.rooms:
        for view in views:
            naive = naively.get((room.id, day, view.no))
            taken = occupied.of(room, day, view.no)
            seen = taken and (
                ("village", taken.village_id) if taken.village_id else ("closed", None)
            )
            assert seen == naive, (room.name, view)
            if naive and naive[0] == "village":
                assert view.state == "taken"
            else:
                assert view.state in ({"closed", "past"} if naive else {"free", "closed", "past"})
    free = sum(view.state == "free" for _, views in grid.rooms for view in views)
    assert bookings.free_counts(office, [day], now) == {day: free}, grid


def a_sentence(refusal: RukoError) -> str:
    """What people read of a refusal: a whole sentence, every value filled in."""
    said = str(refusal)
    assert said.endswith("."), said
    assert "%(" not in said
    assert len(said) > 10
    return said
