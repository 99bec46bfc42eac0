"""The day of the booking: it arrives, and then follows its ticket.

These are steps of a ticket's rule, which changes the board last; so none of them does.
"""

from datetime import datetime, timedelta

from ruko.audit import SYSTEM, Actor
from ruko.bookings.claims import in_line
from ruko.bookings.models import Booking, BookingState, shown_state
from ruko.bookings.states import (
    change_state,
    drop_proposal,
    give_back_rest,
    has_proposal,
    move,
    rest_from,
    take_back_rest,
)
from ruko.bookings.timetable import slots_of
from ruko.db import db
from ruko.errors import N_, Closed, RukoError, TooLate, TooSoon, WrongState
from ruko.offices import Office, change_board, opening, spans_on

MAY_ARRIVE = (BookingState.CONFIRMED, BookingState.NO_SHOW)
HAS_ARRIVED = (BookingState.CHECKED_IN, BookingState.IN_SESSION)
MAY_CONCLUDE = (*MAY_ARRIVE, *HAS_ARRIVED)

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
    if present == BookingState.NO_SHOW or has_proposal(booking):
        in_line(booking.office)  # it may take back what it gave, and leaves what was proposed
    try:
        _check_in(booking, by, now)
    except WrongState as refusal:
        if refusal.state in HAS_ARRIVED:  # the other scan was faster: the same visit
            return
        if refusal.state not in MAY_ARRIVE:
            raise WrongState(refusal.state, _WHY_NOT.get(refusal.state)) from None
        in_line(booking.office)
        _check_in(booking, by, now)  # its absence was written down at this moment
    drop_proposal(booking)
    take_back_rest(booking, by=by, now=now)


def _check_in(booking: Booking, by: Actor, now: datetime) -> None:
    change_state(
        booking,
        BookingState.CHECKED_IN,
        allowed=MAY_ARRIVE,
        action="check_in",
        by=by,
        now=now,
    )


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
    ends_at = kept_until(booking, now)
    if now >= ends_at:
        raise TooLate(
            N_(
                "You are not checked in: this booking ended at %(end)s."
                " Please take a number, or book another time."
            ),
            end=office.local(ends_at),
        )


def kept_until(booking: Booking, now: datetime) -> datetime:
    """When its time ends: after a no-show only the slot that ran then is kept."""
    office, freed_from = booking.office, booking.freed_from
    if booking.state == BookingState.CONFIRMED and shown_state(booking, now) != booking.state:
        freed_from = rest_from(
            booking, booking.starts_at + timedelta(minutes=office.no_show_minutes)
        )
    if freed_from is None:
        return booking.ends_at
    kept = [s.ends for s in slots_of(office, booking.date) if s.no < freed_from]
    return max([booking.starts_at, *(office.at(booking.date, end) for end in kept)])


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
    """Its ticket is done; does nothing when the booking is not under way. Ended early, it frees the rest."""
    booking = db.session.get_one(Booking, booking_id)
    rest = rest_from(booking, now)
    if rest is not None:
        in_line(booking.office)
    give_back_rest(
        move(
            Booking.id == booking_id,
            to=BookingState.COMPLETED,
            allowed=HAS_ARRIVED,
            action="complete",
            by=by,
            now=now,
            freed_from=rest,
        )
    )


def step_back(booking_id: int, to: BookingState, *, by: Actor, now: datetime) -> None:
    """Its ticket's last step was undone: the booking is again as it was before that step."""
    before = db.session.get_one(Booking, booking_id)
    if before.freed_from is not None:
        in_line(before.office)
    for booking in move(
        Booking.id == booking_id,
        to=to,
        allowed={*HAS_ARRIVED, BookingState.COMPLETED} - {to},
        action="undo",
        by=by,
        now=now,
    ):
        take_back_rest(booking, by=by, now=now)


def conclude(booking: Booking, *, by: Actor, now: datetime) -> None:
    """It took place, says the office: without a ticket, as on a visit, or though marked as a no-show.

    Raises `TooSoon` before its start, `WrongState` when it cannot have taken place (any more).
    """
    office = booking.office
    in_line(office)
    db.session.refresh(booking)  # its absence may have been written down meanwhile
    if refusal := why_not_concluded(booking, now=now):
        raise refusal
    done = move(
        Booking.id == booking.id,
        Booking.version == booking.version,
        to=BookingState.COMPLETED,
        allowed=MAY_CONCLUDE,
        action="conclude",
        by=by,
        now=now,
        freed_from=rest_from(booking, now),
    )
    if not done:
        db.session.refresh(booking)
        raise WrongState(shown_state(booking, now))
    drop_proposal(booking)
    give_back_rest(done)
    change_board(office.id)


def why_not_concluded(booking: Booking, *, now: datetime) -> RukoError | None:
    """Why the office cannot say (yet, or any more) that it took place, or None when it can."""
    present = shown_state(booking, now)
    if present == BookingState.CONFIRMED and now < booking.starts_at:
        return TooSoon(N_("Nothing was changed: this meeting has not begun yet."))
    past = booking.office.day(now) != booking.date
    if present not in MAY_CONCLUDE or (present == BookingState.NO_SHOW and past):
        return WrongState(present)
    return None


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
