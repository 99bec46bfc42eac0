"""Another time for a booking, chosen from the timetable: what may be chosen, and how a refusal reads."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from ruko import words
from ruko.bookings import (
    Booking,
    DayGrid,
    OfficersTaken,
    QuotaExceeded,
    SlotTaken,
    day_grid,
    why_not_moved,
)
from ruko.errors import N_, Invalid, RukoError
from ruko.web.timetable import TimeChoice, day_strip, lengths_of, reasons_of

FIELDS = {"when", "hours", "visit_end"}
"""Where the timetable shows a refusal; the others stand above it."""

_INSTEAD: dict[type[RukoError], str] = {
    OfficersTaken: N_("The officers of %(bidang)s are all taken at this time."),
    SlotTaken: N_("This time has just been taken."),
    QuotaExceeded: N_(
        "%(village)s has used all %(limit)d bookings of the week from %(monday)s to %(sunday)s."
        " Please choose a day of another week."
    ),
}


def grid_for(booking: Booking, day: date, now: datetime) -> DayGrid:
    """The day as this booking may use it; what it occupies itself counts as free."""
    return day_grid(
        booking.office,
        day,
        village=booking.village,
        now=now,
        bidang=booking.bidang,
        besides=booking,
    )


def _present_hours(booking: Booking, grid: DayGrid) -> set[str]:
    """The hours that it has now, as the timetable names them."""
    return {
        f"{room.id} {slot.starts.isoformat('minutes')}"
        for room, slots in grid.rooms
        for slot in slots
        if room == booking.room
        and grid.date == booking.date
        and booking.first_slot <= slot.no <= booking.last_slot
    }


def require_another(booking: Booking, day: date, chosen: TimeChoice) -> None:
    """Raises `Invalid` for the time that it has already."""
    office = booking.office
    start, end = office.at(day, chosen.start), office.at(day, chosen.end)
    if (chosen.room, start, end) == (booking.room, booking.starts_at, booking.ends_at):
        raise Invalid("when", N_("This is its present time. Please choose another one."))


def shown_times(
    booking: Booking,
    day: date,
    entered: Mapping[str, str],
    error: RukoError | None,
    *,
    privileged: bool,
    now: datetime,
) -> dict[str, Any]:
    """What a page of another time shows: the day's hours, the days, and a refusal at its field or above."""
    office, count = booking.office, booking.last_slot - booking.first_slot + 1
    grid = grid_for(booking, day, now)
    field = error.field if isinstance(error, Invalid) and error.field in FIELDS else None
    if not grid.open:  # there is no timetable to show it at
        field = None
    large = [(room, slots) for room, slots in grid.rooms if room.capacity >= booking.attendees]
    return {
        "booking": booking,
        "why_not": why_not_moved(booking, privileged=privileged, now=now),
        "grid": grid,
        "fitting": replace(grid, rooms=large),
        "reasons": reasons_of(grid),
        "strip": day_strip(office, day, now, bidang=booking.bidang, besides=booking),
        "lengths": lengths_of(grid, at_least=count),
        "count": count,
        "entered": entered,
        "present": _present_hours(booking, grid),
        "error": None if field else error,
        "said": _sentence(error) if error and not field else None,
        "at": {field: words.sentence(error)} if field and error else {},
    }


def _sentence(error: RukoError) -> str:
    """The refusal as somebody reads it whose booking keeps its time."""
    message = _INSTEAD.get(type(error))
    return words.sentence(type(error)(message, **error.values) if message else error)
