"""Booking a room and deciding about it: book, approve, decline, cancel."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

from ruko.audit import Actor, trail
from ruko.bookings.codes import new_code
from ruko.bookings.errors import QuotaExceeded, SlotTaken
from ruko.bookings.models import (
    Booking,
    BookingState,
    QuotaSeat,
    Room,
    Slot,
    SlotClaim,
    shown_state,
)
from ruko.bookings.queries import ON_THE_AGENDA
from ruko.bookings.slots import Wish, alternatives, period_of
from ruko.bookings.states import change_state, expire_overdue, release
from ruko.bookings.timetable import timetable, why_not_yet_bookable
from ruko.db import db, upsert
from ruko.errors import N_, Invalid, RukoError, TooLate, WrongState
from ruko.offices import Bidang, Category, Office, Village, change_board

LONGEST_TOPIC = 500
LONGEST_LEADER = 80
LONGEST_PHONE = 20
LONGEST_REASON = 500
LARGEST_VISIT = 1000
"""How many may attend an outside visit, which has no room to limit it."""

UNDECIDED_OR_COMING = (BookingState.PENDING, BookingState.CONFIRMED)

_PHONE = re.compile(r"\+?[0-9(][0-9 ().-]{4,18}")


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
) -> Booking:
    """Book a room for a village, or ask for an outside visit (`room` is None, always pending).

    Raises `Invalid`, `TooSoon`, `TooLate`, `Closed`, `QuotaExceeded` or `SlotTaken`, in that order.
    """
    if end <= start:
        raise Invalid("end", N_("Please choose an end that is later than the start."))
    wish = Wish(village, room, attendees, day, start, end)
    values: dict[str, Any] = {
        "topic": _text("topic", topic, LONGEST_TOPIC),
        "leader": " ".join(_text("leader", leader, LONGEST_LEADER).split()),
        "phone": _phone(phone),
        "attendees": _attendees(attendees, room),
    }
    chosen = _choose(office, wish, now)
    expire_overdue(office, now=now)
    pending = room is None or room.needs_approval
    try:
        with db.session.begin_nested():
            booking = _insert(
                values
                | {
                    "office_id": office.id,
                    "room_id": room.id if room else None,
                    "village_id": village.id,
                    "bidang_id": bidang.id,
                    "category_id": category.id,
                    "date": day,
                    "starts_at": office.at(day, start),
                    "ends_at": office.at(day, end),
                    "first_slot": chosen[0].no,
                    "last_slot": chosen[-1].no,
                    "state": BookingState.PENDING if pending else BookingState.CONFIRMED,
                    "created_by": by.id if by.kind == "user" else None,
                    "on_behalf": on_behalf,
                    "created_at": now,
                    "changed_at": now,
                }
            )
            _take_seat(office, village, booking)
            if room:
                _claim(room, chosen, booking)
    except SlotTaken:
        raise SlotTaken(alternatives(office, wish, now)) from None
    trail(
        "booking",
        booking.id,
        "book",
        office_id=office.id,
        by=by,
        now=now,
        state=booking.state,
        on_behalf=on_behalf,
    )
    if not pending:
        change_board(office.id)
    return booking


def approve(booking: Booking, *, by: Actor, now: datetime) -> None:
    """Grant a request; raises `WrongState` once it is decided, withdrawn or expired."""
    change_state(
        booking,
        BookingState.CONFIRMED,
        allowed={BookingState.PENDING},
        action="approve",
        by=by,
        now=now,
    )
    change_board(booking.office_id)


def decline(booking: Booking, reason: str, *, by: Actor, now: datetime) -> None:
    """Refuse a request with a reason for the village; its slots and its quota seat become free."""
    reason = _text("reason", reason, LONGEST_REASON)
    change_state(
        booking,
        BookingState.DECLINED,
        allowed={BookingState.PENDING},
        action="decline",
        by=by,
        now=now,
        reason=reason,
    )
    release([booking])


def cancel(booking: Booking, reason: str, *, by: Actor, privileged: bool, now: datetime) -> None:
    """Call a booking off; its slots and its quota seat become free.

    A village may until an hour or so before the start (then `TooLate`), the `privileged` always.
    """
    reason = _text("reason", reason, LONGEST_REASON)
    refusal = why_not_cancelled(booking, privileged=privileged, now=now)
    if refusal:
        raise refusal
    before = shown_state(booking, now)
    change_state(
        booking,
        BookingState.CANCELLED,
        allowed=UNDECIDED_OR_COMING,
        action="cancel",
        by=by,
        now=now,
        reason=reason,
    )
    release([booking])
    if before in ON_THE_AGENDA:
        change_board(booking.office_id)


def why_not_cancelled(booking: Booking, *, privileged: bool, now: datetime) -> RukoError | None:
    """Why the booking cannot be called off (any more), or None when it can."""
    state, margin = shown_state(booking, now), booking.office.change_until_minutes
    if state not in UNDECIDED_OR_COMING:
        return WrongState(state)
    if not privileged and now > booking.starts_at - timedelta(minutes=margin):
        return TooLate(
            N_(
                "Nothing was cancelled: a booking can be cancelled until %(minutes)d minutes before"
                " its start. Please call the sub-district office."
            ),
            minutes=margin,
        )
    return None


# ── What was entered ──────────────────────────────────────────────────────────────────────────


def _text(field: str, text: str, longest: int) -> str:
    """The text without blanks around it; line breaks may stay inside."""
    text = "\n".join(text.strip().splitlines())
    if not text:
        raise Invalid(field, N_("Please fill in this field."))
    if len(text) > longest:
        raise Invalid(
            field, N_("This is too long. Please use at most %(count)d characters."), count=longest
        )
    if any(c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise Invalid(
            field, N_("This holds characters that cannot be shown. Please type it again.")
        )
    return text


def _phone(phone: str | None) -> str | None:
    phone = " ".join((phone or "").split())
    if phone and not _PHONE.fullmatch(phone):
        raise Invalid("phone", N_("Please enter a phone number such as 0812-3456-7890, or none."))
    return phone or None


def _attendees(attendees: int, room: Room | None) -> int:
    if attendees < 1:
        raise Invalid("attendees", N_("Please enter how many people will come, at least 1."))
    if room and attendees > room.capacity:
        raise Invalid(
            "attendees",
            N_("%(room)s has %(count)d seats. Please choose a larger room or fewer people."),
            room=room.name,
            count=room.capacity,
        )
    if attendees > LARGEST_VISIT:
        raise Invalid(
            "attendees", N_("Please enter at most %(count)d people."), count=LARGEST_VISIT
        )
    return attendees


def _choose(office: Office, wish: Wish, now: datetime) -> tuple[Slot, ...]:
    table = timetable(office, wish.day)
    chosen = table.pick(wish.start, wish.end)
    refusal = why_not_yet_bookable(office, office.at(wish.day, wish.start), now)
    if refusal:
        raise refusal
    if not chosen:
        raise table.why_not_then(wish.start, wish.end, now)
    return chosen


# ── Writing: the constraints decide ───────────────────────────────────────────────────────────


def _insert(values: dict[str, Any]) -> Booking:
    for _ in range(5):
        booking: Booking | None = db.session.scalar(
            upsert(Booking)
            .values(values | {"code": new_code()})
            .on_conflict_do_nothing(index_elements=["code"])
            .returning(Booking)
        )
        if booking:
            return booking
    raise RuntimeError("Five random booking codes in a row were taken: the codes are not random.")


def _take_seat(office: Office, village: Village, booking: Booking) -> None:
    seat = {"village_id": village.id, "period": period_of(booking.date), "booking_id": booking.id}
    for n in range(1, office.quota_per_week + 1):
        taken = db.session.scalar(
            upsert(QuotaSeat.__table__)
            .values(seat | {"n": n})
            .on_conflict_do_nothing(index_elements=["village_id", "period", "n"])
            .returning(QuotaSeat.n)
        )
        if taken:
            return
    monday = booking.date - timedelta(days=booking.date.weekday())
    raise QuotaExceeded(
        village=village.full_name,
        limit=office.quota_per_week,
        monday=monday,
        sunday=monday + timedelta(days=6),
    )


def _claim(room: Room, slots: tuple[Slot, ...], booking: Booking) -> None:
    claim = {"room_id": room.id, "date": booking.date, "booking_id": booking.id}
    claimed = db.session.scalars(
        upsert(SlotClaim.__table__)
        .values([claim | {"slot_no": slot.no} for slot in slots])
        .on_conflict_do_nothing(index_elements=["room_id", "date", "slot_no"])
        .returning(SlotClaim.slot_no)
    ).all()
    if len(claimed) < len(slots):
        raise SlotTaken
