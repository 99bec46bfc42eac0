"""Serving: start, hold, return, finish, mark absent, hand over to another bidang."""

from datetime import datetime

from ruko import bookings
from ruko.audit import Actor, trail
from ruko.db import db
from ruko.errors import N_, Invalid
from ruko.offices import Bidang, Office, change_board
from ruko.tickets.days import begin_day
from ruko.tickets.issuing import open_turn
from ruko.tickets.models import AT_COUNTER, OPEN, State, Turn
from ruko.tickets.moves import booking_of, given, move, note_move, require_state, short

LONGEST_OUTCOME = 40
LONGEST_NOTE = 1000
LONGEST_HELD_REASON = 200


def start(office: Office, turn: Turn, *, by: Actor, now: datetime) -> None:
    """The called visitor sits down; a booking is in session from here. Raises `WrongState`."""
    begin_day(office, now=now)
    require_state(turn, office, now, State.CALLED)
    booking = booking_of(turn)
    move(turn, State.CALLED, to=State.SERVING, now=now, booking=booking, started_at=now)
    if booking:
        bookings.begin_session(booking.id, by=by, now=now)
    note_move(office, turn, "start", State.SERVING, by=by, now=now)


def hold(office: Office, turn: Turn, *, reason: str = "", by: Actor, now: datetime) -> None:
    """Let the visitor wait aside, such as for a missing paper; the place is free meanwhile.

    Raises `WrongState` unless called or served, `Invalid` for a reason that is too long.
    """
    reason = short("reason", reason, LONGEST_HELD_REASON)
    begin_day(office, now=now)
    require_state(turn, office, now, *AT_COUNTER)
    served = turn.served_seconds
    if turn.started_at is not None:
        served += max(0, int((now - turn.started_at).total_seconds()))
    move(
        turn,
        *AT_COUNTER,
        to=State.HELD,
        now=now,
        started_at=None,
        served_seconds=served,
        held_reason=reason or None,
    )
    note_move(office, turn, "hold", State.HELD, by=by, now=now, **given(reason=reason))


def send_back(office: Office, turn: Turn, *, by: Actor, now: datetime) -> None:
    """Let the called visitor wait again where they stood; the call is over. Raises `WrongState`."""
    begin_day(office, now=now)
    require_state(turn, office, now, State.CALLED)
    move(
        turn,
        State.CALLED,
        to=State.WAITING,
        now=now,
        counter_id=None,
        called_at=None,
        called_by=None,
        announcements=0,
    )
    note_move(office, turn, "return", State.WAITING, by=by, now=now)


def finish(
    office: Office, turn: Turn, *, outcome: str = "", note: str = "", by: Actor, now: datetime
) -> None:
    """The visit at this bidang is over; its booking is completed with it.

    Raises `WrongState` unless called or served, `Invalid` for a text that is too long.
    """
    outcome, note = short("outcome", outcome, LONGEST_OUTCOME), short("note", note, LONGEST_NOTE)
    begin_day(office, now=now)
    require_state(turn, office, now, *AT_COUNTER)
    booking = booking_of(turn)
    move(
        turn,
        *AT_COUNTER,
        to=State.DONE,
        now=now,
        booking=booking,
        closed_at=now,
        outcome=outcome or None,
        result_note=note or None,
    )
    if booking:
        bookings.complete(booking.id, by=by, now=now)
    note_move(office, turn, "finish", State.DONE, by=by, now=now)


def mark_no_show(office: Office, turn: Turn, *, reason: str = "", by: Actor, now: datetime) -> None:
    """The called visitor did not come.

    Raises `WrongState` unless called, `Invalid` without a reason before the last announcement.
    """
    reason = short("reason", reason)
    begin_day(office, now=now)
    require_state(turn, office, now, State.CALLED)
    if turn.announcements < office.announcements_before_no_show and not reason:
        raise Invalid(
            "reason",
            N_(
                "Before announcement number %(count)d, please say why this visitor is marked absent."
            ),
            count=office.announcements_before_no_show,
        )
    move(turn, State.CALLED, to=State.NO_SHOW, now=now, counter_id=None, missed_at=now)
    note_move(office, turn, "no_show", State.NO_SHOW, by=by, now=now, **given(reason=reason))


def transfer(
    office: Office, turn: Turn, to: Bidang, *, note: str = "", by: Actor, now: datetime
) -> None:
    """Hand the visitor to another bidang: same number, original arrival; the note travels along.

    Raises `WrongState` when the visit is over, `Invalid` for the same bidang or a long note.
    """
    note = short("note", note)
    begin_day(office, now=now)
    require_state(turn, office, now, *OPEN)
    if turn.bidang_id == to.id:
        raise Invalid(
            "bidang", N_("The visitor is with this bidang already. Please choose another.")
        )
    move(turn, *OPEN, to=State.TRANSFERRED, now=now, closed_at=now)
    open_turn(
        turn.ticket_id,
        to,
        day=turn.day,
        rank_at=turn.rank_at,
        now=now,
        note=note or None,
        came_from=turn.id,
    )
    before = db.session.get_one(Bidang, turn.bidang_id)
    trail(
        "ticket",
        turn.ticket_id,
        "transfer",
        office_id=office.id,
        by=by,
        now=now,
        state=State.WAITING.value,
        bidang=to.code,
        previous=before.code,
    )
    change_board(office.id, before.code, to.code)
