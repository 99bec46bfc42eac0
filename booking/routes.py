"""Choosing a day, a room and an hour."""

from datetime import date, datetime

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from booking.timetable import day_strip, first_choice, read_date, read_time, rows_of
from ruko import clock
from ruko.accounts import Role, User
from ruko.bookings import (
    Booking,
    BookingState,
    DayGrid,
    Room,
    SlotView,
    bookings_of,
    day_grid,
    period_of,
)
from ruko.offices import Village
from ruko.web import current_office, require_role, sign_in_required

BOOKERS = (Role.VILLAGE, Role.OPERATOR, Role.ADMIN)
GIVEN_BACK = {BookingState.DECLINED, BookingState.CANCELLED, BookingState.EXPIRED}

bp = Blueprint("booking", __name__)
bp.before_request(sign_in_required(*BOOKERS))


def booker() -> User:
    """The village, the operator or the administrator who is signed in."""
    return require_role(*BOOKERS)


@bp.get("")
def start() -> ResponseReturnValue:
    """The days ahead, and the hours of one of them."""
    office, village, now = current_office(), booker().village, clock.now()
    asked = request.args.get("date")
    day = read_date(asked) if asked else None
    strip = day_strip(office, day, now)
    day = day or first_choice(strip, office.day(now))
    grid = day_grid(office, day, village=village, now=now)
    return render_template(
        "booking/start.html",
        page="start",
        strip=strip,
        grid=grid,
        rows=rows_of(grid),
        this_week=period_of(day) == period_of(office.day(now)),
        picked=_picked(grid),
        own=_own_codes(village, day, now) if village else {},
    )


def _picked(grid: DayGrid) -> tuple[Room, SlotView] | None:
    """The free slot that the address names, if it still is free."""
    room_id, start = request.args.get("room"), request.args.get("start")
    if not room_id or not start:
        return None
    wanted = read_time("start", start)
    for room, slots in grid.rooms:
        for slot in slots:
            if str(room.id) == room_id and slot.starts == wanted and slot.state == "free":
                return room, slot
    return None


def _own_codes(village: Village, day: date, now: datetime) -> dict[tuple[int | None, int], str]:
    """Room and slot of the village's own bookings of the day, with their codes."""

    def slots(booking: Booking) -> range:
        return range(booking.first_slot, booking.last_slot + 1)

    of_the_day = bookings_of(current_office(), now=now, start=day, end=day, village=village)
    return {
        (booking.room_id, no): booking.code
        for booking in of_the_day
        if booking.state not in GIVEN_BACK
        for no in slots(booking)
    }
