"""Bookings: rooms and their slots, who holds them, and the way of a booking to its visit."""

from ruko.bookings.codes import normalise_code
from ruko.bookings.errors import Alternative, QuotaExceeded, SlotTaken
from ruko.bookings.ics import ics
from ruko.bookings.models import (
    Booking,
    BookingState,
    QuotaSeat,
    Room,
    Slot,
    SlotClaim,
    shown_state,
)
from ruko.bookings.queries import (
    AgendaEntry,
    agenda,
    all_rooms,
    bookings_of,
    find_booking,
    get_booking,
    get_room,
    pending_bookings,
)
from ruko.bookings.rules import approve, book, cancel, decline, why_not_cancelled
from ruko.bookings.slots import (
    DayGrid,
    Quota,
    SlotView,
    day_grid,
    free_counts,
    period_of,
    quota_of,
)
from ruko.bookings.visits import (
    arrivals_open,
    arrive,
    begin_session,
    close_past,
    complete,
    step_back,
)

__all__ = [
    "AgendaEntry",
    "Alternative",
    "Booking",
    "BookingState",
    "DayGrid",
    "Quota",
    "QuotaExceeded",
    "QuotaSeat",
    "Room",
    "Slot",
    "SlotClaim",
    "SlotTaken",
    "SlotView",
    "agenda",
    "all_rooms",
    "approve",
    "arrivals_open",
    "arrive",
    "begin_session",
    "book",
    "bookings_of",
    "cancel",
    "close_past",
    "complete",
    "day_grid",
    "decline",
    "find_booking",
    "free_counts",
    "get_booking",
    "get_room",
    "ics",
    "normalise_code",
    "pending_bookings",
    "period_of",
    "quota_of",
    "shown_state",
    "step_back",
    "why_not_cancelled",
]
