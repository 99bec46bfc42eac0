"""Another time for a booking: moved by its village or the office, or proposed and answered."""

import secrets
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import select

from ruko.audit import Actor, AuditEvent, trail, trail_of
from ruko.bookings.claims import Holder, claim, period_of, take_seat
from ruko.bookings.closures import vacate, vacate_from
from ruko.bookings.decisions import UNDECIDED_OR_COMING, why_not_moved
from ruko.bookings.entered import attendance
from ruko.bookings.errors import Alternative, SlotTaken
from ruko.bookings.models import Booking, BookingState, Draft, Room, Slot, shown_state
from ruko.bookings.rules import borders, choose, place_of, where_of, with_alternatives
from ruko.bookings.slots import Wish, alternatives
from ruko.bookings.states import drop_proposal, settle
from ruko.bookings.states import move as change
from ruko.db import db
from ruko.errors import N_, RukoError, WrongState
from ruko.offices import change_board

_ABOUT_PROPOSALS = {"propose", "accept", "refuse", "withdraw", "move", "approve"}


def move(
    booking: Booking,
    *,
    room: Room | None,
    day: date,
    start: time,
    end: time,
    by: Actor,
    privileged: bool,
    now: datetime,
) -> None:
    """Give the booking another place and time; refused, it keeps its own.

    A village's move into a room with approval becomes pending; the office's keeps its state.
    Raises as `book` does; after `Invalid`, `WrongState` or `TooLate` as `cancel` does.
    """
    wish = _wish(booking, room, day, start, end)
    attendance(booking.attendees, room)
    borders(booking.office, wish)
    if refusal := why_not_moved(booking, privileged=privileged, now=now):
        raise refusal
    chosen = choose(booking.office, wish, now)
    settle(booking.office, now=now)
    to = BookingState(booking.state) if privileged else _decided_by_room(room)
    _put(booking, wish, chosen, to=to, action="move", by=by, now=now)


def approve_in(booking: Booking, room: Room, *, by: Actor, now: datetime) -> None:
    """Grant a request in another room at the time it asked for; raises as `move` does."""
    office = booking.office
    start, end = office.local(booking.starts_at), office.local(booking.ends_at)
    wish = _wish(booking, room, booking.date, start.time(), end.time())
    attendance(booking.attendees, room)
    if shown_state(booking, now) != BookingState.PENDING:
        raise WrongState(shown_state(booking, now))
    chosen = choose(office, wish, now, held=True)
    settle(office, now=now)
    _put(booking, wish, chosen, to=BookingState.CONFIRMED, action="approve", by=by, now=now)


def nearest_times(booking: Booking, now: datetime) -> list[Alternative]:
    """Up to three other times in a room for this booking, the nearest first."""
    office = booking.office
    start, end = office.local(booking.starts_at), office.local(booking.ends_at)
    wish = _wish(booking, booking.room, booking.date, start.time(), end.time())
    return alternatives(office, wish, now)


def _decided_by_room(room: Room | None) -> BookingState:
    needs = room is None or room.needs_approval
    return BookingState.PENDING if needs else BookingState.CONFIRMED


def _wish(booking: Booking, room: Room | None, day: date, start: time, end: time) -> Wish:
    village, bidang, count = booking.village, booking.bidang, booking.attendees
    return Wish(village, bidang, room, count, day, start, end, booking)


def _put(
    booking: Booking,
    wish: Wish,
    chosen: tuple[Slot, ...],
    *,
    to: BookingState,
    action: str,
    by: Actor,
    now: datetime,
) -> None:
    """Write the new place, and exchange what is occupied; all of it or nothing."""
    office, holder = booking.office, Holder("booking", booking.id)
    try:
        with db.session.begin_nested():
            before = period_of(booking.date)
            moved = change(
                Booking.id == booking.id,
                Booking.version == booking.version,
                to=to,
                allowed=UNDECIDED_OR_COMING,
                action=action,
                by=by,
                now=now,
                **where_of(office, wish, chosen),
            )
            if not moved:
                db.session.refresh(booking)
                raise WrongState(shown_state(booking, now))
            drop_proposal(booking)
            if period_of(wish.day) == before:
                vacate_from(office, holder, 0)
            else:
                vacate(office, holder)
                take_seat(holder, office, booking.village, wish.day)
            claim(holder, place_of(wish, chosen))
    except RukoError as refusal:
        db.session.refresh(booking)  # a page may show it beside the refusal: where it still is
        if isinstance(refusal, SlotTaken):
            raise with_alternatives(refusal, office, wish, now) from None
        raise
    db.session.refresh(booking)
    change_board(office.id)


# ── Another time, proposed by the office ──────────────────────────────────────────────────────


def propose(
    booking: Booking,
    *,
    room: Room | None,
    day: date,
    start: time,
    end: time,
    by: Actor,
    now: datetime,
) -> Draft:
    """Offer the village another time and keep it free for its answer; a later offer replaces it."""
    office, wish = booking.office, _wish(booking, room, day, start, end)
    attendance(booking.attendees, room)
    if refusal := why_not_moved(booking, privileged=True, now=now):
        raise refusal
    chosen = choose(office, wish, now)
    settle(office, now=now)
    db.session.refresh(booking)  # it may have been decided while this waited in line
    if refusal := why_not_moved(booking, privileged=True, now=now):
        raise refusal
    until = min(
        now + timedelta(hours=office.proposal_hours), office.at(day, start), _stands_until(booking)
    )
    try:
        with db.session.begin_nested():
            drop_proposal(booking)
            draft = Draft(
                token=secrets.token_urlsafe(16)[:24],
                village_id=booking.village_id,
                created_by=by.id,
                bidang_id=booking.bidang_id,
                category_id=booking.category_id,
                for_booking_id=booking.id,
                held_until=until,
                created_at=now,
                changed_at=now,
                office_id=office.id,
                **where_of(office, wish, chosen),
            )
            db.session.add(draft)
            db.session.flush()
            holder = Holder("draft", draft.id)
            if period_of(day) != period_of(booking.date):
                take_seat(holder, office, booking.village, day)
            claim(holder, place_of(wish, chosen))
    except SlotTaken as refusal:
        raise with_alternatives(refusal, office, wish, now) from None
    trail("booking", booking.id, "propose", office_id=office.id, by=by, now=now, draft=draft.id)
    return draft


def _stands_until(booking: Booking) -> datetime:
    """Until when it can be moved at all: a request until its start, a meeting until it is missed."""
    if booking.state == BookingState.PENDING:
        return booking.starts_at
    return booking.starts_at + timedelta(minutes=booking.office.no_show_minutes)


def proposal_for(booking: Booking, *, now: datetime) -> Draft | None:
    """The other time that the office keeps for this booking, while it waits for an answer."""
    return db.session.scalar(
        select(Draft)
        .filter_by(for_booking_id=booking.id)
        .where(Draft.held_until > now)
        .order_by(Draft.id.desc())
        .limit(1)
    )


def proposals_for(bookings: Collection[Booking], *, now: datetime) -> dict[int, Draft]:
    """The other times that wait for an answer, by the booking's id."""
    found = db.session.scalars(
        select(Draft)
        .where(Draft.for_booking_id.in_([b.id for b in bookings]), Draft.held_until > now)
        .order_by(Draft.id)
    )
    return {draft.for_booking_id: draft for draft in found if draft.for_booking_id}


def last_answers(
    bookings: Collection[Booking], *, now: datetime
) -> dict[int, Literal["refused", "unanswered"]]:
    """What came of the other time proposed last, while nothing else was decided since, by the booking's id."""
    rows = db.session.execute(
        select(AuditEvent.subject_id, AuditEvent.action)
        .where(
            AuditEvent.subject == "booking",
            AuditEvent.subject_id.in_([booking.id for booking in bookings]),
            AuditEvent.action.in_(_ABOUT_PROPOSALS),
        )
        .order_by(AuditEvent.id)
    )
    last = {row.subject_id: row.action for row in rows}
    waiting = proposals_for(bookings, now=now)
    answers: dict[int, Literal["refused", "unanswered"]] = {}
    for booking_id, action in last.items():
        if action == "refuse":
            answers[booking_id] = "refused"
        elif action == "propose" and booking_id not in waiting:
            answers[booking_id] = "unanswered"
    return answers


def lapsed_proposal(booking: Booking, *, now: datetime) -> Draft | None:
    """The other time that was proposed last, if it was kept in vain: nobody answered in time."""
    if shown_state(booking, now) not in UNDECIDED_OR_COMING or proposal_for(booking, now=now):
        return None
    told = [line for line in trail_of("booking", booking.id) if line.action in _ABOUT_PROPOSALS]
    if not told or told[-1].action != "propose":
        return None
    return db.session.get(Draft, told[-1].detail["draft"])


def accept_proposal(booking: Booking, *, by: Actor, now: datetime) -> None:
    """The village takes the proposed time; it is confirmed with that."""
    office = booking.office
    draft = _answerable(booking, now)
    start, end = draft.hours
    wish = _wish(booking, draft.room, start.date(), start.time(), end.time())
    chosen = choose(office, wish, now, held=True)
    _put(
        booking,
        wish,
        chosen,
        to=BookingState.CONFIRMED,
        action="accept",
        by=by,
        now=now,
    )


def refuse_proposal(booking: Booking, *, by: Actor, now: datetime) -> None:
    """The village keeps what it asked for; the proposed time becomes free."""
    _answerable(booking, now)
    drop_proposal(booking)
    trail("booking", booking.id, "refuse", office_id=booking.office_id, by=by, now=now)


def withdraw_proposal(booking: Booking, *, by: Actor, now: datetime) -> None:
    """The office takes its proposal back; the proposed time becomes free."""
    _answerable(booking, now)
    drop_proposal(booking)
    trail("booking", booking.id, "withdraw", office_id=booking.office_id, by=by, now=now)


def _answerable(booking: Booking, now: datetime) -> Draft:
    """The proposal, once nobody else can answer it or take it back any more."""
    settle(booking.office, now=now)
    db.session.refresh(booking)
    draft = proposal_for(booking, now=now)
    if draft is None or shown_state(booking, now) not in UNDECIDED_OR_COMING:
        raise WrongState(
            shown_state(booking, now),
            N_(
                "Nothing was changed: this proposal no longer stands."
                " Please look at the booking again, or choose a time yourself."
            ),
        )
    return draft
