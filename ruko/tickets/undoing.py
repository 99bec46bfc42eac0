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
from ruko.tickets.counters import CounterBusy, end_break, keep_breaks_away
from ruko.tickets.days import begin_day
from ruko.tickets.models import AT_COUNTER, Call, CounterBreak, State, Turn
from ruko.tickets.moves import booking_of, given, moved_meanwhile, put_back, state_on


def undo(office: Office, turn: Turn, *, by: Actor, now: datetime) -> None:
    """Take the ticket's last step back: the turn stands as before it, and its call is withdrawn.

    A transfer is undone by taking the new waiting turn away; the trail keeps both.
    Raises `TooLate` after the office's time for it, `WrongState` when there is nothing to undo,
    `CounterBusy` when the place has the next visitor already.
    """
    begin_day(office, now=now)
    shown = state_on(turn, office, now)
    if turn.before is None or turn.stepped_at is None or turn.day != office.day(now):
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
    followed = (source.before or {}).get("booking")
    counter = _put_back(source)
    if followed and (booking := booking_of(source)):
        bookings.step_back(booking.id, BookingState(followed), by=by, now=now)
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
        **given(place=counter.name if counter else None),
    )
    if counter:
        end_break(office, counter, by=by, now=now)
    change_board(office.id, *codes.values())


def stepped_turn(turn: Turn) -> Turn:
    """The turn whose step would be undone: after a transfer the one that was handed over."""
    came_from = (turn.before or {}).get("came_from")
    return db.session.get_one(Turn, came_from) if came_from else turn


def _put_back(turn: Turn) -> Counter | None:
    """The turn as it was; returns its place when it is at one again."""
    before = turn.before or {}
    at_counter = before.get("state") in AT_COUNTER
    counter = db.session.get_one(Counter, before["counter_id"]) if at_counter else None
    if counter:
        keep_breaks_away(counter)
    try:
        put_back(turn, before)
    except IntegrityError as error:
        if counter is None:
            raise
        raise CounterBusy(counter) from error
    return counter


def _take_away(turn: Turn) -> None:
    """Remove a turn that nobody has touched since its transfer opened it."""
    gone = db.session.execute(
        delete(Turn)
        .where(Turn.id == turn.id, Turn.state == State.WAITING, Turn.version == turn.version)
        .returning(Turn.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if gone is None:
        raise moved_meanwhile(turn)
    db.session.expunge(turn)


def _withdraw_call(turn: Turn, *, now: datetime) -> None:
    """Take the call back when that was the step (nothing else leaves a visitor called).

    A break that the call ended goes on.
    """
    if turn.state == State.CALLED:
        db.session.execute(
            update(CounterBreak)
            .where(
                CounterBreak.counter_id == turn.counter_id,
                CounterBreak.ended_at == turn.stepped_at,
            )
            .values(ended_at=None)
        )
        db.session.execute(
            update(Call)
            .where(Call.turn_id == turn.id, Call.called_at == turn.stepped_at)
            .values(withdrawn_at=now)
        )
