"""How a booking moves from one state to the next, and gives back what it held."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from ruko.audit import SYSTEM, Actor, trail
from ruko.bookings.models import (
    Booking,
    BookingState,
    QuotaSeat,
    SlotClaim,
    is_overdue,
    shown_state,
)
from ruko.db import db
from ruko.errors import WrongState
from ruko.offices import Office


def change_state(
    booking: Booking,
    to: BookingState,
    *,
    allowed: Collection[BookingState],
    action: str,
    by: Actor,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Move a booking on from one of the `allowed` states; raises `WrongState` if that is past."""
    present = shown_state(booking, now)
    if present not in allowed:
        raise WrongState(present)
    values: dict[str, Any] = {} if reason is None else {"decided_reason": reason}
    moved = move(
        Booking.id == booking.id,
        Booking.version == booking.version,
        to=to,
        allowed=allowed,
        action=action,
        by=by,
        now=now,
        **values,
    )
    if not moved:
        db.session.refresh(booking)
        raise WrongState(shown_state(booking, now))


def move(
    *where: Any,
    to: BookingState,
    allowed: Collection[BookingState],
    action: str,
    by: Actor,
    now: datetime,
    **values: Any,
) -> Sequence[Booking]:
    """Move the bookings that fit in one statement, write their trail, and return them."""
    moved = db.session.scalars(
        update(Booking)
        .where(*where, Booking.state.in_(allowed))
        .values(state=to, version=Booking.version + 1, changed_at=now, **values)
        .returning(Booking)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    for booking in moved:
        trail(
            "booking",
            booking.id,
            action,
            office_id=booking.office_id,
            by=by,
            now=now,
            state=booking.state,
        )
    return moved


def release(bookings: Collection[Booking]) -> None:
    """Give back the slots and the quota seats of bookings that no longer count."""
    ids = [booking.id for booking in bookings]
    db.session.execute(delete(SlotClaim).where(SlotClaim.booking_id.in_(ids)))
    db.session.execute(delete(QuotaSeat).where(QuotaSeat.booking_id.in_(ids)))


def expire_overdue(office: Office, *, now: datetime) -> None:
    """Close the requests whose start passed undecided; they give back what they held."""
    overdue = db.session.scalars(
        select(Booking.id)
        .where(Booking.office_id == office.id, is_overdue(now))
        .order_by(Booking.id)
        .with_for_update(skip_locked=True)  # another booker's work; its seats are waited for
    ).all()
    if overdue:
        release(
            move(
                Booking.id.in_(overdue),
                to=BookingState.EXPIRED,
                allowed={BookingState.PENDING},
                action="expire",
                by=SYSTEM,
                now=now,
            )
        )
