"""The day of the booking: it arrives, and then follows its ticket.

These are steps of a ticket's rule, which changes the board last; so none of them does.
"""

from datetime import datetime, timedelta

from ruko.audit import SYSTEM, Actor
from ruko.bookings.models import Booking, BookingState, shown_state
from ruko.bookings.states import change_state, move
from ruko.errors import N_, Closed, TooLate, TooSoon, WrongState
from ruko.offices import Office, opening, spans_on

MAY_ARRIVE = (BookingState.CONFIRMED, BookingState.NO_SHOW)
HAS_ARRIVED = (BookingState.CHECKED_IN, BookingState.IN_SESSION)

_WHY_NOT = {
    "pending": N_(
        "You are not checked in: this booking has not been approved yet. Please ask at a counter."
    ),
    "declined": N_(
        "You are not checked in: this booking was declined. Please take a number, or book another time."
    ),
    "cancelled": N_(
        "You are not checked in: this booking was cancelled. Please take a number, or book another time."
    ),
    "expired": N_(
        "You are not checked in: this booking expired before it was approved."
        " Please take a number, or book another time."
    ),
    "completed": N_(
        "You are not checked in: this booking is already completed."
        " Please take a number if there is something else."
    ),
}


def arrive(booking: Booking, *, by: Actor, now: datetime) -> None:
    """Check a booking in on its own day, until it ends; repeating it changes nothing.

    Raises `WrongState`, `TooSoon`, `TooLate` or `Closed`, in that order. A no-show is reversed.
    """
    present = shown_state(booking, now)
    if present not in MAY_ARRIVE + HAS_ARRIVED:
        raise WrongState(present, _WHY_NOT.get(present))
    _require_time(booking, now)
    _require_service(booking.office, now)
    if present in HAS_ARRIVED:
        return
    try:
        change_state(
            booking,
            BookingState.CHECKED_IN,
            allowed=MAY_ARRIVE,
            action="check_in",
            by=by,
            now=now,
        )
    except WrongState as refusal:
        if refusal.state not in HAS_ARRIVED:  # else the other scan was faster: the same visit
            raise WrongState(refusal.state, _WHY_NOT.get(refusal.state)) from None


def _require_time(booking: Booking, now: datetime) -> None:
    office = booking.office
    if office.day(now) < booking.date:
        spans, _ = spans_on(office, booking.date)
        first = spans[0].opens if spans else booking.starts_at
        raise TooSoon(
            N_(
                "You are not checked in: it is too early. This booking can be checked in from %(start)s."
            ),
            start=office.local(first - timedelta(minutes=office.check_in_early_minutes)),
        )
    if now >= booking.ends_at:
        raise TooLate(
            N_(
                "You are not checked in: this booking ended at %(end)s."
                " Please take a number, or book another time."
            ),
            end=office.local(booking.ends_at),
        )


def _require_service(office: Office, now: datetime) -> None:
    if not arrivals_open(office, now):
        raise opening(office, now).reason or Closed()


def arrivals_open(office: Office, now: datetime) -> bool:
    """Whether bookings may be checked in: in service hours, or a little before they begin."""
    hours = opening(office, now)
    early = timedelta(minutes=office.check_in_early_minutes)
    soon = hours.opens_at is not None and now >= hours.opens_at - early
    return hours.state == "open" or soon


def begin_session(booking_id: int, *, by: Actor, now: datetime) -> None:
    """Its ticket is being served; does nothing when the booking is not checked in."""
    move(
        Booking.id == booking_id,
        to=BookingState.IN_SESSION,
        allowed=(BookingState.CHECKED_IN,),
        action="begin",
        by=by,
        now=now,
    )


def complete(booking_id: int, *, by: Actor, now: datetime) -> None:
    """Its ticket is done; does nothing when the booking is not under way."""
    move(
        Booking.id == booking_id,
        to=BookingState.COMPLETED,
        allowed=HAS_ARRIVED,
        action="complete",
        by=by,
        now=now,
    )


def step_back(booking_id: int, to: BookingState, *, by: Actor, now: datetime) -> None:
    """Its ticket's last step was undone: the booking is again as it was before that step."""
    move(
        Booking.id == booking_id,
        to=to,
        allowed={*HAS_ARRIVED, BookingState.COMPLETED} - {to},
        action="undo",
        by=by,
        now=now,
    )


def close_past(office: Office, *, now: datetime) -> None:
    """Complete the visits of past days that nobody finished."""
    move(
        Booking.office_id == office.id,
        Booking.date < office.day(now),
        to=BookingState.COMPLETED,
        allowed=HAS_ARRIVED,
        action="complete",
        by=SYSTEM,
        now=now,
    )
