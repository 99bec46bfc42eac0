"""Undo: for a short time the last step with a ticket is taken back, by a further event on record."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from ruko import bookings
from ruko.audit import Actor, trail
from ruko.bookings import BookingState
from ruko.db import db
from ruko.errors import N_, TooLate, WrongState
from ruko.offices import Bidang, Counter, Office, change_board
from ruko.tickets.counters import CounterBusy
from ruko.tickets.days import begin_day
from ruko.tickets.models import AT_COUNTER, Call, State, Turn
from ruko.tickets.moves import booking_of, given, put_back, state_on

FOLLOWED = {State.CALLED: BookingState.CHECKED_IN, State.SERVING: BookingState.IN_SESSION}
"""A booking's state while its ticket is in that one."""


def undo(office: Office, turn: Turn, *, by: Actor, now: datetime) -> None:
    """Take the ticket's last step back: the turn stands as before it, and its call is withdrawn.

    A transfer is undone by taking the new waiting turn away; the trail keeps both.
    Raises `TooLate` after the office's time for it, `WrongState` when there is nothing to undo,
    `CounterBusy` when the place has the next visitor already.
    """
    begin_day(office, now=now)
    shown = state_on(turn, office, now)
    if turn.before is None or turn.stepped_at is None or shown == State.EXPIRED:
        raise WrongState(shown, N_("Nothing was undone: there is no step to take back."))
    if now > turn.stepped_at + timedelta(seconds=office.undo_seconds):
        raise TooLate(
            N_("Nothing was undone: a step can be taken back for %(seconds)d seconds."),
            seconds=office.undo_seconds,
        )
    touched = {turn.bidang_id}
    if (source := stepped_turn(turn)) is not turn:
        _take_away(turn)
        touched.add(source.bidang_id)
    else:
        _withdraw_call(turn, now=now)
    place = _put_back(source)
    _step_back_booking(source, by=by, now=now)
    codes = {b: db.session.get_one(Bidang, b).code for b in touched}
    trail(
        "ticket",
        source.ticket_id,
        "undo",
        office_id=office.id,
        by=by,
        now=now,
        state=State(source.state).value,
        bidang=codes[source.bidang_id],
        **given(place=place),
    )
    change_board(office.id, *codes.values())


def stepped_turn(turn: Turn) -> Turn:
    """The turn whose step would be undone: after a transfer the one that was handed over."""
    came_from = (turn.before or {}).get("came_from")
    return db.session.get_one(Turn, came_from) if came_from else turn


def _put_back(turn: Turn) -> str | None:
    """The turn as it was; returns the name of its place when it is at one again."""
    before = turn.before or {}
    at_counter = before.get("state") in AT_COUNTER
    counter = db.session.get_one(Counter, before["counter_id"]) if at_counter else None
    try:
        put_back(turn, before)
    except IntegrityError as error:
        if counter is None:
            raise
        raise CounterBusy(counter) from error
    return counter.name if counter else None


def _take_away(turn: Turn) -> None:
    """Remove a turn that nobody has touched since its transfer opened it."""
    gone = db.session.execute(
        delete(Turn)
        .where(Turn.id == turn.id, Turn.state == State.WAITING, Turn.version == turn.version)
        .returning(Turn.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if gone is None:
        db.session.refresh(turn)
        raise WrongState(turn.state)
    db.session.expunge(turn)


def _withdraw_call(turn: Turn, *, now: datetime) -> None:
    db.session.execute(
        update(Call)
        .where(Call.turn_id == turn.id, Call.called_at == turn.stepped_at)
        .values(withdrawn_at=now)
    )


def _step_back_booking(turn: Turn, *, by: Actor, now: datetime) -> None:
    booking_id = booking_of(turn)
    state = FOLLOWED.get(State(turn.state))
    if booking_id and state:
        bookings.step_back(booking_id, state, by=by, now=now)
