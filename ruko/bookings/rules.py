"""Booking: from a wish to a room, confirmed at once or waiting for a decision."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import update

from ruko.audit import Actor, trail
from ruko.bookings.claims import Holder, Place, claim, take_seat
from ruko.bookings.closures import closures_between, vacate
from ruko.bookings.codes import new_code
from ruko.bookings.entered import (
    LONGEST_LEADER,
    LONGEST_QUOTA_REASON,
    LONGEST_TOPIC,
    attendance,
    leader_role,
    one_line,
    phone_number,
    plain_text,
)
from ruko.bookings.errors import SlotTaken
from ruko.bookings.models import Booking, BookingState, Channel, Draft, Room, Slot
from ruko.bookings.slots import Wish, alternatives
from ruko.bookings.states import occupied, settle
from ruko.bookings.timetable import Timetable, shut_by, timetable, why_not_yet_bookable
from ruko.db import db, upsert
from ruko.errors import N_, Forbidden, Invalid, TooSoon
from ruko.offices import Bidang, Category, Office, Village, change_board


def book(
    office: Office,
    *,
    village: Village,
    bidang: Bidang,
    category: Category,
    topic: str,
    attendees: int,
    leader: str,
    phone: str | None,
    room: Room | None,
    day: date,
    start: time,
    end: time,
    by: Actor,
    on_behalf: bool,
    now: datetime,
    role: str | None = None,
    channel: Channel | None = None,
    quota_reason: str | None = None,
    draft: Draft | None = None,
    allowed: bool = True,
) -> Booking:
    """Book a room for a village, or ask for an outside visit (`room` is None, always pending).

    `draft` is what it was written as; its hold gives way to the booking, as do other holds of the
    village on the same time. `quota_reason` lets it go beyond the village's quota.
    `allowed` is whether the caller may book this at all. Raises, in this order, `Invalid`,
    `Forbidden`, `TooSoon`, `TooLate`, `Closed`, `QuotaExceeded` or `SlotTaken`.
    """
    wish = Wish(village, bidang, room, attendees, day, start, end, draft)
    values: dict[str, Any] = {
        "topic": plain_text("topic", topic, LONGEST_TOPIC),
        "leader": one_line("leader", leader, LONGEST_LEADER),
        "leader_role": leader_role(role),
        "phone": phone_number(phone),
        "attendees": attendance(attendees, room),
    }
    if quota_reason is not None:
        values["quota_reason"] = one_line("quota_reason", quota_reason, LONGEST_QUOTA_REASON)
    if not allowed:
        borders(office, wish)  # what nobody could book is said first
        raise Forbidden
    chosen = choose(office, wish, now, held=draft is not None and draft.holds(now))
    settle(office, now=now)
    place = place_of(wish, chosen)
    pending = room is None or room.needs_approval
    try:
        with db.session.begin_nested():
            booking = _insert(
                values
                | where_of(office, wish, chosen)
                | {
                    "office_id": office.id,
                    "village_id": village.id,
                    "bidang_id": bidang.id,
                    "category_id": category.id,
                    "state": BookingState.PENDING if pending else BookingState.CONFIRMED,
                    "created_by": by.id if by.kind == "user" else None,
                    "on_behalf": on_behalf,
                    "channel": channel,
                    "created_at": now,
                    "changed_at": now,
                }
            )
            let_go(office, village, place, draft)
            holder = Holder("booking", booking.id)
            take_seat(holder, office, village, day, beyond=quota_reason is not None)
            claim(holder, place)
    except SlotTaken as refusal:
        raise with_alternatives(refusal, office, wish, now) from None
    trail(
        "booking",
        booking.id,
        "book",
        office_id=office.id,
        by=by,
        now=now,
        state=booking.state,
        on_behalf=on_behalf,
        **occupied(booking),
    )
    if not pending:
        change_board(office.id)
    return booking


# ── A time that may be taken ──────────────────────────────────────────────────────────────────


def choose(office: Office, wish: Wish, now: datetime, *, held: bool = False) -> tuple[Slot, ...]:
    """The slots of a wish; raises `Invalid`, `TooSoon`, `TooLate` or `Closed`.

    A time that is `held` was early enough when it was chosen.
    """
    table, chosen = borders(office, wish)
    starts_at = office.at(wish.day, wish.start)
    refusal = why_not_yet_bookable(office, starts_at, now)
    if refusal and not (held and isinstance(refusal, TooSoon) and starts_at > now):
        raise refusal
    if not chosen:
        raise table.why_not_then(wish.start, wish.end, now)
    ends_at = office.at(wish.day, wish.end)
    for closure in closures_between(office, starts_at, ends_at):
        if wish.room and closure.room_id == wish.room.id:
            raise shut_by(wish.room.name, closure.reason)
    return chosen


def borders(office: Office, wish: Wish) -> tuple[Timetable, tuple[Slot, ...]]:
    """What the day offers, and the slots of the wish, none outside service; raises `Invalid`."""
    if wish.end <= wish.start:
        raise Invalid("end", N_("Please choose an end that is later than the start."))
    table = timetable(office, wish.day)
    return table, table.pick(wish.start, wish.end)


def place_of(wish: Wish, chosen: tuple[Slot, ...]) -> Place:
    """What the wish occupies."""
    return Place(wish.room, wish.bidang, wish.day, tuple(slot.no for slot in chosen))


def where_of(office: Office, wish: Wish, chosen: tuple[Slot, ...]) -> dict[str, Any]:
    """The columns that say where and when."""
    return {
        "room_id": wish.room.id if wish.room else None,
        "date": wish.day,
        "starts_at": office.at(wish.day, wish.start),
        "ends_at": office.at(wish.day, wish.end),
        "first_slot": chosen[0].no,
        "last_slot": chosen[-1].no,
    }


def with_alternatives(refusal: SlotTaken, office: Office, wish: Wish, now: datetime) -> SlotTaken:
    """The same refusal, with what could be booked instead."""
    return type(refusal)(
        refusal.message, alternatives=alternatives(office, wish, now), **refusal.values
    )


def let_go(office: Office, village: Village, place: Place, draft: Draft | None) -> None:
    """The draft's own hold, and the village's holds on that time, give way."""
    overlapping = (
        Draft.village_id == village.id,
        Draft.room_id == (place.room.id if place.room else None),
        Draft.date == place.day,
        Draft.first_slot <= place.slots[-1],
        Draft.last_slot >= place.slots[0],
        Draft.for_booking_id.is_(None),
    )
    held = db.session.scalars(
        update(Draft)
        .where(Draft.held_until.is_not(None), *overlapping)
        .values(held_until=None)
        .returning(Draft.id)
    ).all()
    if draft is not None and draft.held_until is not None:
        draft.held_until = None
        db.session.flush()
        held = [*held, draft.id]
    vacate(office, *(Holder("draft", draft_id) for draft_id in held))


def _insert(values: dict[str, Any]) -> Booking:
    for _ in range(5):
        booking: Booking | None = db.session.scalar(
            upsert(Booking)
            .values(values | {"code": new_code()})
            .on_conflict_do_nothing(index_elements=["code"])
            .returning(Booking)
            .execution_options(populate_existing=True)  # SQLite gives a refused one's id again
        )
        if booking:
            return booking
    raise RuntimeError("Five random booking codes in a row were taken: the codes are not random.")
