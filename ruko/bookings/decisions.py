"""Deciding about a booking: approve, decline, cancel; what the office notes, what the village confirms."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import update

from ruko.audit import Actor, trail
from ruko.bookings.claims import in_line
from ruko.bookings.closures import closure_over, meets
from ruko.bookings.entered import LONGEST_NOTE, LONGEST_REASON, plain_text
from ruko.bookings.models import Booking, BookingState, CancelCode, shown_state
from ruko.bookings.queries import ON_THE_AGENDA
from ruko.bookings.states import change_state, drop_proposal, release
from ruko.db import db
from ruko.errors import N_, Closed, RukoError, TooLate, WrongState
from ruko.offices import Closure, change_board

UNDECIDED_OR_COMING = (BookingState.PENDING, BookingState.CONFIRMED)


def approve(booking: Booking, *, by: Actor, now: datetime) -> None:
    """Grant a request; raises `WrongState` once it is decided, withdrawn or expired, `Closed` in a closure."""
    in_line(booking.office)
    if shown_state(booking, now) == BookingState.PENDING and (met := closure_over(booking)):
        raise Closed(
            N_(
                "This request was not approved: its time falls into a closure (%(reason)s)."
                " Please propose another time."
            ),
            reason=met.reason.rstrip("."),
        )
    change_state(
        booking,
        BookingState.CONFIRMED,
        allowed={BookingState.PENDING},
        action="approve",
        by=by,
        now=now,
    )
    drop_proposal(booking)
    change_board(booking.office_id)


def decline(booking: Booking, reason: str, *, by: Actor, now: datetime) -> None:
    """Refuse a request with a reason for the village; its slots and its quota seat become free."""
    reason = plain_text("reason", reason, LONGEST_REASON)
    in_line(booking.office)
    change_state(
        booking,
        BookingState.DECLINED,
        allowed={BookingState.PENDING},
        action="decline",
        by=by,
        now=now,
        decided_reason=reason,
    )
    release([booking])


def cancel(
    booking: Booking,
    reason: str,
    *,
    code: CancelCode | None = None,
    by: Actor,
    privileged: bool,
    now: datetime,
) -> None:
    """Call a booking off; its slots and its quota seat become free.

    A village may until an hour or so before the start (then `TooLate`), the `privileged` always.
    """
    reason = plain_text("reason", reason, LONGEST_REASON)
    refusal = why_not_cancelled(booking, privileged=privileged, now=now)
    if refusal:
        raise refusal
    in_line(booking.office)
    before = shown_state(booking, now)
    change_state(
        booking,
        BookingState.CANCELLED,
        allowed=UNDECIDED_OR_COMING,
        action="cancel",
        by=by,
        now=now,
        decided_reason=reason,
        cancel_code=code,
    )
    release([booking])
    if before in ON_THE_AGENDA:
        change_board(booking.office_id)


def why_not_cancelled(booking: Booking, *, privileged: bool, now: datetime) -> RukoError | None:
    """Why the booking cannot be called off (any more), or None when it can."""
    return _why_not_changed(
        booking,
        N_(
            "Nothing was cancelled: a booking can be cancelled until %(minutes)d minutes before"
            " its start. Please call the sub-district office."
        ),
        privileged=privileged,
        now=now,
    )


def why_not_moved(booking: Booking, *, privileged: bool, now: datetime) -> RukoError | None:
    """Why the booking cannot be moved (any more), or None when it can."""
    return _why_not_changed(
        booking,
        N_(
            "Nothing was moved: a booking can be moved until %(minutes)d minutes before its start."
            " Please call the sub-district office."
        ),
        privileged=privileged,
        now=now,
    )


def _why_not_changed(
    booking: Booking, too_late: str, *, privileged: bool, now: datetime
) -> RukoError | None:
    state, margin = shown_state(booking, now), booking.office.change_until_minutes
    if state not in UNDECIDED_OR_COMING:
        return WrongState(state)
    if not privileged and now > booking.starts_at - timedelta(minutes=margin):
        return TooLate(too_late, minutes=margin)
    return None


# ── Beside the decision ───────────────────────────────────────────────────────────────────────


def ask_to_bring(booking: Booking, note: str, *, by: Actor, now: datetime) -> None:
    """What the officer asks the village to bring; an empty note takes the wish back."""
    text = plain_text("bring_along", note, LONGEST_NOTE) if note.strip() else None
    if shown_state(booking, now) not in UNDECIDED_OR_COMING:
        raise WrongState(shown_state(booking, now))
    booking.bring_along = text
    trail("booking", booking.id, "note", office_id=booking.office_id, by=by, now=now)


def confirm_by_village(booking: Booking, *, by: Actor, now: datetime) -> None:
    """The village says yes to what was booked on its behalf; again changes nothing."""
    if shown_state(booking, now) not in UNDECIDED_OR_COMING:
        raise WrongState(shown_state(booking, now))
    confirmed = db.session.scalar(
        update(Booking)
        .where(Booking.id == booking.id, Booking.on_behalf, Booking.village_confirmed_at.is_(None))
        .values(village_confirmed_at=now)
        .returning(Booking.id)
    )
    if confirmed:
        trail("booking", booking.id, "acknowledge", office_id=booking.office_id, by=by, now=now)


@dataclass(frozen=True, slots=True)
class Collision:
    """What a request meets: a closure, or more meetings of its bidang than it has officers."""

    closure: Closure | None
    officers: int | None
    meetings: int

    @property
    def short_of_officers(self) -> bool:
        return self.officers is not None and self.meetings > self.officers

    @property
    def is_one(self) -> bool:
        return self.closure is not None or self.short_of_officers


def collision_of(
    booking: Booking, closures: Iterable[Closure], officers: Mapping[tuple[int, date, int], int]
) -> Collision:
    """What of these stands against it; another booking never does, for a pending one occupies.

    `officers` says how many each bidang needs, by day and slot; see `officers_between`.
    """
    slots = range(booking.first_slot, booking.last_slot + 1)
    return Collision(
        next((closure for closure in closures if meets(closure, booking)), None),
        booking.bidang.officers,
        max(officers.get((booking.bidang_id, booking.date, no), 0) for no in slots),
    )
