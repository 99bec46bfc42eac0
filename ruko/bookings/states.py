"""How a booking moves from one state to the next, and gives back what it held."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update

from ruko.audit import SYSTEM, Actor, trail
from ruko.bookings.claims import Holder, Place, claim, in_line
from ruko.bookings.closures import vacate, vacate_from
from ruko.bookings.errors import SlotTaken
from ruko.bookings.models import (
    Booking,
    BookingState,
    Draft,
    is_absent,
    is_overdue,
    shown_state,
)
from ruko.bookings.timetable import slots_of
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
    **values: Any,
) -> None:
    """Move a booking on from one of the `allowed` states; raises `WrongState` if that is past."""
    present = shown_state(booking, now)
    if present not in allowed:
        raise WrongState(present)
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
    detail: dict[str, Any] | None = None,
    **values: Any,
) -> Sequence[Booking]:
    """Move the bookings that fit in one statement, write their trail, and return them.

    The trail says what each occupies after it, so that its life can be told from the trail alone.
    """
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
            **occupied(booking),
            **(detail or {}),
        )
    return moved


def occupied(booking: Booking) -> dict[str, Any]:
    """What a booking occupies, as its trail tells it."""
    return {
        "room": booking.room_id,
        "date": booking.date.isoformat(),
        "slots": [booking.first_slot, booking.last_slot],
        "freed_from": booking.freed_from,
    }


def release(bookings: Collection[Booking]) -> None:
    """Give back the slots, officers and quota seats of bookings that no longer count."""
    for booking in bookings:
        drop_proposal(booking)
        vacate(booking.office, Holder("booking", booking.id))


def has_proposal(booking: Booking) -> bool:
    """Whether the office keeps another time for it."""
    kept = select(Draft.id).where(Draft.for_booking_id == booking.id, Draft.held_until.is_not(None))
    return db.session.scalar(kept.limit(1)) is not None


def drop_proposal(booking: Booking) -> None:
    """The other time that the office kept for it becomes free."""
    dropped = db.session.scalars(
        update(Draft)
        .where(Draft.for_booking_id == booking.id, Draft.held_until.is_not(None))
        .values(held_until=None)
        .returning(Draft.id)
    ).all()
    vacate(booking.office, *(Holder("draft", draft_id) for draft_id in dropped))


def rest_from(booking: Booking, moment: datetime) -> int | None:
    """The first slot that it need not keep: it begins after `moment`; None when it keeps all."""
    office, day = booking.office, booking.date
    later = [
        slot.no
        for slot in slots_of(office, day)
        if booking.first_slot <= slot.no <= booking.last_slot
        and office.at(day, slot.starts) > moment
    ]
    return min(
        [*later[:1], *([] if booking.freed_from is None else [booking.freed_from])], default=None
    )


def give_back_rest(bookings: Collection[Booking]) -> None:
    """Give back the slots and officers from `freed_from` on; the quota seat stays."""
    for booking in bookings:
        if booking.freed_from is not None:
            vacate_from(booking.office, Holder("booking", booking.id), booking.freed_from)


def take_back_rest(booking: Booking, *, by: Actor, now: datetime) -> None:
    """It goes on after all: take the slots again that it gave back, until one that somebody has.

    The caller stands in line (`in_line`) since before it touched the booking.
    """
    if booking.freed_from is None:
        return
    freed: int | None = None
    for no in range(booking.freed_from, booking.last_slot + 1):
        place = Place(booking.room, booking.bidang, booking.date, (no,))
        try:
            with db.session.begin_nested():
                claim(Holder("booking", booking.id), place)
        except SlotTaken:
            freed = no  # somebody has it: it keeps the time until then
            break
    if freed == booking.freed_from:
        return
    move(
        Booking.id == booking.id,
        to=BookingState(booking.state),
        allowed={BookingState(booking.state)},
        action="take_back",
        by=by,
        now=now,
        freed_from=freed,
    )


# ── What time alone has changed ───────────────────────────────────────────────────────────────


def settle(office: Office, *, now: datetime) -> None:
    """Write down what time has changed: requests and holds run out, who did not come is a no-show.

    The first statement of every rule that claims: correctness never waits for a job.
    """
    in_line(office)
    _let_holds_go(office, now)
    _expire_overdue(office, now)
    _record_absences(office, now)


def _expire_overdue(office: Office, now: datetime) -> None:
    overdue = _locked(office, is_overdue(now))
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


def _record_absences(office: Office, now: datetime) -> None:
    grace = timedelta(minutes=office.no_show_minutes)
    for booking_id in _locked(office, is_absent(office, now)):
        booking = db.session.get_one(Booking, booking_id, populate_existing=True)
        drop_proposal(booking)
        give_back_rest(
            move(
                Booking.id == booking_id,
                to=BookingState.NO_SHOW,
                allowed={BookingState.CONFIRMED},
                action="no_show",
                by=SYSTEM,
                now=now,
                freed_from=rest_from(booking, booking.starts_at + grace),
            )
        )


def _let_holds_go(office: Office, now: datetime) -> None:
    ended = db.session.scalars(
        update(Draft)
        .where(Draft.office_id == office.id, Draft.held_until <= now)
        .values(held_until=None)
        .returning(Draft.id)
    ).all()
    vacate(office, *(Holder("draft", draft_id) for draft_id in ended))


def _locked(office: Office, which: ColumnElement[bool]) -> Sequence[int]:
    """Their ids; what another is changing right now is left to it."""
    return db.session.scalars(
        select(Booking.id)
        .where(Booking.office_id == office.id, which)
        .order_by(Booking.id)
        .with_for_update(skip_locked=True)
    ).all()
